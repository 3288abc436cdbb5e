//! Checks an ELF file before the dynamic loader opens it.
//!
//! A truncated library kills the process with SIGBUS inside `dlopen`, and one for
//! another machine is reported as "No such file". Only the headers and the note
//! segments are read, so the cost does not depend on the size of the file.

#![forbid(unsafe_code)]

use object::elf::{self, FileHeader64, Machine, ProgramHeader64};
use object::read::elf::{FileHeader, ProgramHeader};
use object::{LittleEndian as Le, ReadCache, ReadRef};
use std::fs::File;

/// More program headers than any linker writes.
const MAX_PROGRAM_HEADERS: u16 = 256;
/// A larger note segment does not contain a manifest.
const MAX_NOTE: u64 = 1024 * 1024;
/// The name and the type of the note that contains the manifest.
const NOTE: (&[u8], u32) = (b"kt", 1);

#[cfg(target_arch = "x86_64")]
const MACHINE: (Machine, &str) = (elf::EM_X86_64, "x86_64");
#[cfg(target_arch = "aarch64")]
const MACHINE: (Machine, &str) = (elf::EM_AARCH64, "aarch64");
#[cfg(target_arch = "riscv64")]
const MACHINE: (Machine, &str) = (elf::EM_RISCV, "riscv64");

type Reader<'f> = ReadCache<&'f File>;

/// Checks that the file is a complete shared library for this machine, and returns
/// the manifest that is embedded in it.
///
/// # Errors
/// A message about the file.
pub(crate) fn read_manifest(file: &File, size: u64) -> Result<Option<Vec<u8>>, String> {
    let reader = Reader::new(file);
    let header = (&reader)
        .read_at::<FileHeader64<Le>>(0)
        .map_err(|()| format!("it is too short ({size} bytes) to be a library"))?;
    check_header(header)?;
    let entry_size = usize::from(header.e_phentsize(Le));
    let count = header.e_phnum(Le);
    if entry_size != size_of::<ProgramHeader64<Le>>() || !(1..=MAX_PROGRAM_HEADERS).contains(&count)
    {
        return Err("its program headers are damaged".to_owned());
    }
    let segments = header
        .program_headers(Le, &reader)
        .map_err(|_| "its program headers are truncated".to_owned())?;
    for segment in segments {
        check_segment(segment, size)?;
    }
    Ok(segments.iter().find_map(|s| manifest(s, &reader)))
}

fn check_header(header: &FileHeader64<Le>) -> Result<(), String> {
    let ident = header.e_ident();
    if ident.magic != elf::ELFMAG {
        return Err("it is not an ELF library".to_owned());
    }
    if !header.is_class_64() || !header.is_little_endian() {
        return Err("it is not a 64-bit little-endian library".to_owned());
    }
    let machine = header.e_machine(Le);
    if machine != MACHINE.0 {
        return Err(format!(
            "it is built for {}, and this is {}",
            machine_name(machine),
            MACHINE.1
        ));
    }
    if header.e_type(Le) != elf::ET_DYN {
        return Err("it is not a shared library".to_owned());
    }
    Ok(())
}

fn machine_name(machine: Machine) -> String {
    match machine {
        elf::EM_386 => "i386".to_owned(),
        elf::EM_ARM => "arm".to_owned(),
        elf::EM_X86_64 => "x86_64".to_owned(),
        elf::EM_AARCH64 => "aarch64".to_owned(),
        elf::EM_RISCV => "riscv".to_owned(),
        Machine(other) => format!("machine {other}"),
    }
}

fn check_segment(segment: &ProgramHeader64<Le>, size: u64) -> Result<(), String> {
    if segment.p_type(Le) != elf::PT_LOAD {
        return Ok(());
    }
    let end = segment.p_offset(Le).checked_add(segment.p_filesz(Le));
    if end.is_some_and(|end| end <= size) {
        return Ok(());
    }
    Err(format!(
        "it is truncated: {size} bytes, but a segment ends at {}",
        end.map_or_else(|| "infinity".to_owned(), |e| e.to_string())
    ))
}

/// Returns the manifest, if this is the note segment that contains it.
fn manifest(segment: &ProgramHeader64<Le>, reader: &Reader<'_>) -> Option<Vec<u8>> {
    if segment.p_filesz(Le) > MAX_NOTE {
        return None;
    }
    let mut notes = segment.notes(Le, reader).ok()??;
    while let Ok(Some(note)) = notes.next() {
        if (note.name(), note.n_type(Le).0) == NOTE {
            return Some(note.desc().to_vec());
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::read_manifest;
    use std::io::Write;

    fn read(bytes: &[u8]) -> Result<Option<Vec<u8>>, String> {
        let mut file = tempfile::tempfile().unwrap();
        file.write_all(bytes).unwrap();
        read_manifest(&file, bytes.len() as u64)
    }

    #[test]
    fn damaged_files_are_reported() {
        let own = std::fs::read(std::env::current_exe().unwrap()).unwrap();
        assert_eq!(read(&own), Ok(None));
        // The last one is within the loaded segments, whose size is several MiB.
        for cut in [0, 3, 63, 64, 100, 1000, 1 << 20] {
            assert!(read(&own[..cut]).is_err(), "{cut} bytes were accepted");
        }
        for at in 0..120 {
            for value in [0u8, 0xff, 0x7f] {
                let mut damaged = own[..4096].to_vec();
                damaged[at] = value;
                drop(read(&damaged));
            }
        }
    }

    #[test]
    fn the_machine_of_the_file_is_reported() {
        let mut own = std::fs::read(std::env::current_exe().unwrap()).unwrap();
        own[18] = 40;
        own[19] = 0;
        assert!(read(&own).unwrap_err().contains("built for arm"));
    }
}
