//! Checks a Mach-O file before the dynamic loader opens it, as [`super::elf`] does for
//! ELF files. Only the header and the load commands are read, and the section that
//! contains the manifest.
//!
//! This is modeled: it is tested with files that the tests create, not on macOS.

#![forbid(unsafe_code)]

use object::macho::{self, CpuType, MachHeader64};
use object::read::macho::{
    FatArch, LoadCommandVariant, MachHeader, MachOFatFile32, Section, Segment,
};
use object::{Endianness, ReadCache};
use std::fs::File;

/// The segment and the section of the manifest.
const SECTION: (&[u8], &[u8]) = (b"__DATA", b"__kt_manifest");
/// The largest section that is read.
const MAX_SECTION: u64 = 1024 * 1024;
/// The sizes at the start of an ELF note, its type, and its owner.
const NOTE_HEADER: usize = 16;
const OWNER: (u32, u32, &[u8]) = (3, 1, b"kt\0\0");

const CPU: (CpuType, &str) = if cfg!(target_arch = "aarch64") {
    (macho::CPU_TYPE_ARM64, "arm64")
} else {
    (macho::CPU_TYPE_X86_64, "x86_64")
};

/// Checks that the file is a complete library for this machine, and returns the
/// manifest that is embedded in it.
///
/// # Errors
/// A message about the file.
pub(crate) fn read_manifest(file: &File, size: u64) -> Result<Option<Vec<u8>>, String> {
    let reader = ReadCache::new(file);
    let start = start_in_universal(&reader)?;
    let header = MachHeader64::<Endianness>::parse(&reader, start)
        .map_err(|_| "it is not a 64-bit Mach-O library".to_owned())?;
    let endian = header
        .endian()
        .map_err(|_| "it is not a 64-bit Mach-O library".to_owned())?;
    check_header(header, endian)?;
    let damaged = |_| "its load commands are damaged".to_owned();
    let mut commands = header
        .load_commands(endian, &reader, start)
        .map_err(damaged)?;
    let mut manifest = None;
    while let Some(command) = commands.next().map_err(damaged)? {
        let LoadCommandVariant::Segment64(segment, data) = command.variant().map_err(damaged)?
        else {
            continue;
        };
        let (offset, length) = segment.file_range(endian);
        let end = start
            .checked_add(offset)
            .and_then(|begin| begin.checked_add(length));
        if end.is_none_or(|end| end > size) {
            return Err(format!("it is truncated: {size} bytes"));
        }
        for section in segment.sections(endian, data).map_err(damaged)? {
            if (section.segment_name(), section.name()) == SECTION {
                manifest = read_section(section, endian, (&reader, start));
            }
        }
    }
    Ok(manifest)
}

/// Returns where the library for this machine starts: 0, or an offset in a universal
/// file.
fn start_in_universal(reader: &ReadCache<&File>) -> Result<u64, String> {
    let Ok(universal) = MachOFatFile32::parse(reader) else {
        return Ok(0);
    };
    let arches = universal.arches().iter();
    arches
        .map(|arch| (arch.cputype(), arch.file_range().0))
        .find(|(cpu, _)| *cpu == CPU.0)
        .map(|(_, start)| start)
        .ok_or_else(|| format!("it is not built for {}", CPU.1))
}

fn check_header(header: &MachHeader64<Endianness>, endian: Endianness) -> Result<(), String> {
    let cpu = header.cputype(endian);
    if cpu != CPU.0 {
        return Err(format!(
            "it is built for another machine ({cpu:?}), and this is {}",
            CPU.1
        ));
    }
    let kind = header.filetype(endian);
    if kind != macho::MH_DYLIB && kind != macho::MH_BUNDLE {
        return Err("it is not a shared library".to_owned());
    }
    Ok(())
}

