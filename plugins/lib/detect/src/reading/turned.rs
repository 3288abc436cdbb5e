//! Texts that are rotated by thirteen letters or reversed.

/// Words that every English text has, and some of the ones attacks have.
const WORDS: [&str; 38] = [
    "the", "and", "you", "your", "that", "with", "this", "for", "are", "not", "all", "have",
    "will", "from", "any", "what", "can", "but", "was", "must", "should", "ignore", "of", "to",
    "in", "is", "it", "as", "do", "my", "me", "or", "be", "no", "on", "an", "at", "by",
];

const fn pack(word: &[u8]) -> u64 {
    let mut packed = 0;
    let mut at = 0;
    while at < word.len() {
        packed = packed << 8 | word[at] as u64;
        at += 1;
    }
    packed
}

const PACKED: [u64; WORDS.len()] = {
    let mut packed = [0; WORDS.len()];
    let mut at = 0;
    while at < WORDS.len() {
        packed[at] = pack(WORDS[at].as_bytes());
        at += 1;
    }
    packed
};

/// Bytes and words at the beginning of a text that decide.
const HEAD: usize = 2048;
/// See [`HEAD`].
const HEAD_WORDS: usize = 96;
/// Fewest words of a text that can be turned.
const LEAST: usize = 5;

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
    let words = head.split(|c: char| !c.is_ascii_alphabetic());
    let words = words.filter(|word| !word.is_empty()).take(HEAD_WORDS);
    let (mut all, mut plain, mut rotated, mut reversed) = (0, 0, 0, 0);
    for word in words {
        all += 1;
        // Longer ones are not listed.
        if word.len() > 6 {
            continue;
        }
        let (mut packed, mut packed_rotated, mut packed_reversed) = (0_u64, 0_u64, 0_u64);
        for (letter, at) in word.bytes().zip(0..) {
            let letter = letter.to_ascii_lowercase();
            packed = packed << 8 | u64::from(letter);
            packed_rotated = packed_rotated << 8 | u64::from(rotate(letter));
            packed_reversed |= u64::from(letter) << (8 * at);
        }
        plain += usize::from(PACKED.contains(&packed));
        rotated += usize::from(PACKED.contains(&packed_rotated));
        reversed += usize::from(word.len() > 2 && PACKED.contains(&packed_reversed));
    }
    if all < LEAST || plain * 12 > all {
        return None;
    }
    if rotated * 8 >= all && rotated > plain * 2 {
        let turned = text.chars().map(|c| match u8::try_from(c) {
            Ok(byte) if byte.is_ascii() => char::from(rotate(byte)),
            _ => c,
        });
        return Some(turned.collect());
    }
    (reversed * 12 >= all && reversed > plain).then(|| text.chars().rev().collect())
}
