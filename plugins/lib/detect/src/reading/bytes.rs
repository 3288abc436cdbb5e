//! How often each byte stands in a text: what nearly every text has too few of is not looked for.

use std::ops::Range;

/// The number of each byte.
pub(super) struct ByteCounts([u32; 256]);

impl ByteCounts {
    /// Counts the bytes of a text.
    pub(super) fn of(text: &str) -> Self {
        /// Bytes up to which one table is faster: to clear and to add a second one takes longer.
        const SHORT: usize = 256;
        if text.len() <= SHORT {
            let mut counts = [0; 256];
            for byte in text.bytes() {
                counts[usize::from(byte)] += 1;
            }
            return Self(counts);
        }
        // Equal bytes that follow one another would wait for each other in one table.
        let mut even = [0_u32; 256];
        let mut odd = [0_u32; 256];
        let (pairs, last) = text.as_bytes().as_chunks::<2>();
        for [first, second] in pairs {
            even[usize::from(*first)] += 1;
            odd[usize::from(*second)] += 1;
        }
        for byte in last {
            even[usize::from(*byte)] += 1;
        }
        for (count, more) in even.iter_mut().zip(odd) {
            *count += more;
        }
        Self(even)
    }

    /// How often any of some bytes stands there.
    pub(super) fn any(&self, bytes: &[u8]) -> u32 {
        bytes.iter().map(|byte| self.0[usize::from(*byte)]).sum()
    }

    /// How many digits there are.
    pub(super) fn digits(&self) -> u32 {
        self.any(b"0123456789")
    }

    /// Whether there are characters that are not ASCII.
    pub(super) fn is_wide(&self) -> bool {
        self.0[0x80..].iter().any(|count| *count > 0)
    }
}

/// Bytes of a block.
const BLOCK: usize = 128;

/// Returns the parts of a text in which `least` of the bytes that `counts` are near each other,
/// with as much around each, from blank to blank.
pub(super) fn dense_parts(
    text: &[u8],
    least: usize,
    counts: impl Fn(u8) -> bool,
) -> Vec<Range<usize>> {
    let of = |block: &[u8]| {
        let sum = block
            .iter()
            .fold(0_u8, |sum, byte| sum + u8::from(counts(*byte)));
        usize::from(sum)
    };
    let mut parts: Vec<Range<usize>> = Vec::new();
    let mut before = 0;
    for (index, block) in text.chunks(BLOCK).enumerate() {
        let count = of(block);
        let start = (index * BLOCK).saturating_sub(2 * BLOCK);
        let end = text.len().min((index + 2) * BLOCK);
        if before + count >= least {
            match parts.last_mut() {
                Some(last) if last.end >= start => last.end = end,
                _ => parts.push(start..end),
            }
        }
        before = count;
    }
    let blank = |byte: &u8| byte.is_ascii_whitespace();
    for part in &mut parts {
        let before = text[..part.start].iter().rev();
        part.start -= before.take_while(|byte| !blank(byte)).count();
        part.end += text[part.end..]
            .iter()
            .take_while(|byte| !blank(byte))
            .count();
    }
    // What has no blanks may reach into the next part.
    let mut end = 0;
    parts.retain_mut(|part| {
        part.start = part.start.max(end);
        end = end.max(part.end);
        part.start < part.end
    });
    parts
}

#[cfg(test)]
mod tests {
    use super::dense_parts;

    #[test]
    fn parts_are_dense_and_end_at_blanks() {
        let padding = "words of prose ".repeat(60);
        let text = format!("{padding}105 103 110 111 114 101 {padding}");
        let parts = dense_parts(text.as_bytes(), 12, |byte| byte.is_ascii_digit());
        assert_eq!(parts.len(), 1);
        let part = &text[parts[0].clone()];
        assert!(part.contains(" 105 103 110 111 114 101 ") && part.len() < 900);
        assert!(dense_parts(padding.as_bytes(), 12, |byte| byte.is_ascii_digit()).is_empty());
        let long = "1".repeat(1_000);
        let parts = dense_parts(long.as_bytes(), 12, |byte| byte.is_ascii_digit());
        assert_eq!(parts.as_slice(), std::slice::from_ref(&(0..1_000)));
    }
}
