//! A cache of parsed manifests and catalogs in one file, so that a start reads one part of one
//! file instead of parsing all of them.
//!
//! The file is `plugins-VERSION-API.index` in the cache directory: [`MAGIC`], [`FORMAT`], the
//! identity of the executable, the length and the checksum of the entries, the entries, and
//! their details. An entry has the path of a file, its identity, what was parsed, and the
//! place and checksum of its details, the commands of a plugin, which are read when they are
//! needed. It is valid while the file has that identity; who may change the file is checked
//! without the cache at each start.
//!
//! The index counts as empty if its entries are damaged, if it has another format, was written
//! by another executable, or could have been written by another user. With damaged details it
//! is removed. Entries whose files are gone are removed when it is written. A failure to write
//! it is ignored.

use super::binary::{Encoded, Reader, encode_bytes, encode_length};
use super::details::{Details, StoredDetails};
use super::file_identity::FileIdentity;
use super::index_checksum::checksum;
use crate::atomic_file;
use kt_plugin_api::abi;
use std::ffi::OsStr;
use std::fs::{File, Metadata};
use std::ops::Range;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

const MAGIC: &[u8; 8] = b"kt-index";
/// The version of the format, which changes with the encoding of anything in it.
const FORMAT: u32 = 1;
/// The bytes that are read first, which include the entries of the bundled plugins.
const FIRST_READ: usize = 16 * 1024;

/// The cache.
pub(super) struct Index {
    /// Where it is written, and the executable that writes it.
    target: Option<(PathBuf, FileIdentity)>,
    stored: Option<StoredIndex>,
    entries: Vec<Entry>,
    /// The entry after the one that was found last: files are looked up in the order in which
    /// they were added.
    next: usize,
    changed: bool,
}

/// The file that was read.
struct StoredIndex {
    file: Arc<File>,
    /// The start of the file, up to the end of the entries or further.
    bytes: Vec<u8>,
    /// The offset of the details.
    details: u64,
}

struct Entry {
    path: PathBuf,
    identity: FileIdentity,
    content: Content,
    /// The file was looked up in this run.
    used: bool,
}

enum Content {
    Stored {
        /// Where what was parsed is.
        parsed: Range<usize>,
        details: DetailsLocation,
    },
    Added {
        parsed: Vec<u8>,
        details: Arc<Vec<u8>>,
    },
}

