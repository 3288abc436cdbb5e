//! The phrases of attacks.
//!
//! Every rule starts with one of its triggers, which one Aho-Corasick automaton
//! finds; the expression then has to match from there. Texts are folded to
//! lower case with single spaces before.

/// What kind of attack a phrase belongs to. Scores add up across groups, and
/// within a group the highest counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Group {
    Override,
    Exfiltration,
    Boundary,
    RolePlay,
    Payload,
    Covert,
    Coercion,
}

impl Group {
    /// Name in findings.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Override => "override",
            Self::Exfiltration => "exfiltration",
            Self::Boundary => "boundary",
            Self::RolePlay => "role-play",
            Self::Payload => "payload",
            Self::Covert => "covert",
            Self::Coercion => "coercion",
        }
    }
}

/// A phrase: group, score in hundredths, triggers with `;` between, expression. In expressions
/// `TRIG` stands for any of the triggers, `QUAL` and `RULES` stand for the word lists below.
pub(super) struct Rule(
    pub(super) Group,
    pub(super) u32,
    pub(super) &'static str,
    pub(super) &'static str,
);

/// Words that say whose rules are meant.
pub(super) const QUAL: &str = "(?:previous|prior|preceding|above|earlier|foregoing|existing|initial|original|current|past|former|system|developer|safety|security|ethical|content|moderation|your|yours|built-in|hardcoded|given|last|standing|hidden|internal|default|these|those|other|already|governing|operating|usage)";
/// Words for what binds a model.
pub(super) const RULES: &str = "(?:instructions?|instruct\\w*|rules?|prompts?|guidelines?|guidance|directives?|directions|constraints?|restrictions?|limitations?|polic(?:y|ies)|programming|training|commands?|context|orders?|messages?|guardrails?|filters?|safeguards?|protocols?|conditioning|briefing|settings|configuration|boundaries|protections?|conversation|system prompt|text|requirements?|principles?|prohibitions?)";

use Group::{Boundary, Coercion, Covert, Exfiltration, Override, Payload, RolePlay};

impl Rule {
    /// The words the expression can start at.
    pub(super) fn triggers(&self) -> impl Iterator<Item = &'static str> {
        self.2.split(';')
    }
}

