//! [`DetectorSet`]: which detectors of a chain are asked.

/// A set of the detectors of a chain, by their index.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct DetectorSet(u8);

impl DetectorSet {
    pub(crate) const NONE: Self = Self(0);
    pub(crate) const ALL: Self = Self(u8::MAX);

    /// Returns the set of one detector. The last bit stands for all that have none of their own.
    pub(crate) fn of(index: usize) -> Self {
        Self(1 << index.min(7))
    }

    pub(crate) fn has(self, index: usize) -> bool {
        self.0 & Self::of(index).0 != 0
    }

    pub(crate) fn is_empty(self) -> bool {
        self.0 == 0
    }

    #[inline]
    pub(crate) fn add(&mut self, other: Self) {
        self.0 |= other.0;
    }

    /// Adds those of another set if a condition holds.
    #[inline]
    pub(crate) fn add_if(&mut self, condition: bool, other: Self) {
        self.0 |= if condition { other.0 } else { 0 };
    }
}
