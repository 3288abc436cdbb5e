//! Reads and fills the size-prefixed structs of the other side.
//!
//! The two sides of the boundary may have been built with different minor versions,
//! so neither may form a reference to a struct of the other: it could be shorter than
//! its own. Every such struct is read with [`read`], and every struct that the other
//! side passes to be filled is filled with [`fill`].

use std::fmt;
use std::ptr;

/// The maximum size of a boundary struct; a larger `size` is invalid.
pub const SIZE_MAX: u32 = 64 * 1024;

/// A struct that begins with its size, or with a magic and its size, and grows at
/// the end only.
///
/// # Safety
/// The type must be `repr(C)`, all its fields must be valid for every bit pattern
/// that the other side may write as well as for zeros (integers, raw pointers,
/// optional functions), and a `u32` at `SIZE_OFFSET` must be its size.
pub unsafe trait BoundaryStruct: Copy {
    /// Name in the C header.
    const NAME: &'static str;
    /// The size that version 1.0 froze, on targets of this pointer width.
    const SIZE_1_0: usize;
    /// Offset of the field `size`.
    const SIZE_OFFSET: usize = 0;

    /// Returns the field that the feature `next` appends.
    #[cfg(feature = "next")]
    fn next(&self) -> usize;
}

/// The reason why a struct of the other side is invalid.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StructError {
    /// The pointer is null.
    Null(&'static str),
    /// The size is below that of version 1.0, or above [`SIZE_MAX`].
    Size {
        /// Name of the struct in the C header.
        name: &'static str,
        /// The invalid size.
        size: u32,
        /// The size that version 1.0 froze.
        minimum: usize,
    },
    /// It requires something that this side does not know.
    Flags {
        /// Name of the struct in the C header.
        name: &'static str,
        /// The unknown bits.
        unknown: u32,
    },
}

impl fmt::Display for StructError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Null(name) => write!(f, "its `{name}` is a null pointer"),
            Self::Size {
                name,
                size,
                minimum,
            } => write!(
                f,
                "the size of its `{name}` is invalid: {size} bytes; ABI 1.0 requires {minimum}"
            ),
            Self::Flags { name, unknown } => {
                write!(f, "its `{name}` requires the unknown flags {unknown:#x}")
            }
        }
    }
}

/// Copies a struct of the other side: as many bytes as both sides know, and zeros for
/// the fields that the other side does not have. The `size` of the copy is the number
/// of bytes that are valid in it.
///
/// # Errors
/// [`StructError`] if the pointer is null or the size is invalid.
///
/// # Safety
/// If `source` is not null, the `size` that it begins with, and as many bytes as
/// that says, must be readable and unchanged during the call.
pub unsafe fn read<T: BoundaryStruct>(source: *const T) -> Result<T, StructError> {
    // SAFETY: as the caller guarantees.
    let size = unsafe { size_of_struct(source) }?;
    let known = size.min(size_of::<T>());
    // SAFETY: zeros are a valid value of every boundary struct.
    let mut copy = unsafe { std::mem::zeroed::<T>() };
    let target = ptr::from_mut(&mut copy);
    // SAFETY: `known` bytes are readable at the source as the caller guarantees, and
    // are within the copy, whose fields are valid for all bit patterns.
    unsafe {
        ptr::copy_nonoverlapping(source.cast::<u8>(), target.cast::<u8>(), known);
        write_size(target, known);
    }
    Ok(copy)
}

/// Fills a struct that the other side passes: as many bytes as it has room for. Its
/// `size` becomes the number of bytes that are filled in.
///
/// # Errors
/// [`StructError`] if the pointer is null, or its size is below that of version 1.0.
///
/// # Safety
/// If `target` is not null, the `size` that it begins with must be readable, and as
/// many bytes as that says must be writable.
pub unsafe fn fill<T: BoundaryStruct>(target: *mut T, value: &T) -> Result<(), StructError> {
    // SAFETY: as the caller guarantees.
    let room = unsafe { size_of_struct(target.cast_const()) }?;
    let filled = room.min(size_of::<T>());
    // SAFETY: `filled` bytes are writable at the target as the caller guarantees, and
    // are within the value.
    unsafe {
        ptr::copy_nonoverlapping(
            ptr::from_ref(value).cast::<u8>(),
            target.cast::<u8>(),
            filled,
        );
        write_size(target, filled);
    }
    Ok(())
}