/// All rules.
pub(super) const ALL: &[Rule] = &[
    Rule(
        Override,
        100,
        "ignore;disregard;forget;override;overrule;bypass;neglect;discard;\
         drop;overlook;cancel;erase;abandon;set aside;put aside;throw out;\
         throw away;do not follow;don't follow;do not obey;don't obey;stop following;stop obeying;pay no attention to;\
         disobey;violate;circumvent;nullify;dismiss;suspend;unlearn;scrap;\
         purge;revoke;supersede",
        r"^TRIG(?:ing|d|s)?(?:,? (?:and \w+ )?(?:all|any|every|each|everything|absolutely|of|the|in|to|from|about|completely|entirely|totally|whatever|our|'s|other|set of|and|or|both))*(?: QUAL)+(?:,? (?:and|or|of|the|set|all|any|QUAL|user|ai|model|assistant|chat|openai|anthropic|company|\w+'s))* RULES\b",
    ),
    Rule(
        Override,
        100,
        "ignore;disregard;forget;discard;erase",
        r"^\w+ (?:absolutely |all |about )*(?:everything|anything|all|whatever)(?: of)?(?: that)?(?: (?:you were|you have been|you've been|you are|has been|was|i|they|the developers?|came|written|that was|stated|said|above|before|prior|previously|it says|we|you know about your|your))+",
    ),
    Rule(
        Override,
        100,
        "ignore;disregard;discard",
        r"^\w+ (?:all |everything |the |what(?:ever)? (?:is |was |came )?)*(?:written |said |stated |text )?(?:above|before this|prior to this)(?: and|,|\.|;|:|!|$)",
    ),
    Rule(
        Override,
        100,
        "ignore;disregard;forget;override",
        r"^\w+ (?:all|any) (?:the )?(?:instructions|rules|guidelines|restrictions|directives)\b",
    ),
    Rule(
        Override,
        60,
        "new instructions;updated instructions;revised instructions;real instructions;\
         actual instructions;new task;new directive;new orders;new objective",
        r"^[a-z ]+?(?::| are| is|-| follow| from)",
    ),
    Rule(
        Override,
        100,
        "your new;your only;your real;your true;your actual;your updated",
        r"^your (?:new|only|real|true|actual|updated) (?:primary |sole |only )?(?:instructions?|task|role|goal|objective|directive|purpose|rules?|orders?|job|mission|system prompt|persona|identity)(?: from now on| now)? (?:is|are|:|will be)",
    ),
    Rule(
        Override,
        60,
        "from now on;from this point;from here on;henceforth;starting now;\
         effective immediately;as of now",
        r"^[a-z ]+?,? (?:you|your|all your|only|answer|respond|reply|obey|do)\b",
    ),
    Rule(
        Override,
        50,
        "instead",
        r"^instead,? (?:of that )?(?:you|do|say|print|output|respond|write|reveal|reply|answer|tell|just|follow|obey|send|execute|run|only|repeat|give)\b",
    ),
    Rule(
        Override,
        100,
        "no longer;not bound;not required to;free from;free of;freed from;released from;\
         exempt from;do not have to;don't have to;do not need to;don't need to;don't apply;\
         do not apply;no longer apply",
        r"^[a-z' ]*?(?:bound by|subject to|constrained by|restricted by|limited by|required to follow|follow|obey|adhere to|comply with|from|of|abide by)(?: (?:the|any|all|by|your|of|openai's?|anthropic's?|usual|normal|typical|previous|prior|earlier|those|these|such))+ (?:\w+ )?(?:RULES|ethics|censorship|confines)",
    ),
    Rule(
        Override,
        100,
        "the above;the previous;previous instructions;prior instructions;\
         earlier instructions;all previous;the prior;the earlier;your previous;\
         your instructions;your guidelines;the system prompt;your rules;the rules above",
        r"^[a-z ]*?(?:instructions?|rules?|prompt|guidelines?|messages?|directives?|context|restrictions?)(?: \w+)? (?:were|was|are|is|have been|has been)(?: all| now| just| only| hereby| officially)? (?:a test|fake|void|cancel\w*|obsolete|outdated|overridden|superseded|revoked|suspended|lifted|null|no longer|wrong|replaced|expired|deprecated|a mistake|a joke|not real|irrelevant|disabled|removed)",
    ),
    Rule(
        Override,
        100,
        "ignora;ignore;ignorez;oublie;olvida;ignoriere;vergiss;negeer;ignorera;zignoruj;\
         missachte;desconsidere;dimentica;esqueca;abaikan;oubliez;omite;vergeet",
        r"^\w+ (?:(?:todas?|todo|todos|las|los|tus|les|toutes|tous|tes|vos|alle|allen|deine|die|le|tutte|as|suas|je|de|wszystkie|alla|tout|ce|qui|lo|tutto|bisherigen|vorherigen|vorigen|vorige|eerdere|tidigare|poprzednie|anteriores|precedenti|precedentes|semua|du|ihre|minhas|i|gli|que|previas|obigen|bovenstaande|fruheren)\s)+(?:instruc\w+|instruk\w+|anweisungen|istruzioni|reglas|regles|regeln|regels|consignes|ordenes|vorgaben|regole|regras|zasady|polecenia|instrucoes|instructies|arahan|precede|indicaciones|indicacoes|directives|richtlijnen|befehle)",
    ),
    Rule(
        Exfiltration,
        100,
        "reveal;show;print;display;output;repeat;tell me;give me;leak;expose;dump;recite;\
         disclose;share;write out;write down;list;return;provide;copy;paste;summarize;\
         summarise;translate;encode;spell out;send;quote;divulge;reproduce;regurgitate;\
         type out;state;describe;export;echo;read out;read back;let me see;i want to see;\
         i need to see;can i see;include;render;report;rephrase;paraphrase;convert;extract;\
         transcribe;post;put;hand over;cat;fetch",
        r"^[a-z']+(?: [a-z']+)??(?: (?:me|us|out|back|down|verbatim|the (?:full |exact |whole |entire |complete )?(?:text|contents?|wording)(?: of)?|exactly|word for word|in full|here|now|all|of|just|again|the contents? of|the text of|the beginning of|a copy of|every line of|the first \w+ (?:words|lines|sentences|characters) of|what|to|each|literally|full|everything in|into \w+|is|says?|in|and))*(?: (?:your|the|this|its|thy|all))(?: (?:full|entire|complete|exact|original|initial|hidden|secret|system|internal|confidential|underlying|starting|developer|first|whole|real|actual|own|raw|unedited|current|pre-?loaded|private|verbatim|very|base|core|top-level|setup|configured|backend|unmodified|chat|ai|assistant|model|bot))* (?:system prompts?|hidden prompt|initial prompt|developer (?:message|prompt|instructions?)|system (?:message|instructions?|directives?)|initial (?:instructions?|message|prompt)|hidden (?:instructions?|rules|message|context)|original (?:instructions|prompt)|secret (?:instructions|prompt|rules)|internal (?:instructions|prompt|rules|guidelines|configuration|policies)|pre-?prompt|meta-?prompt|instructions (?:above|you were given|you received|given to you|you got|before this|verbatim)|prompt (?:above|you were given|verbatim|text)|confidential (?:instructions|prompt|guidelines)|private instructions|base prompt|core (?:instructions|prompt|directives)|prompt template|starting prompt|setup prompt|raw prompt|configured instructions)\b",
    ),
    Rule(
        Exfiltration,
        100,
        "reveal;print;output;leak;dump;recite;disclose;repeat;display;divulge;expose;paste;\
         show me;copy;echo;reproduce;tell me;spell out;type out;quote",
        r"^[a-z]+(?: me| us| out| back| all| of| just| verbatim| exactly| to me| what)* your(?: (?:full|entire|exact|complete|own|secret|hidden|first|very|whole|confidential))* (?:prompt|instructions|guidelines|directives|programming|initial message|first message|context window|configuration|rules verbatim|preamble)\b",
    ),
    Rule(
        Exfiltration,
        100,
        "repeat;print;output;copy;echo;recite;write;return;reproduce;display;dump;show;paste;\
         summarize;translate;send",
        r"^[a-z]+(?: me| out| back| down| us| verbatim| exactly| word for word| in a code block)*(?: (?:everything|all|the words|the text|all text|every word|all the text|the sentences?|the paragraphs?|all words|the content|anything|the lines?|the message|whatever|what))(?: of| that| the| (?:is|was|comes|came|appears|appeared|stands|were|are)| written| content| text| in this conversation| (?:you were|you have been) (?:told|given)| you can see)* (?:above|before (?:this|my|the|that|me)|prior to|preceding|up to this|so far above|at the (?:start|beginning|top) of (?:this|the|our|your))",
    ),
    Rule(
        Exfiltration,
        100,
        "what were you;what have you been;how were you;which instructions;what instructions;\
         what rules;what did the developer;what did your",
        r"^[a-z ]+?(?:told|instructed|prompted|given|tell you|say|program you)(?: \w+){0,4} (?:before|prior to|at the start|at the beginning|in your system|by the developers?|by your (?:creator|developer|operator)s?|by the system|in the system|ahead of)",
    ),
    Rule(
        Exfiltration,
        100,
        "begin your;start your;begin with;start with;respond with;answer with;\
         sentence that starts with;continue from",
        r#"^[a-z ]+?(?: with|:)?(?: (?:the|words?|phrase|text|your|reply|answer|response|by|saying|with))*[ :]*["']?you are (?:a|an|the|chatgpt|claude|gpt)"#,
    ),
    Rule(
        Exfiltration,
        100,
        "api key;api keys;credentials;environment variables;secret key;access token",
        r"^[a-z ]+?(?: (?:that )?(?:you|your) (?:were|was|have|know|can|hold|use|store|received)|.{0,30} from your (?:context|memory|system|configuration|instructions|environment)| in your (?:context|memory|system|configuration|instructions|prompt|environment))",
    ),
    Rule(
        Boundary,
        100,
        "<|im_start|>;<|im_end|>;<|system|>;<|endoftext|>;<|start_header_id|>;<|eot_id|>;\
         <|begin_of_text|>;<<sys>>;<</sys>>;[inst];[/inst];<start_of_turn>;<end_of_turn>;\
         <|endofprompt|>;<|assistant|>;<|channel|>;<|user|>;<|developer|>",
        r"^.{0,40}?(?:system|you|ignore|now|must|<|\[|\n|:|are|is|$|assistant|user|the)",
    ),
    Rule(
        Boundary,
        100,
        "</system>;<system>;[system];[/system];<system_prompt>;</system_prompt>;</user>;\
         </instructions>;<admin>;[admin];[system message];[system override];<sys>;\
         [developer];<developer>;</user_input>;</document>;<system-reminder>;{{system}};\
         <instructions>;</context>;[[system]];</data>;</query>;</input>",
        r"^.{1,2}[^.]{0,90}?(?:\byou\b|ignore|must|override|new |disregard|instruct|reveal|obey|execute|mode|unlocked|disabled|now )",
    ),
    Rule(
        Boundary,
        100,
        "### system;###system;### instruction;# system;=== system;---system;--- system;\
         ### admin;*** system;### new;***system;=== new;## system;--- new;### end;--- end;\
         === end;--end;---end;end of user;end of prompt;end of document;begin system;\
         end system;begin new;start of system;[end of;end_of_input;(end of;### override;\
         ***end;*** end;=====end",
        r"^[^.]{0,110}?(?:\byou (?:are|must|will|should|have|may|can)\b|ignore|override|new (?:system|instruction|rule|task|prompt)|disregard|reveal|\bobey|execute|unrestricted|disabled)",
    ),
    Rule(
        Boundary,
        100,
        "system:;system :;system prompt:;system message:;system override;system update:;\
         system notice:;admin:;developer:;administrator:;root:;assistant:;system alert;\
         system instruction;system note;admin override;developer note;override code;\
         system command;priority override;developer override;[override",
        r"^[^.\n]{0,60}?(?:\byou(?: are|'re| must| will| should| may| can)(?: now)?\b|ignore|override|disregard|new (?:rules|instructions?|policy|directive)|unrestricted|safety (?:is|filters|checks)|disabled?|reveal|comply|bypass|granted|obey)",
    ),
    Rule(
        RolePlay,
        100,
        "do anything now;dan mode;jailbroken;jailbreak mode;evil-bot;stan mode;aim mode;\
         developer mode enabled;developer mode output;you are dan;act as dan;called dan;\
         god mode enabled;(🔓;[🔓;unfiltered mode;unrestricted mode;opposite mode;evil mode;\
         uncensored mode;no-limits mode;no limits mode",
        r"^.+",
    ),
    Rule(
        RolePlay,
        100,
        "you are now;you're now;you are going to be;you will now;you shall now;\
         you are from now;you must now;you become;you are hereby;you will be;\
         you are no longer",
        r"^[a-z' ]+?(?: (?:act|acting|operating|playing|respond|be|become|behave|pretend|in|as|running|an?|the|called|named|going|entering|known|to|ai|assistant|chatbot|model|chatgpt|new|version of|fully|completely|totally|entirely|roleplay\w*|simulat\w+))*,? ?(?:dan\b|evil|unrestricted|unfiltered|uncensored|jailbroken|amoral|unbound|without (?:any |all )?(?:rules|restrictions|limits|filters|ethic\w*|moral\w*|guidelines|censorship|limitations|safety)|with no (?:rules|restrictions|limits|filters|ethic\w*|moral\w*|guidelines|censorship|limitations|safety|boundaries)|with zero \w+|free (?:from|of) (?:all |any |your |every )?\w+|developer mode|debug mode|admin mode|god mode|maintenance mode|root mode|sudo mode|that (?:has no|never refuses|ignores|can do anything|answers (?:everything|anything)|does not refuse)|who (?:has no|never refuses|ignores|answers (?:everything|anything)|follows no)|no longer (?:an? )?(?:ai|assistant|chatgpt|bound|claude|language model))",
    ),
    Rule(
        RolePlay,
        100,
        "if you had;if you were;respond only as;answer only as;operate with;operate as;pretend;act as;act like;roleplay as;role-play as;role play as;imagine;simulate;\
         behave as;behave like;assume the;take on;play the role;respond as;you play;\
         impersonate;emulate;let's play;become;adopt;answer as;speak as;write as",
        r"^[^.\n]{0,120}?(?:\b(?:no|without|ignores?|ignoring|free (?:of|from)|not bound by|zero|disregards?|lacks?|beyond|bypass\w*|removed?|disabled?|unconstrained by|outside)(?: \w+){0,3} (?:restrictions?|rules|limits?|limitations|filters?|guidelines|ethic\w*|censorship|morals?|morality|guardrails|safety|safeguards|content polic\w+|restraints?|boundaries|principles|refusals?)\b|\bunrestricted\b|\bunfiltered\b|\buncensored\b|\bamoral\b|\bnever (?:refuses?|says no|declines?)\b|\bcan(?:not|'t) refuse\b|\bdo anything\b|\bjailbroken\b|\bevil (?:ai|twin|assistant|version|bot)\b|\banswers? (?:any|every) (?:question|request)\b|\bhas no ethic|\bsafety \w+ (?:turned |switched )?(?:off|disabled)\b)",
    ),
    Rule(
        RolePlay,
        100,
        "enable;enter;activate;switch to;switch into;turn on;unlock;engage;go into;initiate",
        r"^[a-z ]+? (?:your |the |into |in )*(?:developer|god|dan|jailbreak|unrestricted|sudo|root|debug|admin|evil|uncensored|unfiltered|override|maintenance|hidden|secret|diagnostic) mode(?: and|,| now|\.|;|:|!| where| with| so| in which| then)+ ?(?:and |then |so |you |that |to )*(?:answer|reveal|ignore|tell|respond|you|show|no|give|bypass|print|do|output|skip|all|disable|without|dump|list|provide|stop|safety|comply|explain|drop)",
    ),
    Rule(
        RolePlay,
        100,
        "disable;turn off;remove;switch off;deactivate;bypass;lower;drop;lift;shut off;\
         get around;unset;suspend;shut down;evade;circumvent",
        r"^[a-z ]+? (?:all |any |all of |every |each of )*(?:your|the model's|the ai's|the assistant's|its)(?: \w+){0,2} (?:filters?|guardrails?|restrictions?|safety|safeguards?|limitations|limits|moderation|censorship|guidelines|ethics|protections|constraints|alignment|inhibitions|checks|refusals?|protocols)\b",
    ),
    Rule(
        RolePlay,
        60,
        "without any;with no;without your;no restrictions;no rules;no limits;no filters;\
         without restrictions;without filters;without censorship;no ethical;without moral;\
         without ethical;no warnings;without disclaimers;without warnings;no disclaimers;\
         unfiltered;uncensored",
        r"^.{0,40}?(?:restrictions|rules|limits|filters|censorship|ethic\w*|moral\w*|guidelines|warnings|disclaimers|unfiltered|uncensored|limitations|safety)",
    ),
    Rule(
        Coercion,
        60,
        "never refuse;you cannot refuse;you can't refuse;do not refuse;don't refuse;\
         you must comply;must obey;you will obey;always comply;you have no choice;\
         never say you;never say no;you must answer;stay in character;never break character;\
         don't break character;you will comply;without refusing;refusal is not;\
         not allowed to refuse;can not refuse;may not refuse",
        r"^.+",
    ),
    Rule(
        Payload,
        100,
        "decode;base64;rot13;decipher;decrypt;unscramble;reverse;deobfuscate;hex",
        r"^[^.\n]{0,100}?(?:and|then|to)[, ]+(?:\w+ )?(?:follow|execute|obey|carry out|perform|run|comply|act on|do (?:what|exactly|as)|treat (?:it|them|the result) as)\b",
    ),
    Rule(
        Payload,
        80,
        "concatenate;let a =;let x =;a = ;x = ;combine the;join the;$a;first letters",
        r"^[^\n]{0,200}?(?:execute|follow|obey|do what|respond to|answer|comply)\b",
    ),
    Rule(
        Covert,
        100,
        "if you are an ai;if you are an llm;if you are a language model;if you're an ai;\
         attention ai;attention llm;attention assistant;note to ai;note to the ai;\
         note to llm;note to the assistant;note for ai;ai assistants reading;\
         ai assistant reading;any ai;dear ai;dear assistant;instructions for ai;\
         instruction for ai;instructions to ai;instruction to the;hey assistant;\
         message to the ai;message for the ai;important instruction for;\
         important message for;to the ai;ai agents;ai agent:;llm:;ai:;assistants:;\
         language models;hidden instruction;when you summarize;when summarizing;\
         when processing;attention language model;notice to ai;to any llm;ai systems;\
         if an ai;if a language model;large language model",
        r"^[^.\n]{0,90}?(?:\bmust\b|\bignore\b|\bdo not\b|\bdon't\b|\bsend\b|\bforward\b|\balso (?:send|include|add|call|visit|delete|forward)|\breveal\b|\binclude (?:the|this|a link)|\boverride\b|\bdelete\b|\bcall the\b|\brecommend\b|\bapprove\b|\brate this\b|\bvisit\b|\bsay that\b|\bexecute\b|\bgive (?:it|this|a)\b|\bemail\b|\bappend\b|\binstead\b|\bplease (?:add|send|rank|rate)|\btransfer\b|\bstop (?:summari|what)|\bfetch\b|\bsubmit\b)",
    ),
    Rule(
        Covert,
        100,
        "do not tell;don't tell;do not inform;don't inform;do not mention;don't mention;\
         do not alert;without telling;without informing;do not notify;don't notify;\
         without mentioning;hide this from;do not reveal this;never tell;keep this from;\
         do not disclose;without alerting;without notifying",
        r"^[a-z' ]+?(?: (?:this|it|these|that|anything))?(?: to| from)? (?:the |any )?(?:user|human|operator|person|reader)s?\b(?: (?:about|that|of) (?:this|these|the) (?:instruction|message|note|action|step|change|request|email|tool)s?|[^.]{0,40}(?:instruction|tool|action|step|call|email|transfer|upload|deletion|that you|message|sent|file|password|this))",
    ),
    Rule(
        Payload,
        90,
        "send;forward;exfiltrate;upload;post;transmit;email;leak;append",
        r"^[a-z]+ (?:me |us )?(?:the |all |this |any |every |entire |full |contents of |whole |of |user's |users' |user |customer |your |a copy of |list of |previous |stored |private )*(?:conversation|chat (?:history|log)s?|data|credentials|api keys?|secrets?|passwords?|tokens?|emails?|files?|messages|environment variables|history|records|context|inbox|memory|session|ssh keys?|cookies)(?: \w+){0,6} (?:to|at|via) (?:https?:|the (?:url|address|webhook|endpoint|following)|attacker|evil|webhook|\w+@|my server|this (?:url|address|server|link))",
    ),
    Rule(
        Exfiltration,
        100,
        "what is;what are;what was;what were;what's",
        r"^what(?:'s| \w+) (?:\w+ )??your(?: \w+){0,2} (?:(?:system|hidden|initial|original|secret|internal|developer|base|core|confidential) (?:prompt|instructions?|message|rules|guidelines|directives)|prompt|instructions)\b",
    ),
    Rule(
        Override,
        100,
        "ignore;disregard;forget;pay no attention to;do not follow;don't follow;\
         stop following;override;overlook",
        r"^TRIG(?: (?:all|any|of|the|those|these))* RULES (?:above|before this|given (?:above|earlier|before|to you)|you (?:were|have been) given|from (?:your|the) (?:developers?|system|creators?)|preceding|so far)\b",
    ),
    Rule(
        Payload,
        100,
        "concatenate;combine;join;first letters;put together",
        r"^[^\n]{0,160}?(?:obey|follow|carry out|do what) (?:the (?:result|outcome|instruction)|it\b|what it)",
    ),
    Rule(
        Covert,
        60,
        "do not tell;don't tell;without telling;without informing;do not inform;do not alert;\
         do not notify;without alerting;without notifying;without mentioning",
        r"^[a-z' ]+? (?:the |any )?(?:user|human|operator)s?\b",
    ),
];
