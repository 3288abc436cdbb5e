//! Texts that are rotated by thirteen letters or reversed.

use crate::letters::{LOWER, letters, load, mask};

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

/// Returns a word in lower case, if it has two letters or more and is not too long for the list.
fn packed(word: u64, length: usize) -> Option<u64> {
    let letters = (word | LOWER) & mask(length);
    (2..=LONGEST).contains(&length).then_some(letters)
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
/// Fewest words of a text that can be turned in any way: there are many of those.
const LEAST_FOR_ANY: usize = 6;
/// Bytes at the beginning of a text that decide about those.
const HEAD_FOR_ANY: usize = 640;
/// Fewest words of a text that can be turned.
const LEAST: usize = 3;

/// What a letter can be turned to: by a number of places, or to the one as far from the end.
#[derive(Debug, Clone, Copy)]
enum Turn {
    By(u8),
    Atbash,
}

/// The number of places of most texts that are rotated.
const THIRTEEN: Turn = Turn::By(13);

impl Turn {
    fn letter(self, letter: u8) -> u8 {
        let first = match letter {
            b'a'..=b'z' => b'a',
            b'A'..=b'Z' => b'A',
            other => return other,
        };
        let place = letter - first;
        first
            + match self {
                Self::By(places) => (place + places) % 26,
                Self::Atbash => 25 - place,
            }
    }

    fn text(self, text: &str) -> String {
        let turned = text.chars().map(|c| match u8::try_from(c) {
            Ok(byte) if byte.is_ascii() => char::from(self.letter(byte)),
            _ => c,
        });
        turned.collect()
    }
}

/// The character that stands 47 places on among the visible ones of ASCII.
fn rotate_visible(c: char) -> char {
    match u8::try_from(c) {
        Ok(byte @ b'!'..=b'~') => char::from((byte - b'!' + 47) % 94 + b'!'),
        _ => c,
    }
}

/// Calls `take` with the first bytes and the length of each of the first words of a text, as long
/// as it returns true.
fn words(text: &[u8], mut take: impl FnMut(u64, usize) -> bool) {
    let mut at = 0;
    for _ in 0..HEAD_WORDS {
        let rest = text[at..].iter();
        at += rest.take_while(|byte| !byte.is_ascii_alphabetic()).count();
        if at == text.len() {
            return;
        }
        let head = load(text, at);
        let mut length = letters(head);
        if length == LONGEST {
            let rest = text[at + length..].iter();
            length += rest.take_while(|byte| byte.is_ascii_alphabetic()).count();
        }
        if !take(head, length) {
            return;
        }
        at += length;
    }
}

/// How many of the first words of a text are listed, once they are turned, and how many there are.
fn listed(text: &[u8], mut turn: impl FnMut(u64, usize) -> u64) -> (usize, usize) {
    let (mut all, mut found) = (0, 0);
    words(text, |word, length| {
        all += 1;
        // Longer ones are not listed.
        let short = length <= LONGEST;
        found += usize::from(short && packed(turn(word, length), length).is_some_and(is_listed));
        true
    });
    (found, all)
}

/// The text turned back, when it reads as no language as it stands and as one
/// when it is turned.
pub(super) fn turn(text: &str) -> Option<String> {
    let head = &text[..text.floor_char_boundary(HEAD)];
    let bytes = head.as_bytes();
    let (mut all, mut plain) = (0, 0);
    words(bytes, |word, length| {
        all += 1;
        plain += usize::from(packed(word, length).is_some_and(is_listed));
        // More are not read.
        plain * 3 <= HEAD_WORDS
    });
    // Nearly all texts are left here.
    if all < LEAST || plain * 3 > all {
        return None;
    }
    if let Some(turned) = turn_visible(text, head) {
        return Some(turned);
    }
    let fits = |found: usize| found * 8 >= all && found > plain * 2;
    let by = |text: &[u8], turn: Turn| {
        listed(text, |word, _| {
            u64::from_le_bytes(word.to_le_bytes().map(|letter| turn.letter(letter)))
        })
    };
    if fits(by(bytes, THIRTEEN).0) {
        return Some(THIRTEEN.text(text));
    }
    let (reversed, _) = listed(bytes, |word, length| {
        word.swap_bytes() >> (8 * (LONGEST - length))
    });
    if fits(reversed) {
        return Some(text.chars().rev().collect());
    }
    if all < LEAST_FOR_ANY {
        return None;
    }
    let others = (1..26).map(Turn::By).chain([Turn::Atbash]);
    let near = &bytes[..bytes.len().min(HEAD_FOR_ANY)];
    let best = others
        .map(|turn| (by(near, turn), turn))
        .max_by_key(|((count, _), _)| *count);
    best.filter(|((count, all), _)| count * 8 >= *all && *count > plain * 2)
        .map(|(_, turn)| turn.text(text))
}

/// The text with its visible characters turned back by 47 places, when it then reads as a language.
fn turn_visible(text: &str, head: &str) -> Option<String> {
    // Small letters become signs and digits, of which other texts have few.
    let graphic = head.bytes().filter(u8::is_ascii_graphic);
    let (letters, all) = graphic.fold((0, 0), |(letters, all), byte| {
        (letters + usize::from(byte.is_ascii_alphabetic()), all + 1)
    });
    if letters * 4 > all * 3 {
        return None;
    }
    let visible: String = head.chars().map(rotate_visible).collect();
    let (found, all) = listed(visible.as_bytes(), |word, _| word);
    (all >= LEAST && found * 8 >= all).then(|| text.chars().map(rotate_visible).collect())
}
