//! The parts of requests that a chain has judged before and in which it found nothing.
//!
//! A conversation sends all its messages again with each turn. What is kept of a part is a hash of
//! 64 bits, with keys that are random for each chain: a text that was not judged is taken for one
//! that was once in 2^62 parts, and nobody can look for such a text without the keys.

use std::hash::{BuildHasher as _, Hasher as _, RandomState};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};

/// The number of parts that are kept, in 512 KiB; a power of two.
const PARTS: usize = 1 << 16;

/// Who sends a request. Only the sender of a part can learn from the time of an answer that the
/// part was judged before.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct CallerScope(u64);

/// A part, as it is looked up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct PartHash {
    place: u64,
    /// Never 0, which is an empty place.
    hash: u64,
}

/// The parts in which nothing was found.
#[derive(Default)]
pub(crate) struct KnownParts {
    keys: (RandomState, RandomState),
    /// Made for the first of them.
    hashes: OnceLock<Box<[AtomicU64]>>,
}

impl KnownParts {
    /// Returns the scope of a caller, which its credential identifies.
    pub(crate) fn scope(&self, credential: &[u8]) -> CallerScope {
        CallerScope(self.keys.0.hash_one(credential))
    }

    /// Returns the hash of a part: of names and values.
    pub(crate) fn hash<'t>(
        &self,
        caller: CallerScope,
        texts: impl IntoIterator<Item = &'t str> + Clone,
    ) -> PartHash {
        let hash = |keys: &RandomState| {
            let mut hasher = keys.build_hasher();
            hasher.write_u64(caller.0);
            for text in texts.clone() {
                hasher.write_usize(text.len());
                hasher.write(text.as_bytes());
            }
            hasher.finish()
        };
        PartHash {
            place: hash(&self.keys.0),
            hash: hash(&self.keys.1).max(1),
        }
    }

    /// Whether a part is known.
    pub(crate) fn contains(&self, part: PartHash) -> bool {
        let hashes = self.hashes.get();
        let mut places = places(hashes.map_or(&[], |hashes| hashes), part);
        places.any(|place| place.load(Ordering::Relaxed) == part.hash)
    }

    /// Adds a part, for which another one may be forgotten.
    pub(crate) fn insert(&self, part: PartHash) {
        let empty = || (0..PARTS).map(|_| AtomicU64::new(0)).collect();
        let hashes = self.hashes.get_or_init(empty);
        let mut free = places(hashes, part).find(|place| {
            let hash = place.load(Ordering::Relaxed);
            hash == 0 || hash == part.hash
        });
        // Without a free place one of the two is taken, half of the time the first.
        free = free.or_else(|| places(hashes, part).nth(usize::from(part.hash & 1 == 0)));
        if let Some(place) = free {
            place.store(part.hash, Ordering::Relaxed);
        }
    }
}

/// The two places of a part, which are next to each other.
fn places(hashes: &[AtomicU64], part: PartHash) -> impl Iterator<Item = &AtomicU64> {
    let first = usize::try_from(part.place & (PARTS as u64 - 1)).unwrap_or_default();
    [first, first ^ 1]
        .into_iter()
        .filter_map(|place| hashes.get(place))
}

#[cfg(test)]
mod tests {
    use super::{CallerScope, KnownParts, PARTS};

    #[test]
    fn a_part_is_known_to_its_caller_by_name_and_value() {
        let known = KnownParts::default();
        let (ann, bob) = (known.scope(b"Bearer a"), known.scope(b"Bearer b"));
        let part = known.hash(ann, ["tools", "[1]"]);
        assert!(!known.contains(part));
        known.insert(part);
        assert!(known.contains(known.hash(ann, ["tools", "[1]"])));
        for (caller, name, value) in [
            (bob, "tools", "[1]"),
            (CallerScope::default(), "tools", "[1]"),
            (ann, "tool", "s[1]"),
            (ann, "tools", "[2]"),
            (ann, "tools", "[1] "),
        ] {
            let other = known.hash(caller, [name, value]);
            assert!(!known.contains(other), "{name} {value}");
        }
        let chain = KnownParts::default();
        assert!(!chain.contains(part), "another chain");
    }

    #[test]
    fn the_last_parts_are_kept() {
        let known = KnownParts::default();
        let caller = CallerScope::default();
        let hash = |n: usize| known.hash(caller, [&*n.to_string()]);
        (0..PARTS * 2).for_each(|n| known.insert(hash(n)));
        let last = (PARTS * 2 - 1000..PARTS * 2).filter(|n| known.contains(hash(*n)));
        assert!(last.count() > 950);
        let all = (0..PARTS * 2).filter(|n| known.contains(hash(*n))).count();
        assert!((PARTS / 2..=PARTS).contains(&all), "{all}");
    }
}
