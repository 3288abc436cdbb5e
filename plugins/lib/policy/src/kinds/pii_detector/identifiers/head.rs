//! [`Head`]: the classes of the first bytes of a form, all compared at once.

use crate::chain::View;

/// Bytes that are compared.
const LENGTH: usize = 16;

/// A bit for each of the first bytes in each class. Those of a text tell what it has, those of a
/// form what it must have and what it must not have.
#[derive(Debug, Clone, Copy)]
pub(super) struct Head {
    has: u64,
    lacks: u64,
}

const DIGIT: u64 = 1;
const ALPHANUMERIC: u64 = 1 << LENGTH;
const BLANK: u64 = 1 << (2 * LENGTH);
const LOWER: u64 = 1 << (3 * LENGTH);

/// The classes of each byte.
static CLASSES: [u64; 256] = {
    let mut classes = [0; 256];
    let mut byte = 0;
    while byte < 256 {
        classes[byte] = match byte as u8 {
            b'0'..=b'9' => DIGIT | ALPHANUMERIC,
            b'A'..=b'Z' => ALPHANUMERIC,
            b'a'..=b'z' => ALPHANUMERIC | LOWER,
            b' ' | b'\n' | b'-' => BLANK,
            _ => 0,
        };
        byte += 1;
    }
    classes
};

impl Head {
    /// Reads the head of a text. What has not arrived fits everything.
    pub(super) fn at(view: View<'_>, at: usize) -> Self {
        let rest = &view.text[at..];
        let has = match rest.first_chunk::<LENGTH>() {
            Some(bytes) => classes(bytes.iter()),
            None if view.complete => classes(rest.iter()),
            None => {
                return Self {
                    has: u64::MAX,
                    lacks: u64::MAX,
                };
            }
        };
        Self { has, lacks: !has }
    }

    /// Returns what a text must have that has the form of a picture.
    pub(super) fn of_picture(picture: &str) -> Self {
        let mut head = Self { has: 0, lacks: 0 };
        for (index, part) in picture.bytes().take(LENGTH).enumerate() {
            let (has, lacks) = match part {
                b'd' => (DIGIT, 0),
                b'A' | b'X' => (ALPHANUMERIC, LOWER),
                b'_' => (BLANK, 0),
                b's' => (0, 0),
                class if is_class(class) => (ALPHANUMERIC, 0),
                // A line break can be a space.
                b' ' => (BLANK, 0),
                literal if literal.is_ascii_alphanumeric() => (ALPHANUMERIC, 0),
                _ => (0, ALPHANUMERIC),
            };
            head.has |= has << index;
            head.lacks |= lacks << index;
        }
        head
    }

    /// Returns the last offset at which forms with these heads all have a digit.
    pub(super) fn last_digit(heads: impl Iterator<Item = Self>) -> Option<usize> {
        let all = heads.fold(u64::MAX, |all, head| all & head.has);
        let digits = all & ((1 << LENGTH) - 1);
        digits.checked_ilog2().map(|offset| offset as usize)
    }

    /// Returns whether a text with this head may have a form.
    #[inline]
    pub(super) fn fits(self, form: Self) -> bool {
        form.has & !self.has == 0 && form.lacks & !self.lacks == 0
    }
}

fn classes<'b>(bytes: impl Iterator<Item = &'b u8>) -> u64 {
    let classes = bytes.enumerate();
    classes.fold(0, |all, (index, byte)| {
        all | CLASSES[usize::from(*byte)] << index
    })
}

/// Whether a part of a picture stands for several characters.
pub(super) fn is_class(part: u8) -> bool {
    matches!(part, b'd' | b'A' | b'a' | b'X' | b'h' | b'k' | b's')
}
