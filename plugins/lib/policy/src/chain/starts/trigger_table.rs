//! The words and the prefixes of words that something begins with, in one table.

use kt_detect::load;

/// Bytes of a prefix that are compared.
pub(super) const KEY: usize = 3;
/// Binary logarithm of the number of entries.
const BITS: u32 = 12;
/// The longest length of a word that has a bit of its own.
const LONGEST: usize = 14;
/// The bit of prefixes.
const PREFIX: u16 = 1 << 15;

/// For the first three letters of a word, without regard to case, the lengths of the words that
/// begin so, as bits, and whether a prefix does. Few words of a text share them by chance.
pub(super) struct TriggerTable(Box<[u16; 1 << BITS]>);

impl TriggerTable {
    pub(super) fn new() -> Self {
        Self(Box::new([0; 1 << BITS]))
    }

    /// Adds a word.
    pub(super) fn add_word(&mut self, word: &[u8]) {
        let length = word.len();
        match *word {
            [] => {}
            // Whatever stands behind it.
            [first] => {
                for second in 0..=u8::MAX {
                    self.add_two([first, second], length);
                }
            }
            [first, second] => self.add_two([first, second], length),
            _ => self.0[index(load(word, 0))] |= length_bit(length),
        }
    }

    fn add_two(&mut self, [first, second]: [u8; 2], length: usize) {
        for third in 0..=u8::MAX {
            self.0[index(load(&[first, second, third], 0))] |= length_bit(length);
        }
    }

    /// Adds a prefix, which has [`KEY`] bytes or more.
    pub(super) fn add_prefix(&mut self, prefix: &[u8]) {
        self.0[index(load(prefix, 0))] |= PREFIX;
    }

    /// Returns whether a word with these first bytes may be one of them, or begin with one.
    #[inline]
    pub(super) fn has(&self, head: u64, length: usize) -> bool {
        self.0[index(head)] & (length_bit(length) | PREFIX) != 0
    }

    /// Returns whether it may be one of the words.
    pub(super) fn has_word(&self, head: u64, length: usize) -> bool {
        self.0[index(head)] & length_bit(length) != 0
    }

    /// Returns whether it may begin with one of the prefixes.
    pub(super) fn has_prefix(&self, head: u64) -> bool {
        self.0[index(head)] & PREFIX != 0
    }
}

#[inline]
fn index(head: u64) -> usize {
    /// The bit that tells ASCII letters of both cases apart.
    const CASE: u32 = 0x0020_2020;
    const THREE: u32 = 0x00ff_ffff;
    let letters = (head as u32 | CASE) & THREE;
    (letters.wrapping_mul(0x9e37_79b1) >> (u32::BITS - BITS)) as usize
}

#[inline]
fn length_bit(length: usize) -> u16 {
    1 << length.min(LONGEST)
}
