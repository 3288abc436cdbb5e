//! Which revisions of what is waited for a server knows, and which of them it was told of.

use std::collections::{HashMap, HashSet};

use kt_control_api::GatewayId;
use tokio::time::Instant;

use super::notifications::{self, ChangeListeners};

/// What a server knows from listening and from looking.
#[derive(Debug, Default)]
pub(super) struct NotificationTracker {
    /// The revisions that the last look found.
    revisions: HashMap<GatewayId, i64>,
    /// Gateways that a message told of since.
    notified: HashSet<GatewayId>,
    /// Gateways whose change that look found before any word of it. Word may be on its way: it
    /// follows the commit.
    unconfirmed: HashSet<GatewayId>,
    /// The last message of one's own that was not heard yet, and when it was sent.
    last_sent: Option<(String, Instant)>,
}

impl NotificationTracker {
    /// Notes a message that is sent to all who listen.
    pub(super) fn sent(&mut self, message: &str) {
        self.last_sent = Some((message.to_owned(), Instant::now()));
    }

    /// Takes a message, and passes it on to those who wait.
    pub(super) fn receive(&mut self, message: &str, listeners: &dyn ChangeListeners) {
        if let Some((_, at)) = self.last_sent.take_if(|(text, _)| text == message) {
            listeners.notification_round_trip(at.elapsed());
        }
        for gateway in message.split(',').filter_map(|word| word.parse().ok()) {
            self.unconfirmed.remove(&gateway);
            self.notified.insert(gateway);
        }
        notifications::dispatch(message, listeners);
    }

    /// Takes what a look found, and tells those who wait for what has moved since the one before.
    pub(super) fn compare(
        &mut self,
        found: HashMap<GatewayId, i64>,
        listeners: &dyn ChangeListeners,
    ) {
        for gateway in self.unconfirmed.drain() {
            listeners.notification_missed(&gateway);
        }
        for (gateway, revision) in &found {
            let before = self.revisions.get(gateway);
            if before == Some(revision) {
                continue;
            }
            listeners.gateway_changed(gateway);
            if before.is_some() && !self.notified.contains(gateway) {
                self.unconfirmed.insert(gateway.clone());
            }
        }
        self.notified.clear();
        self.revisions = found;
    }
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeSet, HashMap};

    use kt_control_api::GatewayId;

    use super::super::tests::RecordingListeners;
    use super::NotificationTracker;

    #[test]
    fn word_that_comes_before_the_next_look_is_not_lost() {
        let (late, lost, told) = (
            GatewayId::random(),
            GatewayId::random(),
            GatewayId::random(),
        );
        let (mut tracker, listeners) = (
            NotificationTracker::default(),
            RecordingListeners::default(),
        );
        let at = |revision: i64| {
            let all = [&late, &lost, &told].map(|id| (id.clone(), revision));
            HashMap::from(all)
        };
        tracker.compare(at(1), &listeners);
        tracker.receive(told.as_str(), &listeners);
        tracker.compare(at(2), &listeners);
        tracker.receive(late.as_str(), &listeners);
        assert!(
            listeners.missed.lock().unwrap().is_empty(),
            "word may still come"
        );
        tracker.compare(at(2), &listeners);
        assert_eq!(*listeners.missed.lock().unwrap(), BTreeSet::from([lost]));
    }
}
