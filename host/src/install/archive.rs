//! Unpacks a gzip-compressed tar archive. Only regular files and directories are
//! accepted, and nothing is written outside of the target directory.

use super::files::{MAX_FILES, MAX_TOTAL, create_file};
use crate::atomic_file::create_private_dir;
use flate2::read::GzDecoder;
use std::fs::File;
use std::io::{self, Read};
use std::path::{Component, Path, PathBuf};
use tar::{Archive, Entry, EntryType};

/// The size of the headers of an archive with the maximum number of files.
const HEADERS: u64 = MAX_FILES as u64 * 1024;

/// Unpacks an archive.
///
/// # Errors
/// The reason, with the name of the entry.
pub(super) fn unpack(file: &File, dir: &Path) -> Result<(), String> {
    // One byte more than allowed, so that a larger archive is an error and not cut.
    let bytes = GzDecoder::new(file).take(MAX_TOTAL + HEADERS + 1);
    let mut archive = Archive::new(bytes);
    let damaged = |e: io::Error| format!("the archive is damaged: {e}");
    let mut total = 0u64;
    // Raw entries, because long names are stored as entries of any size, which would be
    // read to memory.
    let entries = archive.entries().map_err(damaged)?.raw(true);
    for (index, entry) in entries.enumerate() {
        if index >= MAX_FILES {
            return Err(format!("the archive has more than {MAX_FILES} entries"));
        }
        let mut entry = entry.map_err(damaged)?;
        let name = entry.path().map_err(damaged)?.into_owned();
        let shown = name.display().to_string().escape_debug().to_string();
        let kind = entry.header().entry_type();
        if matches!(kind, EntryType::XGlobalHeader | EntryType::XHeader) {
            check_extension(&mut entry, &shown)?;
            continue;
        }
        let relative = relative(&name)
            .ok_or_else(|| format!("the path of the entry `{shown}` leaves the directory"))?;
        let size = entry.header().size().map_err(damaged)?;
        total = total.saturating_add(size);
        if total > MAX_TOTAL {
            return Err(format!(
                "the archive contains more than {} MiB",
                MAX_TOTAL >> 20
            ));
        }
        let target = dir.join(&relative);
        let failed = |e: io::Error| format!("the entry `{shown}` cannot be unpacked: {e}");
        match kind {
            EntryType::Directory => create_private_dir(&target).map_err(failed)?,
            EntryType::Regular | EntryType::Continuous => {
                create_private_dir(target.parent().unwrap_or(dir)).map_err(failed)?;
                write(&mut entry, &target, size).map_err(failed)?;
            }
            other => {
                let kind = describe(other);
                return Err(format!("the entry `{shown}` is {kind}"));
            }
        }
    }
    Ok(())
}

fn write(entry: &mut impl Read, target: &Path, size: u64) -> io::Result<()> {
    let mut file = create_file(target)?;
    let copied = io::copy(entry, &mut file)?;
    if copied == size {
        Ok(())
    } else {
        Err(io::Error::from(io::ErrorKind::UnexpectedEof))
    }
}

/// Accepts extended headers, such as the times that some programs write, unless they
/// change the path or the size of the next entry.
fn check_extension(entry: &mut Entry<'_, impl Read>, name: &str) -> Result<(), String> {
    const MAX_EXTENSION: u64 = 64 * 1024;
    let mut text = Vec::new();
    entry
        .take(MAX_EXTENSION)
        .read_to_end(&mut text)
        .map_err(|e| format!("the archive is damaged: {e}"))?;
    let text = String::from_utf8_lossy(&text);
    let changes = ["path=", "linkpath=", "size=", "GNU.sparse"];
    let changes_entry = text
        .lines()
        .filter_map(|line| line.split_once(' '))
        .any(|(_, record)| changes.iter().any(|key| record.starts_with(key)));
    if changes_entry {
        return Err(format!(
            "the extended header `{name}` changes a path or a size: use paths shorter than 100 bytes"
        ));
    }
    Ok(())
}

/// Returns the path without `.`, unless it is absolute, empty or has `..`.
fn relative(path: &Path) -> Option<PathBuf> {
    let mut result = PathBuf::new();
    for component in path.components() {
        match component {
            Component::Normal(name) => result.push(name),
            Component::CurDir => {}
            _ => return None,
        }
    }
    Some(result)
}

fn describe(kind: EntryType) -> String {
    match kind {
        EntryType::Link => "a hard link".to_owned(),
        EntryType::Symlink => "a symbolic link".to_owned(),
        EntryType::Char | EntryType::Block => "a device".to_owned(),
        EntryType::Fifo => "a FIFO".to_owned(),
        EntryType::GNULongName | EntryType::GNULongLink => {
            "a path of more than 100 bytes".to_owned()
        }
        EntryType::GNUSparse => "a sparse file".to_owned(),
        other => format!("of the unknown type {}", other.as_byte()),
    }
}

#[cfg(test)]
mod tests {
    use super::unpack;
    use flate2::Compression;
    use flate2::write::GzEncoder;
    use std::fs;
    use std::io::{Seek, Write};
    use tar::{Builder, EntryType, Header};

