//! Hashes of words that keep what disguises do not change.

/// Letters that the stem of a word has.
pub(super) const STEM: usize = 5;
const SEED: u32 = 0x811c_9dc5;

const fn mix(hash: u32, value: u32) -> u32 {
    (hash ^ value).wrapping_mul(0x0100_0193)
}

/// What a letter of ASCII adds, or zero.
#[inline]
fn added(letter: u8) -> u32 {
    LETTERS[usize::from(letter & 31)]
}

/// What letters of ASCII add. A loop: `map` of an array is a call for each of its items.
#[inline]
fn sum(letters: &[u8]) -> u32 {
    letters
        .iter()
        .fold(0, |sum, letter| sum.wrapping_add(added(*letter)))
}

/// Spreads every bit of the input over the output.
pub(super) const fn spread(mut hash: u32) -> u32 {
    hash ^= hash >> 16;
    hash = hash.wrapping_mul(0x7feb_352d);
    hash ^= hash >> 15;
    hash = hash.wrapping_mul(0x846c_a68b);
    hash ^ (hash >> 16)
}

/// What a letter adds to the hash of a word.
const fn value(letter: u32) -> u32 {
    spread(letter.wrapping_mul(0x9e37_79b1))
}

/// What each letter of ASCII adds.
static ASCII: [u32; 128] = {
    let mut values = [0; 128];
    let mut letter = 0;
    while letter < 128 {
        values[letter as usize] = value(letter);
        letter += 1;
    }
    values
};

/// The same by the lowest five bits of a letter, without regard to case; nothing for 0.
static LETTERS: [u32; 32] = {
    let mut values = [0; 32];
    let mut letter = 1;
    while letter <= 26 {
        values[letter as usize] = value(0x60 + letter);
        letter += 1;
    }
    values
};

/// The hash of a token that is one character or one class of them.
pub(super) const fn single(value: u32) -> u32 {
    spread(mix(SEED, value))
}

/// The hash of a word: its first letter, and the bag of the others, so that
/// swapped letters change nothing (`ingore` is `ignore`).
#[derive(Debug, Clone, Copy)]
pub(super) struct WordHash(u32);

impl WordHash {
    pub(super) const EMPTY: Self = Self(SEED);

    #[inline]
    pub(super) fn push(&mut self, letter: u32, first: bool) {
        self.0 = if first {
            mix(SEED, letter)
        } else {
            self.0.wrapping_add(match ASCII.get(letter as usize) {
                Some(value) => *value,
                None => value(letter),
            })
        };
    }

    /// Adds the letters of ASCII behind the first of eight bytes, of which all others are zero;
    /// returns the hash with the first five letters, and with all of them.
    #[inline]
    pub(super) fn push_head(self, letters: u64) -> (Self, Self) {
        let [_, rest @ ..] = letters.to_le_bytes();
        let (head, tail) = rest.split_at(STEM - 1);
        let stem = Self(self.0.wrapping_add(sum(head)));
        let word = Self(stem.0.wrapping_add(sum(tail)));
        (stem, word)
    }

    /// Adds the letters of ASCII among eight bytes, of which all others are zero.
    pub(super) fn push_letters(&mut self, letters: u64) {
        self.0 = self.0.wrapping_add(sum(&letters.to_le_bytes()));
    }

    pub(super) fn word(self) -> u32 {
        spread(self.0)
    }

    pub(super) fn stem(self) -> u32 {
        spread(self.0 ^ 0x55)
    }
}

/// The hash of two tokens in order.
#[inline]
pub(crate) fn pair(first: u32, second: u32, kind: u32) -> u32 {
    let mixed = (first.rotate_left(5) ^ second).wrapping_mul(0x9e37_79b1) ^ kind;
    mixed.wrapping_mul(0x85eb_ca6b) ^ (mixed >> 13).wrapping_mul(0xc2b2_ae35)
}

/// The index of a hash in a table of `2^bits` entries.
#[inline]
pub(crate) fn bucket(hash: u32, bits: u32) -> usize {
    (hash >> (32 - bits)) as usize
}
