//! How often each byte stands in a text: what nearly every text has too few of is not looked for.

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
