//! A cache of parsed manifests and catalogs in one file, so that a start reads one file instead
//! of parsing all of them.
//!
//! The file is `plugins-VERSION-API.index` in the cache directory: [`MAGIC`], [`FORMAT`], the
//! identity of the executable, a checksum of the rest, and the entries. An entry has the path
//! of a file, its identity, and what was parsed. It is valid while the file has that identity;
//! who may change the file is checked without the cache at each start. The file counts as
//! empty if it is damaged, has another format, was written by another executable, or could
//! have been written by another user. Entries whose files are gone are removed when it is
//! written. A failure to write it is ignored.

use super::binary::{Encoded, Reader, encode_bytes};
use super::file_identity::FileIdentity;
use crate::atomic_file;
use kt_plugin_api::abi;
use std::ffi::OsStr;
use std::fs::Metadata;
use std::ops::Range;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

const MAGIC: &[u8; 8] = b"kt-index";
/// The version of the format, which changes with the encoding of anything in it.
const FORMAT: u32 = 1;

/// The cache.
pub(super) struct Index {
    /// Where it is written, and the executable that writes it.
    target: Option<(PathBuf, FileIdentity)>,
    /// What was read.
    bytes: Arc<Vec<u8>>,
    entries: Vec<Entry>,
    /// The entry after the one that was found last: files are looked up in the order in which
    /// they were added.
    next: usize,
    changed: bool,
}

struct Entry {
    path: PathBuf,
    identity: FileIdentity,
    content: Content,
    /// The file was looked up in this run.
    used: bool,
}

enum Content {
    Read(Range<usize>),
    Added(Vec<u8>),
}

impl Index {
    /// Opens the cache in `dir`. Its name contains the versions of kt and of the plugin API,
    /// because the known keys may differ.
    pub(super) fn open(dir: &Path, exe: &Path) -> Self {
        let kt = env!("CARGO_PKG_VERSION");
        let (major, minor) = (abi::ABI_MAJOR, abi::ABI_MINOR);
        let Ok(meta) = std::fs::metadata(exe) else {
            return Self::none();
        };
        let file = dir.join(format!("plugins-{kt}-{major}.{minor}.index"));
        let exe = FileIdentity::of(&meta);
        let bytes = Arc::new(atomic_file::read_private(&file).unwrap_or_default());
        Self {
            entries: read_entries(&bytes, &exe).unwrap_or_default(),
            bytes,
            target: Some((file, exe)),
            ..Self::none()
        }
    }

    /// Returns an empty cache, which is not written.
    pub(super) fn none() -> Self {
        Self {
            target: None,
            bytes: Arc::default(),
            entries: Vec::new(),
            next: 0,
            changed: false,
        }
    }

