//! Memory of connections that have ended.

use kt_plugin_api::release_free_memory;

/// Number of connections whose memory is worth releasing: each takes 16 kB.
const MIN_PEAK: usize = 500;

/// Releases the memory of connections when most of them have ended.
#[derive(Debug, Default)]
pub(super) struct IdleMemory {
    /// The largest number of connections since the last release.
    peak: usize,
}

impl IdleMemory {
    /// Records the number of connections.
    pub(super) fn record(&mut self, connections: usize) {
        self.peak = self.peak.max(connections);
    }

    /// Releases memory on another thread if at most half of the connections are left.
    pub(super) fn release(&mut self, connections: usize) {
        if self.is_due(connections) {
            self.peak = connections;
            drop(tokio::task::spawn_blocking(release_free_memory));
        }
    }

    fn is_due(&self, connections: usize) -> bool {
        self.peak >= MIN_PEAK && connections <= self.peak / 2
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memory_is_released_after_half_of_many_connections_have_ended() {
        let mut memory = IdleMemory::default();
        memory.record(MIN_PEAK - 1);
        assert!(!memory.is_due(0));
        memory.record(2 * MIN_PEAK);
        memory.record(10);
        assert!(memory.is_due(MIN_PEAK) && !memory.is_due(MIN_PEAK + 1));
    }
}
