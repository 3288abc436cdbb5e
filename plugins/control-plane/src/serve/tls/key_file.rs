//! Reads a private key, only from a file that other users cannot read.

use std::fs::{self, File};
use std::io::{self, Read};
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;

use rustls::pki_types::PrivateKeyDer;
use rustls::pki_types::pem::{Error as PemError, PemObject as _};

use super::error::TlsConfigError;

/// Largest file. A key takes 4 kB.
const MAX_BYTES: u64 = 1024 * 1024;
/// The mode bits that must not be set.
const FORBIDDEN_MODE: u32 = 0o077;
/// The same for a file of root, which a group may read: the group `ssl-cert` of Debian, or the
/// group of a mounted secret in Kubernetes. PostgreSQL has the same rule.
const FORBIDDEN_MODE_OF_ROOT: u32 = 0o037;

/// Reads the key.
pub(super) fn read(path: &Path) -> Result<PrivateKeyDer<'static>, TlsConfigError> {
    let unreadable = |error| TlsConfigError::Unreadable(path.to_owned(), error);
    let file = open_regular(path).map_err(unreadable)?;
    // The metadata of the open file: the path may be replaced meanwhile.
    let metadata = file.metadata().map_err(unreadable)?;
    let uid = rustix::process::geteuid().as_raw();
    let reason = access_error(metadata.uid(), metadata.mode() & 0o777, uid);
    if let Some(reason) = reason {
        return Err(TlsConfigError::NotPrivate(path.to_owned(), reason));
    }
    let mut text = Vec::new();
    file.take(MAX_BYTES)
        .read_to_end(&mut text)
        .map_err(unreadable)?;
    PrivateKeyDer::from_pem_slice(&text).map_err(|error| match error {
        PemError::NoItemsFound if is_encrypted(&text) => TlsConfigError::Encrypted(path.to_owned()),
        _ => TlsConfigError::NoKey(path.to_owned()),
    })
}

/// Opens a file that is read again when it is renewed: not a FIFO, which would block.
pub(super) fn open_regular(path: &Path) -> io::Result<File> {
    match fs::metadata(path)?.is_file() {
        true => File::open(path),
        false => Err(io::Error::other("it is not a regular file")),
    }
}

/// Returns why a file with this owner and mode is not private.
fn access_error(owner: u32, mode: u32, uid: u32) -> Option<String> {
    if owner != uid && owner != 0 {
        return Some(format!(
            "the file belongs to uid {owner}, and the server runs as uid {uid}"
        ));
    }
    let forbidden = if owner == 0 {
        FORBIDDEN_MODE_OF_ROOT
    } else {
        FORBIDDEN_MODE
    };
    (mode & forbidden != 0).then(|| {
        format!("the file is accessible to other users (mode {mode:o}); run `chmod 600` on it")
    })
}

fn is_encrypted(text: &[u8]) -> bool {
    let label = b"-----BEGIN ENCRYPTED PRIVATE KEY-----";
    text.windows(label.len()).any(|part| part == label)
}

#[cfg(test)]
mod tests {
    use super::access_error;

    #[test]
    fn a_key_is_readable_by_its_owner_only_or_by_a_group_of_root() {
        for (owner, mode, uid) in [
            (7, 0o600, 7),
            (7, 0o400, 7),
            (0, 0o600, 0),
            (0, 0o640, 7),
            (0, 0o440, 7),
        ] {
            assert_eq!(
                access_error(owner, mode, uid),
                None,
                "{owner} {mode:o} {uid}"
            );
        }
        for (owner, mode, uid) in [
            (7, 0o640, 7),
            (7, 0o604, 7),
            (0, 0o644, 7),
            (0, 0o660, 7),
            (8, 0o600, 7),
            (8, 0o600, 0),
        ] {
            assert!(
                access_error(owner, mode, uid).is_some(),
                "{owner} {mode:o} {uid}"
            );
        }
    }
}