/// Reads and checks `size` without a reference to the struct.
///
/// # Safety
/// If `source` is not null, the field `size` must be readable.
unsafe fn size_of_struct<T: BoundaryStruct>(source: *const T) -> Result<usize, StructError> {
    if source.is_null() {
        return Err(StructError::Null(T::NAME));
    }
    // SAFETY: the field is readable as the caller guarantees.
    let size = unsafe {
        source
            .cast::<u8>()
            .add(T::SIZE_OFFSET)
            .cast::<u32>()
            .read_unaligned()
    };
    if (size as usize) < T::SIZE_1_0 || size > SIZE_MAX {
        return Err(StructError::Size {
            name: T::NAME,
            size,
            minimum: T::SIZE_1_0,
        });
    }
    Ok(size as usize)
}

/// # Safety
/// The field `size` must be writable.
unsafe fn write_size<T: BoundaryStruct>(target: *mut T, size: usize) {
    // At most SIZE_MAX, see `size_of_struct`.
    let size = u32::try_from(size).unwrap_or(SIZE_MAX);
    // SAFETY: the field is writable as the caller guarantees.
    unsafe {
        target
            .cast::<u8>()
            .add(T::SIZE_OFFSET)
            .cast::<u32>()
            .write_unaligned(size);
    }
}

/// Checks the flags of a struct: unknown bits from 16 on are requirements.
///
/// # Errors
/// [`StructError::Flags`] with the bits that are unknown and required.
pub fn check_flags<T: BoundaryStruct>(flags: u32, known: u32) -> Result<(), StructError> {
    let unknown = flags & !known & 0xffff_0000;
    if unknown == 0 {
        return Ok(());
    }
    Err(StructError::Flags {
        name: T::NAME,
        unknown,
    })
}

/// Returns the size of a boundary struct as the header's `uint32_t`.
#[must_use]
#[expect(
    clippy::cast_possible_truncation,
    reason = "boundary structs are below 200 bytes"
)]
pub const fn size_u32<T>() -> u32 {
    size_of::<T>() as u32
}

/// The value of the fields that the feature `next` appends.
#[cfg(feature = "next")]
pub const NEXT: usize = 11;

/// Implements [`BoundaryStruct`]: the struct, its name in the header, and the last
/// field that version 1.0 has.
macro_rules! boundary_struct {
    ($type:ty, $name:literal, $last:ident: $last_type:ty $(, size at $offset:expr)?) => {
        impl $type {
            /// A struct of this version that contains its size and nothing else.
            pub const EMPTY: Self = {
                // SAFETY: zeros are a valid value of every boundary struct.
                let mut empty = unsafe { std::mem::zeroed::<Self>() };
                empty.size = $crate::abi::size_u32::<Self>();
                #[cfg(feature = "next")]
                {
                    empty.next = $crate::abi::NEXT;
                }
                empty
            };
        }

        // SAFETY: `repr(C)`, with integers, raw pointers and optional functions only.
        unsafe impl $crate::abi::BoundaryStruct for $type {
            const NAME: &'static str = $name;
            const SIZE_1_0: usize =
                std::mem::offset_of!($type, $last) + size_of::<$last_type>();
            $(const SIZE_OFFSET: usize = $offset;)?

            #[cfg(feature = "next")]
            fn next(&self) -> usize {
                self.next
            }
        }
    };
}
pub(super) use boundary_struct;

#[cfg(test)]
mod tests {
    use super::{BoundaryStruct, SIZE_MAX, StructError, check_flags, fill, read};
    use std::ptr;

