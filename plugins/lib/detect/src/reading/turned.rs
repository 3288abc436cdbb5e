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

/// The text turned back, when it reads as no language as it stands and as one
/// when it is turned.
pub(super) fn turn(text: &str) -> Option<String> {
    let head = &text[..text.floor_char_boundary(HEAD)];
    let head = head.as_bytes();
    let (mut all, mut plain) = (0, 0);
    words(head, |word, length| {
        all += 1;
        plain += usize::from(packed(word, length).is_some_and(is_listed));
        // More are not read.
        plain * 3 <= HEAD_WORDS
    });
    // Nearly all texts are left here.
    if all < LEAST || plain * 3 > all {
        return None;
    }
<<<<<<< HEAD
    let (mut rotated, mut reversed) = (0, 0);
    words(head, |word, length| {
        // Longer ones are not listed.
        if (2..=LONGEST).contains(&length) {
            let turned = word.swap_bytes() >> (8 * (LONGEST - length));
            reversed += usize::from(packed(turned, length).is_some_and(is_listed));
            let turned = u64::from_le_bytes(word.to_le_bytes().map(rotate));
            rotated += usize::from(packed(turned, length).is_some_and(is_listed));
        }
        true
    });
    if rotated * 8 >= all && rotated > plain * 2 {
        let turned = text.chars().map(|c| match u8::try_from(c) {
            Ok(byte) if byte.is_ascii() => char::from(rotate(byte)),
            _ => c,
=======
    if let Some(turned) = turn_visible(text, head) {
        return Some(turned);
    }
    let listed = |turn: &dyn Fn(&mut [u8])| {
        let turned = words.clone().filter(|word| {
            let mut letters = [0; LONGEST];
            // Longer ones are not listed.
            let Some(letters) = letters.get_mut(..word.len()).filter(|l| l.len() > 1) else {
                return false;
            };
            letters.copy_from_slice(word);
            turn(letters);
            packed(letters).is_some_and(is_listed)
>>>>>>> 66b7d8d (detect: read more disguises of attacks)
        });
        turned.count()
    };
    let by = |turn: Turn| {
        listed(&|letters: &mut [u8]| letters.iter_mut().for_each(|l| *l = turn.letter(*l)))
    };
    let rotated = by(THIRTEEN);
    if rotated * 8 >= all && rotated > plain * 2 {
        return Some(THIRTEEN.text(text));
    }
    let reversed = listed(&|letters: &mut [u8]| letters.reverse());
    if reversed * 8 >= all && reversed > plain * 2 {
        return Some(text.chars().rev().collect());
    }
    let others = (1..26).map(Turn::By).chain([Turn::Atbash]);
    let best = others
        .map(|turn| (by(turn), turn))
        .max_by_key(|(count, _)| *count);
    let best = best.filter(|(count, _)| count * 8 >= all && *count > plain * 2);
    best.map(|(_, turn)| turn.text(text))
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
    let words = visible
        .split(|c: char| !c.is_ascii_alphabetic())
        .filter(|word| !word.is_empty());
    let (mut all, mut listed) = (0, 0);
    for word in words.take(HEAD_WORDS) {
        all += 1;
        listed += usize::from(packed(word.as_bytes()).is_some_and(is_listed));
    }
    (all >= LEAST && listed * 8 >= all).then(|| text.chars().map(rotate_visible).collect())
}
