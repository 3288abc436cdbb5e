//! Looks at an ELF file before the dynamic loader does.
//!
//! A half-copied library kills the process with SIGBUS inside `dlopen`, and one
//! for another machine is reported as "No such file": both are found here.
//! Offsets and constants are those of the System V ABI (gABI) for ELF64.

#![forbid(unsafe_code)]

use std::fs::File;
use std::os::unix::fs::FileExt;

const HEADER: usize = 64;
const PROGRAM_HEADER: u64 = 56;
const ET_DYN: u16 = 3;
const PT_LOAD: u32 = 1;
const PT_NOTE: u32 = 4;
/// More program headers than any linker writes.
const MAX_PROGRAM_HEADERS: u16 = 256;
/// A note larger than this is not a manifest.
const MAX_NOTE: u64 = 1024 * 1024;

#[cfg(target_arch = "x86_64")]
const MACHINE: (u16, &str) = (62, "x86_64");
#[cfg(target_arch = "aarch64")]
const MACHINE: (u16, &str) = (183, "aarch64");
#[cfg(target_arch = "riscv64")]
const MACHINE: (u16, &str) = (243, "riscv64");

struct Segment {
    kind: u32,
    offset: u64,
    size: u64,
}

/// Checks that the file is a whole shared library for this machine, and returns
/// the manifest that is embedded in it.
///
/// # Errors
/// What is wrong, as a sentence about the file.
pub(crate) fn examine(file: &File, size: u64) -> Result<Option<Vec<u8>>, String> {
    let mut head = [0u8; HEADER];
    if size < HEADER as u64 || file.read_exact_at(&mut head, 0).is_err() {
        return Err(format!("it is too short ({size} bytes) to be a library"));
    }
    check_header(&head)?;
    let (table, entry, count) = (u64_at(&head, 32), u16_at(&head, 54), u16_at(&head, 56));
    if u64::from(entry) != PROGRAM_HEADER || count == 0 || count > MAX_PROGRAM_HEADERS {
        return Err("its program headers are damaged".to_owned());
    }
    let mut manifest = None;
    for i in 0..u64::from(count) {
        let segment = read_segment(file, table.saturating_add(i * PROGRAM_HEADER))?;
        let end = segment.offset.checked_add(segment.size);
        if segment.kind == PT_LOAD && end.is_none_or(|end| end > size) {
            return Err(format!(
                "it is truncated: {size} bytes, but a segment ends at {}",
                end.map_or_else(|| "infinity".to_owned(), |e| e.to_string())
            ));
        }
        if segment.kind == PT_NOTE && manifest.is_none() {
            manifest = note(file, &segment);
        }
    }
    Ok(manifest)
}

fn check_header(head: &[u8; HEADER]) -> Result<(), String> {
    if head.get(..4) != Some(b"\x7fELF") {
        return Err("it is not an ELF library".to_owned());
    }
    if head.get(4) != Some(&2) || head.get(5) != Some(&1) {
        return Err("it is not a 64-bit little-endian library".to_owned());
    }
    let machine = u16_at(head, 18);
    if machine != MACHINE.0 {
        return Err(format!(
            "it is built for {}, and this is {}",
            machine_name(machine),
            MACHINE.1
        ));
    }
    if u16_at(head, 16) != ET_DYN {
        return Err("it is not a shared library".to_owned());
    }
    Ok(())
}

fn machine_name(machine: u16) -> String {
    match machine {
        3 => "i386".to_owned(),
        40 => "arm".to_owned(),
        62 => "x86_64".to_owned(),
        183 => "aarch64".to_owned(),
        243 => "riscv".to_owned(),
        other => format!("machine {other}"),
    }
}

fn read_segment(file: &File, at: u64) -> Result<Segment, String> {
    let mut raw = [0u8; PROGRAM_HEADER as usize];
    file.read_exact_at(&mut raw, at)
        .map_err(|_| "its program headers are cut off".to_owned())?;
    Ok(Segment {
        kind: u32_at(&raw, 0),
        offset: u64_at(&raw, 8),
        size: u64_at(&raw, 32),
    })
}

/// The descriptor of kt's note in a note segment.
fn note(file: &File, segment: &Segment) -> Option<Vec<u8>> {
    if segment.size > MAX_NOTE {
        return None;
    }
    let mut raw = vec![0u8; usize::try_from(segment.size).ok()?];
    file.read_exact_at(&mut raw, segment.offset).ok()?;
    let mut rest = raw.as_slice();
    while rest.len() >= 12 {
        let (namesz, descsz) = (u32_at(rest, 0) as usize, u32_at(rest, 4) as usize);
        let name_end = 12usize.checked_add(namesz)?;
        let desc_start = name_end.checked_next_multiple_of(4)?;
        let desc_end = desc_start.checked_add(descsz)?;
        if rest.get(12..name_end)? == b"kt\0" && u32_at(rest, 8) == 1 {
            return rest.get(desc_start..desc_end).map(<[u8]>::to_vec);
        }
        rest = rest.get(desc_end.checked_next_multiple_of(4)?..)?;
    }
    None
}

fn bytes<const N: usize>(raw: &[u8], at: usize) -> [u8; N] {
    raw.get(at..at + N)
        .and_then(|b| b.try_into().ok())
        .unwrap_or([0; N])
}

fn u16_at(raw: &[u8], at: usize) -> u16 {
    u16::from_le_bytes(bytes(raw, at))
}

fn u32_at(raw: &[u8], at: usize) -> u32 {
    u32::from_le_bytes(bytes(raw, at))
}

fn u64_at(raw: &[u8], at: usize) -> u64 {
    u64::from_le_bytes(bytes(raw, at))
}

#[cfg(test)]
mod tests {
    use super::examine;
    use std::io::Write;

    fn examined(bytes: &[u8]) -> Result<Option<Vec<u8>>, String> {
        let mut file = tempfile::tempfile().unwrap();
        file.write_all(bytes).unwrap();
        examine(&file, bytes.len() as u64)
    }

    #[test]
    fn whatever_the_bytes_it_answers() {
        let own = std::fs::read(std::env::current_exe().unwrap()).unwrap();
        assert_eq!(examined(&own), Ok(None));
        for cut in [0, 3, 63, 64, 100, 1000, own.len() / 2] {
            assert!(examined(&own[..cut]).is_err(), "{cut} bytes were accepted");
        }
        for at in 0..120 {
            for value in [0u8, 0xff, 0x7f] {
                let mut damaged = own[..4096].to_vec();
                damaged[at] = value;
                drop(examined(&damaged));
            }
        }
    }

    #[test]
    fn another_machine_is_named() {
        let mut own = std::fs::read(std::env::current_exe().unwrap()).unwrap();
        own[18] = 40;
        own[19] = 0;
        assert!(examined(&own).unwrap_err().contains("built for arm"));
    }
}
