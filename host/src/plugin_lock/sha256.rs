//! Hashes of files, with their scheme: `sha256:` and 64 hexadecimal digits.

use sha2::{Digest, Sha256};
use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};

/// The only scheme that is written. Others are ignored, so that a later version can
/// add one.
pub(super) const SCHEME: &str = "sha256:";

/// Returns the hash of an open file with its scheme; the position is not kept.
///
/// # Errors
/// When reading fails.
pub(crate) fn sha256_of(file: &File) -> io::Result<String> {
    let mut file = file;
    file.seek(SeekFrom::Start(0))?;
    let mut hash = Sha256::new();
    let mut buffer = vec![0; 128 * 1024];
    loop {
        let count = file.read(&mut buffer)?;
        match buffer.get(..count) {
            Some(read) if count > 0 => hash.update(read),
            _ => break,
        }
    }
    Ok(format!("{SCHEME}{}", hex(&hash.finalize())))
}

/// Returns the hash of `bytes` with its scheme.
pub(super) fn sha256_of_bytes(bytes: &[u8]) -> String {
    format!("{SCHEME}{}", hex(&Sha256::digest(bytes)))
}

/// Formats bytes as hexadecimal digits.
fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|b| format!("{b:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::{sha256_of, sha256_of_bytes};
    use std::io::Write;

    #[test]
    fn a_file_and_its_bytes_have_the_same_hash() {
        let bytes = vec![7; 300_000];
        let mut file = tempfile::tempfile().unwrap();
        file.write_all(&bytes).unwrap();
        assert_eq!(sha256_of(&file).unwrap(), sha256_of_bytes(&bytes));
        assert!(sha256_of_bytes(b"").starts_with("sha256:e3b0c44298fc1c14"));
    }
}