    fn header(name: &[u8], kind: EntryType, size: u64) -> Header {
        let mut header = Header::new_ustar();
        let field = &mut header.as_old_mut().name;
        field[..name.len()].copy_from_slice(name);
        header.set_entry_type(kind);
        header.set_mode(0o644);
        header.set_size(size);
        header.set_cksum();
        header
    }

    fn unpacked(entries: &[(Header, &[u8])]) -> Result<Vec<String>, String> {
        let mut builder = Builder::new(GzEncoder::new(Vec::new(), Compression::fast()));
        for (header, data) in entries {
            builder.append(header, *data).unwrap();
        }
        compressed(&builder.into_inner().unwrap().finish().unwrap())
    }

    fn compressed(bytes: &[u8]) -> Result<Vec<String>, String> {
        let root = tempfile::tempdir().unwrap();
        let mut file = tempfile::tempfile().unwrap();
        file.write_all(bytes).unwrap();
        file.rewind().unwrap();
        let dir = root.path().join("dir");
        fs::create_dir(&dir).unwrap();
        let result = unpack(&file, &dir);
        let outside = fs::read_dir(root.path()).unwrap().count();
        assert_eq!(outside, 1, "a file was written outside");
        result?;
        let mut names: Vec<String> = fs::read_dir(&dir)
            .unwrap()
            .map(|e| e.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        Ok(names)
    }

    #[test]
    fn regular_files_are_unpacked() {
        let entries = [
            (header(b"./", EntryType::Directory, 0), &b""[..]),
            (header(b"./a", EntryType::Regular, 3), b"abc"),
            (header(b"d/b", EntryType::Regular, 1), b"x"),
            (
                header(b"PaxHeader/c", EntryType::XHeader, 20),
                b"20 mtime=1234567890\n",
            ),
            (header(b"c", EntryType::Regular, 0), b""),
        ];
        assert_eq!(unpacked(&entries).unwrap(), ["a", "c", "d"]);
    }

    #[test]
    fn dangerous_entries_are_refused() {
        let data = b"x";
        for (name, kind, reason) in [
            (&b"../x"[..], EntryType::Regular, "leaves the directory"),
            (b"a/../../x", EntryType::Regular, "leaves the directory"),
            (b"/etc/x", EntryType::Regular, "leaves the directory"),
            (b"l", EntryType::Symlink, "a symbolic link"),
            (b"l", EntryType::Link, "a hard link"),
            (b"d", EntryType::Char, "a device"),
            (b"d", EntryType::Block, "a device"),
            (b"f", EntryType::Fifo, "a FIFO"),
            (b"s", EntryType::GNUSparse, "sparse"),
            (b"n", EntryType::GNULongName, "more than 100 bytes"),
            (b"?", EntryType::new(b'Z'), "unknown type 90"),
        ] {
            let error = unpacked(&[(header(name, kind, 1), data)]).unwrap_err();
            assert!(error.contains(reason), "{reason}: {error}");
        }
        let path = (
            header(b"p", EntryType::XHeader, 16),
            &b"16 path=../../x\n"[..],
        );
        assert!(unpacked(&[path]).unwrap_err().contains("extended header"));
        // The second entry would be below a file.
        let below = [
            (header(b"a", EntryType::Regular, 1), &data[..]),
            (header(b"a/b", EntryType::Regular, 1), data),
        ];
        assert!(unpacked(&below).unwrap_err().contains("cannot be unpacked"));
        let twice = [
            (header(b"a", EntryType::Regular, 1), &data[..]),
            (header(b"a", EntryType::Regular, 1), data),
        ];
        assert!(unpacked(&twice).unwrap_err().contains("exists"));
    }

    #[test]
    fn sizes_are_bounded() {
        // The declared size is refused before the data is read.
        let large = header(b"a", EntryType::Regular, 1 << 40);
        let mut bytes = large.as_bytes().to_vec();
        bytes.extend([0; 1024]);
        let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
        encoder.write_all(&bytes).unwrap();
        let error = compressed(&encoder.finish().unwrap()).unwrap_err();
        assert!(error.contains("more than 1024 MiB"), "{error}");
        let many: Vec<_> = (0..5000)
            .map(|i| {
                (
                    header(format!("f{i}").as_bytes(), EntryType::Regular, 0),
                    &b""[..],
                )
            })
            .collect();
        assert!(unpacked(&many).unwrap_err().contains("4096 entries"));
    }

    #[test]
    fn a_damaged_archive_is_refused() {
        assert!(compressed(b"").is_err() || compressed(b"").is_ok_and(|n| n.is_empty()));
        assert!(compressed(b"\x1f\x8b\x08 no archive").is_err());
        let mut builder = Builder::new(GzEncoder::new(Vec::new(), Compression::fast()));
        let text = vec![7u8; 100_000];
        let header = header(b"a", EntryType::Regular, 100_000);
        builder.append(&header, &text[..]).unwrap();
        let whole = builder.into_inner().unwrap().finish().unwrap();
        assert!(compressed(&whole[..whole.len() / 2]).is_err());
    }
}
