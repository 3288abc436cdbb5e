//! Quantiles of measured times.

use std::time::Duration;

/// Returns a quantile of sorted times.
pub fn quantile(sorted: &[Duration], quantile: f64) -> Duration {
    let at = (sorted.len() as f64 * quantile) as usize;
    sorted
        .get(at.min(sorted.len().saturating_sub(1)))
        .copied()
        .unwrap_or_default()
}
