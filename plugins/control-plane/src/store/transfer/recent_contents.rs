//! The contents that an export has written, or a check has seen, most recently.

use std::collections::{HashMap, VecDeque};

use kt_control_api::ContentHash;

/// Number of contents that an integrity check knows at a time, so that its memory does not grow
/// with the store. A version whose content was forgotten is preceded by its content again.
const CHECKED_CONTENTS: usize = 1 << 16;

/// A map of the contents that were inserted last. When it is full, the oldest one is forgotten.
#[derive(Debug)]
pub(in crate::store) struct RecentContents<T> {
    capacity: usize,
    order: VecDeque<ContentHash>,
    values: HashMap<ContentHash, T>,
}

impl<T> RecentContents<T> {
    /// Creates a map that forgets nothing.
    pub(in crate::store) fn unbounded() -> Self {
        Self::with_capacity(usize::MAX)
    }

    /// Creates a map for an integrity check. The export and the check of its records insert the
    /// same contents in the same order, so they know the same ones.
    pub(in crate::store) fn for_check() -> Self {
        Self::with_capacity(CHECKED_CONTENTS)
    }

    fn with_capacity(capacity: usize) -> Self {
        Self {
            capacity,
            order: VecDeque::new(),
            values: HashMap::new(),
        }
    }

    /// Inserts a content, unless it is known. Returns whether it was inserted.
    pub(in crate::store) fn insert(&mut self, hash: ContentHash, value: T) -> bool {
        if self.values.contains_key(&hash) {
            return false;
        }
        if self.order.len() >= self.capacity
            && let Some(oldest) = self.order.pop_front()
        {
            drop(self.values.remove(&oldest));
        }
        self.order.push_back(hash);
        drop(self.values.insert(hash, value));
        true
    }

    pub(in crate::store) fn get(&self, hash: &ContentHash) -> Option<&T> {
        self.values.get(hash)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_oldest_content_is_forgotten() {
        let hash = |byte| ContentHash::from_bytes([byte; 32]);
        let mut recent = RecentContents::with_capacity(2);
        assert!(recent.insert(hash(1), 1) && recent.insert(hash(2), 2));
        assert!(!recent.insert(hash(1), 9));
        assert_eq!(recent.get(&hash(1)), Some(&1));
        assert!(recent.insert(hash(3), 3));
        assert_eq!(recent.get(&hash(1)), None);
        assert!(recent.insert(hash(1), 4));
        let known: Vec<_> = (1..=3).map(|byte| recent.get(&hash(byte))).collect();
        assert_eq!(known, [Some(&4), None, Some(&3)]);
    }
}
