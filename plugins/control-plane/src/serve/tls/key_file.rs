//! Reading a private key: only from a file that nobody else can read.

use std::fs::{File, Metadata};
use std::io::Read;
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;

use rustls::pki_types::PrivateKeyDer;
use rustls::pki_types::pem::{Error as PemError, PemObject as _};

use super::TlsConfigError;

/// A key takes 4 kB; a larger file is something else.
const MAX_BYTES: u64 = 1024 * 1024;
/// What neither group nor others may do.
const OTHERS: u32 = 0o077;
/// The same, when the key is root's and a group is let in: as Debian's `ssl-cert` has it, and a
/// secret that Kubernetes mounts. PostgreSQL allows the same two.
const OTHERS_OF_ROOTS: u32 = 0o037;

/// Reads the key.
pub(super) fn read(path: &Path) -> Result<PrivateKeyDer<'static>, TlsConfigError> {
    let unreadable = |error| TlsConfigError::Unreadable(path.to_owned(), error);
    let file = File::open(path).map_err(unreadable)?;
    // The facts are those of the open file: a path may lead elsewhere meanwhile.
    let facts = file.metadata().map_err(unreadable)?;
    let me = rustix::process::geteuid().as_raw();
    if let Some(why) = objection(&facts, me) {
        return Err(TlsConfigError::NotPrivate(path.to_owned(), why));
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

fn objection(facts: &Metadata, me: u32) -> Option<String> {
    refused(facts.uid(), facts.mode() & 0o777, me)
}

fn refused(owner: u32, mode: u32, me: u32) -> Option<String> {
    if owner != me && owner != 0 {
        return Some(format!(
            "it belongs to uid {owner}, and the server runs as uid {me}"
        ));
    }
    let others = if owner == 0 { OTHERS_OF_ROOTS } else { OTHERS };
    (mode & others != 0)
        .then(|| format!("it is open to others, with mode {mode:o}; run `chmod 600` on it"))
}

fn is_encrypted(text: &[u8]) -> bool {
    let mark = b"-----BEGIN ENCRYPTED PRIVATE KEY-----";
    text.windows(mark.len()).any(|part| part == mark)
}

#[cfg(test)]
mod tests {
    use super::refused;

    #[test]
    fn a_key_is_its_owners_or_roots_for_a_group() {
        for (owner, mode, me) in [
            (7, 0o600, 7),
            (7, 0o400, 7),
            (0, 0o600, 0),
            (0, 0o640, 7),
            (0, 0o440, 7),
        ] {
            assert_eq!(refused(owner, mode, me), None, "{owner} {mode:o} {me}");
        }
        for (owner, mode, me) in [
            (7, 0o640, 7),
            (7, 0o604, 7),
            (0, 0o644, 7),
            (0, 0o660, 7),
            (8, 0o600, 7),
            (8, 0o600, 0),
        ] {
            assert!(refused(owner, mode, me).is_some(), "{owner} {mode:o} {me}");
        }
    }
}