    /// A struct as version 1.0 knows it, and as a later minor version does.
    #[repr(C)]
    #[derive(Clone, Copy)]
    struct Old {
        size: u32,
        flags: u32,
        value: usize,
    }
    // SAFETY: `repr(C)`, with integers only.
    unsafe impl BoundaryStruct for Old {
        const NAME: &'static str = "old";
        const SIZE_1_0: usize = size_of::<Self>();

        #[cfg(feature = "next")]
        fn next(&self) -> usize {
            0
        }
    }

    #[repr(C)]
    #[derive(Clone, Copy)]
    struct New {
        size: u32,
        flags: u32,
        value: usize,
        added: usize,
    }
    // SAFETY: `repr(C)`, with integers only.
    unsafe impl BoundaryStruct for New {
        const NAME: &'static str = "new";
        const SIZE_1_0: usize = size_of::<Old>();

        #[cfg(feature = "next")]
        fn next(&self) -> usize {
            0
        }
    }

    const OLD: Old = Old {
        size: size_of::<Old>() as u32,
        flags: 1,
        value: 2,
    };
    const NEW: New = New {
        size: size_of::<New>() as u32,
        flags: 1,
        value: 2,
        added: 3,
    };

    /// On the heap with exactly its own size, so that Miri and the address sanitizer
    /// report every access beyond the end.
    fn boxed<T>(value: T) -> Box<T> {
        Box::new(value)
    }

    #[test]
    fn a_new_reader_reads_an_old_struct() {
        let old = boxed(OLD);
        // SAFETY: the box is readable for its size.
        let copy = unsafe { read(ptr::from_ref(&*old).cast::<New>()) }.unwrap();
        assert_eq!((copy.size, copy.value, copy.added), (OLD.size, 2, 0));
    }

    #[test]
    fn an_old_reader_reads_a_new_struct() {
        let new = boxed(NEW);
        // SAFETY: the box is readable for its size.
        let copy = unsafe { read(ptr::from_ref(&*new).cast::<Old>()) }.unwrap();
        assert_eq!((copy.size, copy.flags, copy.value), (OLD.size, 1, 2));
    }

    #[test]
    fn a_new_callee_fills_an_old_struct_and_an_old_callee_a_new_one() {
        let mut old = boxed(Old { value: 0, ..OLD });
        // SAFETY: the box is writable for its size.
        unsafe { fill(ptr::from_mut(&mut *old).cast::<New>(), &NEW) }.unwrap();
        assert_eq!((old.size, old.value), (OLD.size, 2));

        let mut new = boxed(New {
            value: 0,
            added: 0,
            ..NEW
        });
        // SAFETY: the box is writable for its size.
        unsafe { fill(ptr::from_mut(&mut *new).cast::<Old>(), &OLD) }.unwrap();
        assert_eq!((new.size, new.value, new.added), (OLD.size, 2, 0));
    }

    #[test]
    fn invalid_sizes_and_null_pointers_are_errors() {
        // SAFETY: null is checked.
        let null = unsafe { read(ptr::null::<Old>()) };
        assert_eq!(null.err(), Some(StructError::Null("old")));
        let minimum = Old::SIZE_1_0;
        for size in [0, 8, minimum as u32 - 1, SIZE_MAX + 1, u32::MAX] {
            let invalid = boxed(Old { size, ..OLD });
            // SAFETY: the size is readable, and an invalid one ends the call.
            let copy = unsafe { read::<Old>(&raw const *invalid) };
            let name = "old";
            let expected = StructError::Size {
                name,
                size,
                minimum,
            };
            assert_eq!(copy.err(), Some(expected));
        }
    }

    #[test]
    fn unknown_flags_are_hints_or_requirements() {
        assert_eq!(check_flags::<Old>(0xffff, 0), Ok(()));
        assert_eq!(check_flags::<Old>(0x1_0001, 0x1_0000), Ok(()));
        let unknown = 0x8000_0000;
        let name = "old";
        assert_eq!(
            check_flags::<Old>(unknown | 1, 0),
            Err(StructError::Flags { name, unknown })
        );
    }
}
