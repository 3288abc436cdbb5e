//! What has been measured of runs that reach beyond a position.

/// Ends of the runs last measured, as offsets in the folded text. A run is
/// measured once for all positions in it.
#[derive(Debug, Clone, Default)]
pub(crate) struct Progress {
    /// End of the run of characters that the local part of an address may have.
    pub(crate) local_end: usize,
    /// The first `@` behind the position that was asked for last; only of a text that is complete.
    pub(crate) at_sign: Option<usize>,
    /// End of the run of digits and what may separate them.
    pub(crate) number_end: usize,
    /// Offset of the last `@` whose domain was read, and where the domain ends.
    pub(crate) domain: Option<(usize, Option<usize>)>,
    /// Words before the last number that announce something: where each ends in the whole fold,
    /// and what it announces.
    pub(crate) announced: Vec<(usize, u128)>,
    /// How far in the whole fold such words have been read.
    pub(crate) announced_to: usize,
    /// Bytes of the fold that were removed so far.
    pub(crate) base: usize,
    /// Bytes that detectors have read, in all.
    pub(crate) steps: usize,
}

impl Progress {
    /// Adjusts the offsets after the first `bytes` were removed.
    pub(crate) fn remove_front(&mut self, bytes: usize) {
        self.base += bytes;
        self.local_end = self.local_end.saturating_sub(bytes);
        self.at_sign = None;
        self.number_end = self.number_end.saturating_sub(bytes);
        self.domain = self.domain.and_then(|(at, end)| {
            Some((
                at.checked_sub(bytes)?,
                end.map(|end| end.saturating_sub(bytes)),
            ))
        });
    }
}
