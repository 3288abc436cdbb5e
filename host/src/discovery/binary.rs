//! The encoding of the index of manifests: fields in order, without names. Numbers are
//! little-endian, texts and lists begin with their length. A value that was written by another
//! version of kt is not decoded; see [`super::index`].

use std::ops::Range;

/// A value with an encoding.
pub(super) trait Encoded: Sized {
    /// Appends the encoding.
    fn encode(&self, to: &mut Vec<u8>);

    /// Decodes a value; `None` if the bytes do not contain one.
    fn decode(from: &mut Reader<'_>) -> Option<Self>;
}

/// Reads encoded values.
pub(super) struct Reader<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Reader<'a> {
    pub(super) fn new(bytes: &'a [u8], at: usize) -> Self {
        Self { bytes, at }
    }

    fn take(&mut self, length: usize) -> Option<&'a [u8]> {
        let end = self.at.checked_add(length)?;
        let taken = self.bytes.get(self.at..end)?;
        self.at = end;
        Some(taken)
    }

    /// Returns what remains.
    pub(super) fn rest(&self) -> &'a [u8] {
        self.bytes.get(self.at..).unwrap_or_default()
    }

    /// Returns whether nothing remains.
    pub(super) fn is_at_end(&self) -> bool {
        self.at == self.bytes.len()
    }

    /// Returns bytes that begin with their length.
    pub(super) fn bytes(&mut self) -> Option<&'a [u8]> {
        let length = u32::decode(self)?;
        self.take(usize::try_from(length).ok()?)
    }

    /// Returns where such bytes are.
    pub(super) fn range(&mut self) -> Option<Range<usize>> {
        let length = self.bytes()?.len();
        Some(self.at - length..self.at)
    }
}

/// Appends bytes after their length.
pub(super) fn encode_bytes(bytes: &[u8], to: &mut Vec<u8>) {
    encode_length(bytes.len(), to);
    to.extend_from_slice(bytes);
}

/// Appends a length. A longer value than it can say, which does not exist, is not decoded.
pub(super) fn encode_length(length: usize, to: &mut Vec<u8>) {
    u32::try_from(length).unwrap_or(u32::MAX).encode(to);
}

macro_rules! numbers {
    ($($number:ty),*) => {$(
        impl Encoded for $number {
            fn encode(&self, to: &mut Vec<u8>) {
                to.extend_from_slice(&self.to_le_bytes());
            }

            fn decode(from: &mut Reader<'_>) -> Option<Self> {
                let bytes = from.take(size_of::<Self>())?;
                Some(Self::from_le_bytes(bytes.try_into().ok()?))
            }
        }
    )*};
}

numbers!(u8, u32, u64, i32, i64);

impl Encoded for bool {
    fn encode(&self, to: &mut Vec<u8>) {
        to.push(u8::from(*self));
    }

    fn decode(from: &mut Reader<'_>) -> Option<Self> {
        match u8::decode(from)? {
            0 => Some(false),
            1 => Some(true),
            _ => None,
        }
    }
}

impl Encoded for char {
    fn encode(&self, to: &mut Vec<u8>) {
        u32::from(*self).encode(to);
    }

    fn decode(from: &mut Reader<'_>) -> Option<Self> {
        Self::from_u32(u32::decode(from)?)
    }
}

impl Encoded for String {
    fn encode(&self, to: &mut Vec<u8>) {
        encode_bytes(self.as_bytes(), to);
    }

    fn decode(from: &mut Reader<'_>) -> Option<Self> {
        std::str::from_utf8(from.bytes()?).ok().map(str::to_owned)
    }
}

impl<T: Encoded> Encoded for Option<T> {
    fn encode(&self, to: &mut Vec<u8>) {
        self.is_some().encode(to);
        if let Some(value) = self {
            value.encode(to);
        }
    }

    fn decode(from: &mut Reader<'_>) -> Option<Self> {
        if bool::decode(from)? {
            T::decode(from).map(Some)
        } else {
            Some(None)
        }
    }
}

impl<T: Encoded> Encoded for Vec<T> {
    fn encode(&self, to: &mut Vec<u8>) {
        encode_length(self.len(), to);
        for value in self {
            value.encode(to);
        }
    }

    fn decode(from: &mut Reader<'_>) -> Option<Self> {
        let length = usize::try_from(u32::decode(from)?).ok()?;
        // A damaged length must not allocate.
        let mut values = Self::with_capacity(length.min(from.bytes.len() - from.at));
        for _ in 0..length {
            values.push(T::decode(from)?);
        }
        Some(values)
    }
}

impl<A: Encoded, B: Encoded> Encoded for (A, B) {
    fn encode(&self, to: &mut Vec<u8>) {
        self.0.encode(to);
        self.1.encode(to);
    }

    fn decode(from: &mut Reader<'_>) -> Option<Self> {
        Some((A::decode(from)?, B::decode(from)?))
    }
}

/// Implements [`Encoded`] for a struct. A field that is missing here does not compile.
macro_rules! encoded_fields {
    ($type:ty { $($field:ident),* $(,)? }) => {
        impl $crate::discovery::binary::Encoded for $type {
            fn encode(&self, to: &mut Vec<u8>) {
                let Self { $($field),* } = self;
                $($crate::discovery::binary::Encoded::encode($field, to);)*
            }

            fn decode(from: &mut $crate::discovery::binary::Reader<'_>) -> Option<Self> {
                Some(Self {
                    $($field: $crate::discovery::binary::Encoded::decode(from)?),*
                })
            }
        }
    };
}

pub(super) use encoded_fields;