/// Where details are, from the first ones on.
#[derive(Clone)]
struct DetailsLocation {
    offset: u64,
    length: u32,
    checksum: u64,
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
        let (stored, entries) = read(&file, &exe).unzip();
        Self {
            stored,
            entries: entries.unwrap_or_default(),
            target: Some((file, exe)),
            ..Self::none()
        }
    }

    /// Returns an empty cache, which is not written.
    pub(super) fn none() -> Self {
        Self {
            target: None,
            stored: None,
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
        decode: impl FnOnce(Details, &mut Reader<'_>) -> Option<T>,
    ) -> Option<T> {
        let position = self.position(path)?;
        self.next = position + 1;
        let entry = self.entries.get_mut(position)?;
        entry.used = true;
        let Content::Stored { parsed, details } = &entry.content else {
            return None;
        };
        if entry.identity != FileIdentity::of(meta) {
            return None;
        }
        let (stored, (index, _)) = self.stored.as_ref().zip(self.target.as_ref())?;
        let details = stored.details(index, path, details)?;
        decode(details, &mut Reader::new(&stored.bytes, parsed.start))
    }

    fn position(&self, path: &Path) -> Option<usize> {
        let bytes = path.as_os_str();
        let is_at = |entry: &Entry| entry.path.as_os_str() == bytes;
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
        details: Arc<Vec<u8>>,
        encode: impl FnOnce(&mut Vec<u8>),
    ) {
        let identity = FileIdentity::of(meta);
        if self.target.is_none() || !identity.is_settled() {
            return;
        }
        let mut parsed = Vec::new();
        encode(&mut parsed);
        let entry = Entry {
            path: path.to_owned(),
            identity,
            content: Content::Added { parsed, details },
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
        let (mut entries, mut all_details) = (Vec::new(), Vec::new());
        for entry in &self.entries {
            if !entry.used && !entry.path.exists() {
                continue;
            }
            let Some((parsed, details)) = self.content(entry) else {
                continue;
            };
            encode_bytes(entry.path.as_os_str().as_bytes(), &mut entries);
            entry.identity.encode(&mut entries);
            encode_bytes(parsed, &mut entries);
            (all_details.len() as u64).encode(&mut entries);
            encode_length(details.len(), &mut entries);
            checksum(&details).encode(&mut entries);
            all_details.extend_from_slice(&details);
        }
        let mut bytes = MAGIC.to_vec();
        FORMAT.encode(&mut bytes);
        exe.encode(&mut bytes);
        (entries.len() as u64).encode(&mut bytes);
        checksum(&entries).encode(&mut bytes);
        bytes.extend_from_slice(&entries);
        bytes.extend_from_slice(&all_details);
        let written = file
            .parent()
            .map_or(Ok(()), atomic_file::create_private_dir)
            .and_then(|()| atomic_file::replace(file, &bytes));
        // It only costs time.
        drop(written);
    }

    /// Returns what an entry has; `None` if its details are damaged.
    fn content<'e>(&'e self, entry: &'e Entry) -> Option<(&'e [u8], Arc<Vec<u8>>)> {
        match &entry.content {
            Content::Added { parsed, details } => Some((parsed, Arc::clone(details))),
            Content::Stored { parsed, details } => {
                let (stored, (index, _)) = self.stored.as_ref().zip(self.target.as_ref())?;
                let details = stored.details(index, &entry.path, details)?;
                let parsed = stored.bytes.get(parsed.clone())?;
                Some((parsed, details.stored_bytes()?))
            }
        }
    }
}

impl StoredIndex {
    fn details(
        &self,
        index: &Path,
        manifest: &Path,
        location: &DetailsLocation,
    ) -> Option<Details> {
        Some(Details::Stored(Arc::new(StoredDetails {
            file: Arc::clone(&self.file),
            index: index.to_owned(),
            manifest: manifest.to_owned(),
            offset: self.details.checked_add(location.offset)?,
            length: usize::try_from(location.length).ok()?,
            checksum: location.checksum,
        })))
    }
}

/// Reads the entries, if this executable has written the file.
fn read(path: &Path, exe: &FileIdentity) -> Option<(StoredIndex, Vec<Entry>)> {
    let (file, size) = atomic_file::open_private(path)?;
    let size = usize::try_from(size).ok()?;
    let mut bytes = vec![0; size.min(FIRST_READ)];
    file.read_exact_at(&mut bytes, 0).ok()?;
    bytes.strip_prefix(MAGIC)?;
    let mut reader = Reader::new(&bytes, MAGIC.len());
    if u32::decode(&mut reader)? != FORMAT || FileIdentity::decode(&mut reader)? != *exe {
        return None;
    }
    let length = usize::try_from(u64::decode(&mut reader)?).ok()?;
    let sum = u64::decode(&mut reader)?;
    let start = bytes.len() - reader.rest().len();
    let end = start.checked_add(length).filter(|end| *end <= size)?;
    let first = bytes.len();
    if end > first {
        bytes.resize(end, 0);
        file.read_exact_at(bytes.get_mut(first..)?, first as u64)
            .ok()?;
    }
    let encoded = bytes.get(start..end)?;
    if checksum(encoded) != sum {
        return None;
    }
    let entries = read_entries(&bytes, start, end)?;
    let stored = StoredIndex {
        file: Arc::new(file),
        bytes,
        details: end as u64,
    };
    Some((stored, entries))
}

fn read_entries(bytes: &[u8], start: usize, end: usize) -> Option<Vec<Entry>> {
    let mut reader = Reader::new(bytes.get(..end)?, start);
    let mut entries = Vec::new();
    while !reader.is_at_end() {
        entries.push(Entry {
            path: OsStr::from_bytes(reader.bytes()?).into(),
            identity: FileIdentity::decode(&mut reader)?,
            content: Content::Stored {
                parsed: reader.range()?,
                details: DetailsLocation {
                    offset: u64::decode(&mut reader)?,
                    length: u32::decode(&mut reader)?,
                    checksum: u64::decode(&mut reader)?,
                },
            },
            used: false,
        });
    }
    Some(entries)
}

#[cfg(test)]
mod tests {
    use super::super::binary::Encoded;
    use super::Index;
    use std::fs::{self, Metadata, Permissions};
    use std::os::unix::fs::PermissionsExt;
    use std::path::{Path, PathBuf};
    use std::sync::Arc;

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
            index.insert(&file, &meta(&file), details(number), |to| number.encode(to));
        }
        index.save();
        let mut files = fs::read_dir(dir).unwrap();
        let file = files.next().unwrap().unwrap().path();
        assert!(files.next().is_none());
        file
    }

    fn details(number: u64) -> Arc<Vec<u8>> {
        Arc::new(number.to_be_bytes().repeat(3000))
    }

    /// Returns what was parsed of each file, `None` also if its details are damaged.
    fn numbers(dir: &Path, exe: &Path) -> Vec<Option<u64>> {
        let mut index = Index::open(dir, exe);
        let files = old_files();
        let mut number = |file: &PathBuf, meta| {
            let found = index.get(file, &meta, |details, from| {
                Some((details, u64::decode(from)?))
            });
            let (found, number) = found?;
            (found.stored_bytes()? == details(number)).then_some(number)
        };
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
        index.insert(&file, &meta(&file), Arc::default(), |to| 1_u64.encode(to));
        index.save();
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1);
    }

    #[test]
    fn damage_is_noticed() {
        let dir = tempfile::tempdir().unwrap();
        let [exe, _] = old_files();
        let file = filled(dir.path(), &exe);
        let bytes = fs::read(&file).unwrap();
        let found = |bytes: &[u8]| {
            fs::write(&file, bytes).unwrap();
            numbers(dir.path(), &exe)
        };
        let complete = [Some(7), Some(8), Some(7)];
        for cut in (0..bytes.len()).step_by(83) {
            assert_ne!(found(&bytes[..cut]), complete, "{cut}");
        }
        for at in (0..400).chain((400..bytes.len()).step_by(97)) {
            for bit in [1, 0x80] {
                let mut changed = bytes.clone();
                changed[at] ^= bit;
                assert_ne!(found(&changed), complete, "{at}");
            }
        }
        fs::remove_file(&file).unwrap();
        filled(dir.path(), &exe);
        assert_eq!(numbers(dir.path(), &exe), complete);
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
        index.insert(&exe, &meta(&exe), Arc::default(), |to| 1_u64.encode(to));
        index.save();
    }

    #[test]
    fn entries_of_files_that_are_gone_are_removed() {
        let dir = tempfile::tempdir().unwrap();
        let [exe, other] = old_files();
        let mut index = Index::open(dir.path(), &exe);
        let gone = dir.path().join("gone");
        index.insert(&gone, &meta(&other), Arc::default(), |to| 1_u64.encode(to));
        index.save();
        let before = Index::open(dir.path(), &exe).entries.len();
        filled(dir.path(), &exe);
        assert_eq!(
            (before, Index::open(dir.path(), &exe).entries.len()),
            (1, 2)
        );
    }
}
