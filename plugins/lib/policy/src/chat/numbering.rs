//! The numbers of the markers of a request.

use super::unit::Unit;
use super::units::Units;
use crate::chain::{MarkerKind, Replacement, Rewrite};
use crate::placeholder::{PlaceholderValues, Placeholders};

/// A marker that gets a number.
struct Numbered<'r> {
    /// Where its value stands in the document.
    position: usize,
    unit: &'r Unit<'r>,
    replacement: &'r mut Replacement,
}

/// Numbers the markers of a request in the order of their values in the document, which is that
/// of its messages: a history that is sent again gets the same numbers. Returns the values that
/// the response gets back. If it gets any, also those of an earlier policy (`restores`), the form
/// of what the texts already have is avoided: it may stand for another value.
pub(super) fn number_markers(
    document: &str,
    units: &Units<'_>,
    single: &mut [Rewrite],
    readings: &mut [Rewrite],
    restores: bool,
) -> PlaceholderValues {
    let mut markers = Vec::new();
    for (units, rewrites) in [(&units.single, single), (&units.readings, readings)] {
        for rewrite in rewrites {
            let Some(unit) = units.get(rewrite.index) else {
                continue;
            };
            for replacement in &mut rewrite.spans {
                // The rest of a match has no marker, and what stays as it is needs none.
                if replacement.kind == MarkerKind::Plain || replacement.marker.is_empty() {
                    continue;
                }
                if let Some(position) = unit.position(&replacement.range) {
                    markers.push(Numbered {
                        position,
                        unit,
                        replacement,
                    });
                }
            }
        }
    }
    markers.sort_by_key(|marker| marker.position);
    let mut placeholders = Placeholders::default();
    let is_restored = |m: &Numbered<'_>| m.replacement.kind == MarkerKind::Restored;
    if restores || markers.iter().any(is_restored) {
        let labels = markers.iter().map(|m| m.replacement.marker.as_str());
        let mut labels: Vec<&str> = labels.collect();
        labels.sort_unstable();
        labels.dedup();
        placeholders.avoid(&labels, units.texts().chain([document]));
    }
    for marker in markers {
        let value = marker.unit.value(&marker.replacement.range);
        let label = std::mem::take(&mut marker.replacement.marker);
        let restored = marker.replacement.kind == MarkerKind::Restored;
        marker.replacement.marker = placeholders.issue(&label, value, restored);
    }
    placeholders.into_values()
}
