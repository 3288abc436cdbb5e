//! The check of a library before the dynamic loader opens it.

use std::fs::File;
use std::io::{Seek, Write};

#[path = "../../../host/src/load/elf.rs"]
mod gate;

/// The size of an ELF header, and of a program header.
const HEADER: usize = 64;
const PROGRAM_HEADER: usize = 56;

/// A manifest that is found is a part of the file.
pub(super) fn check(input: &[u8]) {
    let mut file = tempfile::tempfile().expect("a temporary file can be created");
    write(&mut file, input);
    let size = u64::try_from(input.len()).expect("an input is small");
    if let Ok(Some(manifest)) = gate::read_manifest(&file, size) {
        let length = manifest.len().max(1);
        let found = manifest.is_empty() || input.windows(length).any(|part| part == manifest);
        assert!(found, "the manifest is not a part of the file");
    }
}

fn write(file: &mut File, input: &[u8]) {
    let written = file.rewind().and_then(|()| file.write_all(input));
    written.expect("a temporary file can be written");
}

/// The smallest libraries that are accepted, with and without a manifest.
pub(super) fn seeds() -> Vec<Vec<u8>> {
    let manifest = b"manifest = 1\n";
    let mut note = Vec::new();
    for word in [3u32, u32::try_from(manifest.len()).unwrap_or_default(), 1] {
        note.extend(word.to_le_bytes());
    }
    note.extend(b"kt\0\0");
    note.extend(manifest);
    note.resize(note.len().next_multiple_of(4), 0);
    vec![library(&[]), library(&note)]
}

fn library(note: &[u8]) -> Vec<u8> {
    let machine: u16 = if cfg!(target_arch = "aarch64") {
        183
    } else {
        62
    };
    let note_at = HEADER + 2 * PROGRAM_HEADER;
    let mut file = b"\x7fELF\x02\x01\x01".to_vec();
    file.resize(16, 0);
    file.extend(3u16.to_le_bytes()); // ET_DYN
    file.extend(machine.to_le_bytes());
    file.extend(1u32.to_le_bytes()); // version
    file.extend(0u64.to_le_bytes()); // entry
    file.extend(64u64.to_le_bytes()); // program headers
    file.extend(0u64.to_le_bytes()); // section headers
    file.extend(0u32.to_le_bytes()); // flags
    for half in [64u16, 56, 2, 64, 0, 0] {
        file.extend(half.to_le_bytes());
    }
    let total = note_at + note.len();
    // PT_LOAD of the whole file, PT_NOTE.
    for (kind, offset, size) in [(1u32, 0, total), (4, note_at, note.len())] {
        file.extend(kind.to_le_bytes());
        file.extend(4u32.to_le_bytes()); // readable
        for word in [offset, offset, offset, size, size, 4] {
            file.extend(u64::try_from(word).unwrap_or_default().to_le_bytes());
        }
    }
    file.extend(note);
    file
}