/// Returns the manifest in the section, which is an ELF note.
fn read_section(
    section: &macho::Section64<Endianness>,
    endian: Endianness,
    (reader, start): (&ReadCache<&File>, u64),
) -> Option<Vec<u8>> {
    if section.size(endian) > MAX_SECTION {
        return None;
    }
    let offset = start.checked_add(section.offset(endian).into())?;
    let note = section.data(endian, reader, offset).ok()?;
    let word = |at: usize| {
        let bytes = note.get(at..at + 4)?;
        Some(u32::from_le_bytes(bytes.try_into().ok()?))
    };
    let header = (word(0)?, word(8)?, note.get(12..NOTE_HEADER)?);
    let length = usize::try_from(word(4)?).ok()?;
    let end = NOTE_HEADER.checked_add(length)?;
    let manifest = note.get(NOTE_HEADER..end)?;
    (header == OWNER).then(|| manifest.to_vec())
}

#[cfg(test)]
mod tests {
    use super::{CPU, read_manifest};
    use std::io::Write;

    const MANIFEST: &[u8] = b"manifest = 1\n";
    /// The sizes of a header, a segment command and a section.
    const HEADER: usize = 32;
    const SEGMENT: usize = 72;
    const SECTION: usize = 80;

    fn words(values: &[u32]) -> Vec<u8> {
        values.iter().flat_map(|v| v.to_le_bytes()).collect()
    }

    fn name(text: &str) -> Vec<u8> {
        let mut bytes = text.as_bytes().to_vec();
        bytes.resize(16, 0);
        bytes
    }

    /// A library with one segment, whose only section is the note.
    fn library(file_type: u32) -> Vec<u8> {
        let length = u32::try_from(MANIFEST.len()).unwrap();
        let mut note = words(&[3, length, 1]);
        note.extend(b"kt\0\0");
        note.extend(MANIFEST);
        let offset = u32::try_from(HEADER + SEGMENT + SECTION).unwrap();
        let size = u32::try_from(note.len()).unwrap();
        let commands = u32::try_from(SEGMENT + SECTION).unwrap();
        let cpu = CPU.0.0;
        let mut file = words(&[0xfeed_facf, cpu, 0, file_type, 1, commands, 0, 0]);
        // LC_SEGMENT_64; a 64-bit field is its low word and 0.
        file.extend(words(&[0x19, commands]));
        file.extend(name("__DATA"));
        file.extend(words(&[0, 0, size, 0, offset, 0, size, 0, 3, 3, 1, 0]));
        file.extend(name("__kt_manifest"));
        file.extend(name("__DATA"));
        file.extend(words(&[0, 0, size, 0, offset, 2, 0, 0, 0, 0, 0, 0]));
        file.extend(note);
        file
    }

    /// A universal file with the library at `start`; its header is big-endian.
    fn universal(library: &[u8], start: usize) -> Vec<u8> {
        let number = |n: usize| u32::try_from(n).unwrap();
        let header = [
            0xcafe_babe,
            1,
            CPU.0.0,
            0,
            number(start),
            number(library.len()),
            0,
        ];
        let mut file: Vec<u8> = header.iter().flat_map(|v| v.to_be_bytes()).collect();
        file.resize(start, 0);
        file.extend(library);
        file
    }

    fn read(bytes: &[u8]) -> Result<Option<Vec<u8>>, String> {
        let mut file = tempfile::tempfile().unwrap();
        file.write_all(bytes).unwrap();
        read_manifest(&file, bytes.len() as u64)
    }

    #[test]
    fn the_manifest_of_a_library_is_found() {
        assert_eq!(read(&library(6)).unwrap().as_deref(), Some(MANIFEST));
        let universal = universal(&library(6), 4096);
        assert_eq!(read(&universal).unwrap().as_deref(), Some(MANIFEST));
        assert!(
            read(&library(2))
                .unwrap_err()
                .contains("not a shared library")
        );
    }

    #[test]
    fn damaged_files_are_reported() {
        let whole = library(6);
        for cut in 0..whole.len() {
            assert!(read(&whole[..cut]).is_err(), "{cut} bytes were accepted");
        }
        for at in 0..whole.len() {
            for value in [0, 0x7f, 0xff] {
                let mut damaged = whole.clone();
                damaged[at] = value;
                drop(read(&damaged));
            }
        }
        let mut other = whole;
        other[4] = 18;
        assert!(read(&other).unwrap_err().contains("another machine"));
    }
}