    /// Decodes what was parsed of the file at `path`, if that is unchanged.
    pub(super) fn get<T>(
        &mut self,
        path: &Path,
        meta: &Metadata,
        decode: impl FnOnce(&Arc<Vec<u8>>, &mut Reader<'_>) -> Option<T>,
    ) -> Option<T> {
        let position = self.position(path)?;
        self.next = position + 1;
        let entry = self.entries.get_mut(position)?;
        entry.used = true;
        let Content::Read(range) = &entry.content else {
            return None;
        };
        if entry.identity != FileIdentity::of(meta) {
            return None;
        }
        decode(&self.bytes, &mut Reader::new(&self.bytes, range.start))
    }

    fn position(&self, path: &Path) -> Option<usize> {
        let is_at = |entry: &Entry| entry.path == path;
        if self.entries.get(self.next).is_some_and(is_at) {
            return Some(self.next);
        }
        self.entries.iter().position(is_at)
    }

    /// Adds what was parsed of a file, unless it changed a moment ago.
    pub(super) fn insert(
        &mut self,
        path: &Path,
        meta: &Metadata,
        encode: impl FnOnce(&mut Vec<u8>),
    ) {
        let identity = FileIdentity::of(meta);
        if self.target.is_none() || !identity.is_settled() {
            return;
        }
        let mut content = Vec::new();
        encode(&mut content);
        let entry = Entry {
            path: path.to_owned(),
            identity,
            content: Content::Added(content),
            used: true,
        };
        match self.position(path) {
            Some(at) => self.entries.splice(at..=at, [entry]).for_each(drop),
            None => self.entries.push(entry),
        }
        self.changed = true;
    }

    /// Writes the cache if it changed.
    pub(super) fn save(&self) {
        let Some((file, exe)) = self.target.as_ref().filter(|_| self.changed) else {
            return;
        };
        let exists = |entry: &&Entry| entry.used || entry.path.exists();
        let kept: Vec<&Entry> = self.entries.iter().filter(exists).collect();
        let mut body = Vec::new();
        u32::try_from(kept.len())
            .unwrap_or(u32::MAX)
            .encode(&mut body);
        for entry in kept {
            encode_bytes(entry.path.as_os_str().as_bytes(), &mut body);
            entry.identity.encode(&mut body);
            let content = match &entry.content {
                Content::Read(range) => self.bytes.get(range.clone()).unwrap_or_default(),
                Content::Added(content) => content,
            };
            encode_bytes(content, &mut body);
        }
        let mut bytes = MAGIC.to_vec();
        FORMAT.encode(&mut bytes);
        exe.encode(&mut bytes);
        checksum(&body).encode(&mut bytes);
        bytes.extend_from_slice(&body);
        let written = file
            .parent()
            .map_or(Ok(()), atomic_file::create_private_dir)
            .and_then(|()| atomic_file::replace(file, &bytes));
        // It only costs time.
        drop(written);
    }
}

/// Returns the entries, if this executable has written the bytes.
fn read_entries(bytes: &[u8], exe: &FileIdentity) -> Option<Vec<Entry>> {
    bytes.strip_prefix(MAGIC)?;
    let mut reader = Reader::new(bytes, MAGIC.len());
    if u32::decode(&mut reader)? != FORMAT || FileIdentity::decode(&mut reader)? != *exe {
        return None;
    }
    if u64::decode(&mut reader)? != checksum(reader.rest()) {
        return None;
    }
    let count = u32::decode(&mut reader)?;
    let mut entries = Vec::new();
    for _ in 0..count {
        entries.push(Entry {
            path: OsStr::from_bytes(reader.bytes()?).into(),
            identity: FileIdentity::decode(&mut reader)?,
            content: Content::Read(reader.range()?),
            used: false,
        });
    }
    reader.is_at_end().then_some(entries)
}

/// Returns a checksum, which differs if one word of the bytes does: each step is a bijection.
fn checksum(bytes: &[u8]) -> u64 {
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
    use super::super::binary::Encoded;
    use super::{Index, checksum};
    use std::fs::{self, Metadata, Permissions};
    use std::os::unix::fs::PermissionsExt;
    use std::path::{Path, PathBuf};

    /// Files that have existed for longer than the resolution of time stamps.
    fn old_files() -> [PathBuf; 2] {
        let workspace = Path::new(env!("CARGO_MANIFEST_DIR"));
        [workspace.join("Cargo.toml"), workspace.join("src/main.rs")]
    }

    fn meta(path: &Path) -> Metadata {
        fs::metadata(path).unwrap()
    }

    fn filled(dir: &Path, exe: &Path) -> PathBuf {
        let mut index = Index::open(dir, exe);
        for (number, file) in (7_u64..).zip(old_files()) {
            index.insert(&file, &meta(&file), |to| number.encode(to));
        }
        index.save();
        let mut files = fs::read_dir(dir).unwrap();
        let file = files.next().unwrap().unwrap().path();
        assert!(files.next().is_none());
        file
    }

    fn numbers(dir: &Path, exe: &Path) -> Vec<Option<u64>> {
        let mut index = Index::open(dir, exe);
        let files = old_files();
        let mut number = |file: &PathBuf, meta| index.get(file, &meta, |_, from| u64::decode(from));
        let mut all: Vec<_> = files.iter().map(|file| number(file, meta(file))).collect();
        // In another order.
        all.push(number(&files[0], meta(&files[0])));
        // With the identity of another file.
        assert_eq!(number(&files[0], meta(&files[1])), None);
        all
    }

    #[test]
    fn what_was_parsed_is_found_for_an_unchanged_file_and_the_same_executable() {
        let dir = tempfile::tempdir().unwrap();
        let [exe, other] = old_files();
        filled(dir.path(), &exe);
        assert_eq!(numbers(dir.path(), &exe), [Some(7), Some(8), Some(7)]);
        assert_eq!(numbers(dir.path(), &other), [None; 3]);
        assert_eq!(numbers(dir.path(), Path::new("/dev/null/x")), [None; 3]);
    }

    #[test]
    fn a_file_that_was_just_written_is_not_cached() {
        let dir = tempfile::tempdir().unwrap();
        let [exe, _] = old_files();
        let file = dir.path().join("new");
        fs::write(&file, "x").unwrap();
        let mut index = Index::open(dir.path(), &exe);
        index.insert(&file, &meta(&file), |to| 1_u64.encode(to));
        index.save();
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1);
    }

    #[test]
    fn a_damaged_file_counts_as_empty_and_is_replaced() {
        let dir = tempfile::tempdir().unwrap();
        let [exe, _] = old_files();
        let file = filled(dir.path(), &exe);
        let bytes = fs::read(&file).unwrap();
        let damaged = |bytes: &[u8]| {
            fs::write(&file, bytes).unwrap();
            assert_eq!(numbers(dir.path(), &exe), [None; 3]);
        };
        for cut in 0..bytes.len() {
            damaged(&bytes[..cut]);
        }
        for at in 0..bytes.len() {
            for bit in [1, 0x80] {
                let mut changed = bytes.clone();
                changed[at] ^= bit;
                damaged(&changed);
            }
        }
        damaged(&[bytes.as_slice(), &[0]].concat());
        filled(dir.path(), &exe);
        assert_eq!(numbers(dir.path(), &exe), [Some(7), Some(8), Some(7)]);
    }

    #[test]
    fn a_file_that_others_could_have_written_is_not_read() {
        let dir = tempfile::tempdir().unwrap();
        let [exe, _] = old_files();
        let file = filled(dir.path(), &exe);
        fs::set_permissions(&file, Permissions::from_mode(0o622)).unwrap();
        assert_eq!(numbers(dir.path(), &exe), [None; 3]);
    }

    #[test]
    fn a_directory_that_cannot_be_written_is_not_an_error() {
        let [exe, _] = old_files();
        let mut index = Index::open(Path::new("/dev/null/kt"), &exe);
        index.insert(&exe, &meta(&exe), |to| 1_u64.encode(to));
        index.save();
    }

    #[test]
    fn entries_of_files_that_are_gone_are_removed() {
        let dir = tempfile::tempdir().unwrap();
        let [exe, other] = old_files();
        let mut index = Index::open(dir.path(), &exe);
        let gone = dir.path().join("gone");
        index.insert(&gone, &meta(&other), |to| 1_u64.encode(to));
        index.save();
        let before = Index::open(dir.path(), &exe).entries.len();
        filled(dir.path(), &exe);
        assert_eq!(
            (before, Index::open(dir.path(), &exe).entries.len()),
            (1, 2)
        );
    }

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
