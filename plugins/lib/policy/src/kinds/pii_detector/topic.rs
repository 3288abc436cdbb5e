//! [`Topic`]: what a word announces.

/// What words announce: a bit for each kind of identifier, and some more.
pub(super) type Topics = u128;

/// What is no identifier of the table.
#[derive(Debug, Clone, Copy)]
#[repr(u8)]
pub(super) enum Topic {
    /// Identifiers of persons in any country.
    National = 122,
    /// An IP address.
    Address,
    /// A version or a section, not an IP address.
    Version,
    /// A number of an order, an invoice, a part or the like.
    Other,
    /// A phone number.
    Phone,
    /// A phone number, if it is not the name of a value.
    PhoneInProse,
}

/// Identifiers of any kind: the bits of each, and of all.
pub(super) const IDENTIFIERS: Topics = (Topic::National.bit() << 1) - 1;

impl Topic {
    /// Returns the bit.
    pub(super) const fn bit(self) -> Topics {
        1 << self as u8
    }
}
