//! The phases of a chain, of which a policy implements those that it takes part in: caller, route,
//! request, then those of texts (request, response and stream), and record.

use std::net::IpAddr;

use super::audit::AuditRecord;
use super::evaluation::{Block, Evaluation, Finding, PromptText};
use super::explanation::Explanation;
use super::label::Label;
use super::matched::{Matches, View};
use super::progress::Progress;
use crate::model::{PolicyKind, Target};

/// Who sends a request.
#[derive(Debug, Clone, Copy)]
pub struct Caller<'h> {
    /// The address of the connection.
    pub peer: IpAddr,
    /// The values of the headers `X-Forwarded-For`, in their order.
    pub forwarded_for: &'h [&'h str],
}

/// The caller phase: judges who sends a request, before its body is read.
pub(crate) trait CallerPhase: Send + Sync {
    /// Returns why the request is refused, if it is.
    fn judge(&self, caller: &Caller<'_>) -> Option<Block>;
}

/// The route phase: judges which upstreams of a model may receive its requests.
pub(crate) trait RoutePhase: Send + Sync {
    /// Whether an upstream may.
    fn permits(&self, target: &Target) -> bool;

    /// Returns what is found if none may and the request is sent nevertheless.
    ///
    /// # Errors
    ///
    /// Why the request is refused.
    fn none_permitted(&self) -> Result<Finding, Block>;
}

/// The request phase: judges a text of a request. Its verdict depends on nothing but the text and
/// its role, since that of a text that is sent again is remembered.
pub(crate) trait RequestPhase: Send + Sync {
    /// Returns why the request is refused, if it is; adds what was found.
    fn judge(&self, text: &PromptText<'_>, findings: &mut Vec<Finding>) -> Option<Block>;

    /// Returns what of a text decides, for people who test the policy.
    fn explain(&self, _text: &PromptText<'_>) -> Option<Explanation> {
        None
    }
}

/// The phases of texts: those of requests, of whole responses and of streams, which one walk over
/// the text serves. A detector judges one position of the folded text.
pub(crate) trait Detector: Send + Sync {
    /// Returns where a match can begin with two bytes.
    fn starts(&self, first: u8, second: u8) -> Starts;

    /// Returns the words that a match can begin with besides.
    fn word_triggers(&self) -> WordTriggers {
        WordTriggers::default()
    }

    /// Whether nothing of a stream leaves before it is decided.
    fn is_strict(&self) -> bool {
        false
    }

    /// Returns whether a match may begin with a word for which `digits` of [`WordTriggers`] asks,
    /// in a text of which enough has arrived; `is_announced` says whether a letter stands within
    /// [`CONTEXT_BYTES`](super::pattern::CONTEXT_BYTES) before it, or a label.
    fn may_begin_with_number(&self, _view: View<'_>, _at: usize, _is_announced: bool) -> bool {
        true
    }

    /// Adds the matches that begin at `at`. Returns `false` if text that has not arrived could
    /// change them.
    fn matches_at(
        &self,
        view: View<'_>,
        at: usize,
        progress: &mut Progress,
        label: &Label,
        found: &mut Matches,
    ) -> bool;
}

/// Where a match can begin with some bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Starts {
    /// At the beginning of any word that begins with the first one.
    pub(crate) word: bool,
    /// Wherever both stand.
    pub(crate) anywhere: bool,
}

/// The words that a match can begin with: the detector is asked at no others. A word is a run of
/// ASCII letters, digits and `_`.
#[derive(Debug, Clone, Default)]
pub(crate) struct WordTriggers {
    /// Those, and characters that are not ASCII, that stand near before an `@`.
    pub(crate) before_at: bool,
    /// Those with a digit, and those of one to three letters with a sign and a digit behind them.
    pub(crate) digits: bool,
    /// Up to four hexadecimal digits with a colon behind them; neither they nor a colon with which
    /// a match begins stand behind a word, a colon or a dot.
    pub(crate) colon: bool,
    /// These, without regard to case.
    pub(crate) words: Vec<Vec<u8>>,
    /// Those that begin with one of these, which have three bytes at least.
    pub(crate) prefixes: Vec<Vec<u8>>,
    /// Those that something announces.
    pub(crate) announced: Option<Announced>,
}

/// What announces a value before it: one of [`ANNOUNCING`], directly or before a blank, two blanks,
/// or a word and a blank.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Announced {
    /// What such a word ends with, in lower case.
    pub(crate) endings: &'static [[u8; 2]],
    /// The signs that a value can begin with, as with a word.
    pub(crate) signs: &'static [u8],
    /// Whether a text announces what follows.
    pub(crate) check: fn(&[u8]) -> bool,
}

/// The signs that may announce a value behind them.
pub(crate) const ANNOUNCING: &[u8] = b"=:>\"'`";

/// The last phase: records the evaluation of a request.
pub(crate) trait RecordPhase: Send + Sync {
    /// Returns the record of an evaluation by a chain of these policies, if there is to be one.
    fn record(&self, evaluation: &Evaluation, chain: &[PolicyKind]) -> Option<AuditRecord>;
}
