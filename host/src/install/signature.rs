//! Minisign signatures of artifacts.

use kt_plugin_api::{Class, Error};
use minisign_verify::{PublicKey, Signature};
use std::fs::File;
use std::io::{Read, Seek};
use std::path::{Path, PathBuf};

/// A larger file is neither a key nor a signature.
const MAX_SIZE: u64 = 64 * 1024;

/// A public key, and the file with the signature.
pub(crate) struct Publisher {
    /// The key as base64, as minisign prints it.
    pub(crate) public_key: String,
    key: PublicKey,
    signature: PathBuf,
}

impl Publisher {
    /// Reads a key: its base64 form, or the path of a `.pub` file.
    ///
    /// # Errors
    /// Class `usage` if it is neither.
    pub(crate) fn new(key: &str, cwd: &Path, signature: PathBuf) -> Result<Self, Error> {
        let text = match PublicKey::from_base64(key) {
            Ok(_) => key.to_owned(),
            Err(_) => base64_line(&read(&cwd.join(key), "the public key")?),
        };
        let key = PublicKey::from_base64(&text).map_err(|_| {
            let message = "the public key is not a minisign public key";
            Error::new(Class::Usage, "invalid-public-key", message)
                .hint("pass the line that begins with `RW`, or the path of `minisign.pub`")
        })?;
        Ok(Self {
            public_key: text,
            key,
            signature,
        })
    }

    /// Checks the signature of a file.
    ///
    /// # Errors
    /// Class `usage` if it is missing, damaged, or by another key.
    pub(super) fn check(&self, path: &Path, file: &File) -> Result<(), Error> {
        let text = read(&self.signature, "the signature")?;
        let signature = Signature::decode(&text).map_err(|e| self.invalid(path, &e))?;
        let mut verifier = self
            .key
            .verify_stream(&signature)
            .map_err(|e| self.invalid(path, &e))?;
        let mut file = file;
        let unreadable = |e: std::io::Error| self.invalid(path, &e);
        file.rewind().map_err(unreadable)?;
        let mut buffer = vec![0; 128 * 1024];
        loop {
            let count = file.read(&mut buffer).map_err(unreadable)?;
            match buffer.get(..count) {
                Some(bytes) if count > 0 => verifier.update(bytes),
                _ => break,
            }
        }
        verifier.finalize().map_err(|e| self.invalid(path, &e))
    }

    fn invalid(&self, path: &Path, reason: &dyn std::fmt::Display) -> Error {
        let message = format!("`{}` is not signed by this publisher", path.display());
        Error::new(Class::Usage, "invalid-signature", message)
            .cause(format!("`{}`: {reason}", self.signature.display()))
            .cause(format!("the key is {}", key_id(&self.public_key)))
            .hint("download the file and its signature again")
    }
}

/// Returns the id of a minisign key as minisign prints it: the bytes 2 to 9 of the key,
/// reversed, in hexadecimal. They are the characters 2 to 14 of its base64 form.
pub(crate) fn key_id(public_key: &str) -> String {
    const ALPHABET: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut bits = 0u32;
    let mut count = 0;
    let mut bytes = Vec::new();
    for c in public_key.bytes().take(14) {
        let digit = ALPHABET.iter().position(|a| *a == c).unwrap_or(0);
        bits = (bits << 6) | u32::try_from(digit).unwrap_or(0);
        count += 6;
        if count >= 8 {
            count -= 8;
            bytes.push((bits >> count) & 0xff);
        }
    }
    let id = bytes.iter().skip(2).take(8).rev();
    id.map(|b| format!("{b:02X}")).collect()
}

/// Returns the second line of a key file, which follows a comment.
fn base64_line(text: &str) -> String {
    let mut lines = text.lines().filter(|l| !l.starts_with("untrusted comment"));
    lines.next().unwrap_or_default().trim().to_owned()
}

fn read(path: &Path, what: &str) -> Result<String, Error> {
    let file = super::files::open_regular(path);
    file.and_then(|file| std::io::read_to_string(file.take(MAX_SIZE)))
        .map_err(|e| {
            let message = format!("{what} `{}` cannot be read", path.display());
            Error::new(Class::Usage, "invalid-signature", message).cause(e)
        })
}

#[cfg(test)]
mod tests {
    use super::{Publisher, key_id};
    use std::path::{Path, PathBuf};

    /// The key of the minisign project, from its documentation.
    const KEY: &str = "RWQf6LRCGA9i53mlYecO4IzT51TGPpvWucNSCh1CBM0QTaLn73Y7GFO3";

    #[test]
    fn a_key_is_its_text_or_a_file() {
        let dir = tempfile::tempdir().unwrap();
        let text = format!("untrusted comment: minisign public key\n{KEY}\n");
        std::fs::write(dir.path().join("minisign.pub"), text).unwrap();
        for key in [KEY, "minisign.pub"] {
            let publisher = Publisher::new(key, dir.path(), PathBuf::new()).unwrap();
            assert_eq!(publisher.public_key, KEY);
        }
        assert_eq!(key_id(KEY), "E7620F1842B4E81F");
        for key in ["", "RWQ", "absent.pub"] {
            assert!(Publisher::new(key, Path::new("/nonexistent"), PathBuf::new()).is_err());
        }
    }
}
