//! The checksum of the index.

/// Returns a checksum, which differs if one word of the bytes does: each step is a bijection.
pub(super) fn checksum(bytes: &[u8]) -> u64 {
    /// An odd number, whose bits are those of the golden ratio.
    const FACTOR: u64 = 0x9e37_79b9_7f4a_7c15;
    let add = |sum: u64, word: u64| (sum.rotate_left(5) ^ word).wrapping_mul(FACTOR);
    let (words, rest) = bytes.as_chunks::<8>();
    let sum = words.iter().fold(bytes.len() as u64, |sum, word| {
        add(sum, u64::from_le_bytes(*word))
    });
    rest.iter()
        .fold(sum, |sum, byte| add(sum, u64::from(*byte)))
}

#[cfg(test)]
mod tests {
    use super::checksum;

    #[test]
    fn the_checksum_depends_on_every_byte() {
        let bytes: Vec<u8> = (0..37).collect();
        let sum = checksum(&bytes);
        for at in 0..bytes.len() {
            let mut changed = bytes.clone();
            changed[at] ^= 4;
            assert_ne!(checksum(&changed), sum);
        }
        assert_ne!(checksum(&bytes[..36]), sum);
    }
}
