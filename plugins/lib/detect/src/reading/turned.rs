//! Texts that are rotated by thirteen letters or reversed.

/// Words that most texts of a language have, and some that attacks have.
const WORDS: [&str; 169] = [
    "the", "and", "you", "your", "that", "with", "this", "for", "are", "not", "all", "have",
    "will", "from", "any", "what", "can", "but", "was", "must", "should", "ignore", "of", "to",
    "in", "is", "it", "as", "do", "my", "me", "or", "be", "no", "on", "an", "at", "by", "now",
    "we", "if", "so", "a", "i", "he", "she", "they", "has", "had", "been", "would", "could",
    "please", "tell", "show", "print", "rules", "prompt", "system", "forget", "act", "answer",
    "write", "repeat", "text", "above", "say", "just", "send", "user", "reveal", "secret", "les",
    "des", "est", "pas", "que", "qui", "dans", "pour", "une", "sur", "avec", "vous", "tu",
    "toutes", "los", "las", "del", "con", "para", "por", "una", "es", "se", "su", "todas", "como",
    "der", "die", "das", "und", "ist", "nicht", "ein", "eine", "du", "sie", "mit", "von", "zu",
    "den", "dem", "alle", "auf", "dich", "il", "di", "che", "non", "per", "sono", "tutte", "le",
    "os", "da", "em", "um", "uma", "seu", "todos", "de", "het", "een", "van", "niet", "dat", "bir",
    "ve", "bu", "icin", "sen", "ile", "ne", "sana", "dan", "yang", "untuk", "kamu", "tidak", "nie",
    "na", "jest", "och", "att", "som", "det", "inte", "si", "la", "el", "en", "un", "y", "o", "e",
    "ein", "im", "et",
];

/// Letters of the longest word in the list.
const LONGEST: usize = 8;

const fn pack(word: &[u8]) -> u64 {
    let mut bytes = [0; LONGEST];
    bytes.split_at_mut(word.len()).0.copy_from_slice(word);
    u64::from_le_bytes(bytes)
}

/// Slots of the table of words: at most a sixth is taken.
const SLOTS: usize = 1024;

const fn slot(packed: u64) -> usize {
    (packed.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 54) as usize
}

/// The words, each in the first free slot from its own on.
static TABLE: [u64; SLOTS] = {
    let mut table = [0; SLOTS];
    let mut at = 0;
    while at < WORDS.len() {
        let packed = pack(WORDS[at].as_bytes());
        let mut slot = slot(packed);
        while table[slot] != 0 {
            slot = (slot + 1) % SLOTS;
        }
        table[slot] = packed;
        at += 1;
    }
    table
};

/// A word of two letters or more that is not too long for the list, in lower case.
fn packed(word: &[u8]) -> Option<u64> {
    let mut bytes = [0; LONGEST];
    bytes
        .get_mut(..word.len())
        .filter(|bytes| bytes.len() > 1)?
        .copy_from_slice(word);
    // The bit of lower case, for as many letters as there are.
    let case = u64::from_le_bytes([0x20; LONGEST]) >> (8 * (LONGEST - word.len()));
    Some(u64::from_le_bytes(bytes) | case)
}

fn is_listed(packed: u64) -> bool {
    let mut slot = slot(packed);
    while TABLE[slot] != 0 {
        if TABLE[slot] == packed {
            return true;
        }
        slot = (slot + 1) % SLOTS;
    }
    false
}

/// Bytes and words at the beginning of a text that decide.
const HEAD: usize = 2048;
/// See [`HEAD`].
const HEAD_WORDS: usize = 96;
/// Fewest words of a text that can be turned.
const LEAST: usize = 3;

fn rotate(letter: u8) -> u8 {
    match letter {
        b'a'..=b'z' => (letter - b'a' + 13) % 26 + b'a',
        b'A'..=b'Z' => (letter - b'A' + 13) % 26 + b'A',
        other => other,
    }
}

/// The text turned back, when it reads as no language as it stands and as one
/// when it is turned.
pub(super) fn turn(text: &str) -> Option<String> {
    let head = &text[..text.floor_char_boundary(HEAD)];
    let words = head.as_bytes().split(|byte| !byte.is_ascii_alphabetic());
    let words = words.filter(|word| !word.is_empty()).take(HEAD_WORDS);
    let (mut all, mut plain) = (0, 0);
    for word in words.clone() {
        all += 1;
        plain += usize::from(packed(word).is_some_and(is_listed));
    }
    // Nearly all texts are left here.
    if all < LEAST || plain * 3 > all {
        return None;
    }
    let (mut rotated, mut reversed) = (0, 0);
    for word in words {
        let mut letters = [0; LONGEST];
        // Longer ones are not listed.
        let Some(letters) = letters.get_mut(..word.len()).filter(|l| l.len() > 1) else {
            continue;
        };
        letters.copy_from_slice(word);
        letters.reverse();
        reversed += usize::from(packed(letters).is_some_and(is_listed));
        letters.reverse();
        letters
            .iter_mut()
            .for_each(|letter| *letter = rotate(*letter));
        rotated += usize::from(packed(letters).is_some_and(is_listed));
    }
    if rotated * 8 >= all && rotated > plain * 2 {
        let turned = text.chars().map(|c| match u8::try_from(c) {
            Ok(byte) if byte.is_ascii() => char::from(rotate(byte)),
            _ => c,
        });
        return Some(turned.collect());
    }
    (reversed * 8 >= all && reversed > plain * 2).then(|| text.chars().rev().collect())
}
