//! The manifest embedded in the library as an ELF note.
//!
//! The layout is that of note sections in the System V ABI: `namesz`, `descsz`,
//! `type`, name padded to four bytes, descriptor. The reader is in the host.

/// Name of the section that holds the note.
pub const SECTION: &str = ".note.kt";
/// Owner of the note, including the terminator.
pub const OWNER: [u8; 4] = *b"kt\0\0";
/// Type of the note that carries the manifest.
pub const TYPE_MANIFEST: u32 = 1;

/// A note whose descriptor is the manifest's `N` bytes.
#[repr(C, align(4))]
pub struct ManifestNote<const N: usize> {
    namesz: u32,
    descsz: u32,
    kind: u32,
    name: [u8; 4],
    desc: [u8; N],
}

impl<const N: usize> ManifestNote<N> {
    /// Creates the note for a manifest.
    ///
    /// # Panics
    /// At compile time, if the manifest is larger than 4 GiB.
    #[must_use]
    pub const fn new(manifest: &[u8; N]) -> Self {
        assert!(N <= u32::MAX as usize, "manifest too large");
        #[expect(clippy::cast_possible_truncation, reason = "bounded by the line above")]
        let descsz = N as u32;
        // `namesz` counts the terminator but not the padding.
        Self {
            namesz: 3,
            descsz,
            kind: TYPE_MANIFEST,
            name: OWNER,
            desc: *manifest,
        }
    }
}
