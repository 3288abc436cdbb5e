//! Tracks which changes were notified, and which were missed.

use std::collections::{HashMap, HashSet};

use kt_control_api::GatewayId;
use tokio::time::Instant;

use super::notifications::{self, ChangeListeners};

/// The revision of a gateway at a comparison.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Revision {
    pub(super) rev: i64,
    /// Whether it may be from after the last comparison.
    pub(super) recent: bool,
}

/// The known revisions of the watched gateways, and the received notifications.
#[derive(Debug, Default)]
pub(super) struct NotificationTracker {
    /// The oldest transaction that was not finished at the last comparison.
    horizon: Option<String>,
    /// The revisions at the last comparison.
    revisions: HashMap<GatewayId, Revision>,
    /// The gateways of notifications since then.
    notified: HashSet<GatewayId>,
    /// Gateways that had changed at the last comparison without a notification. It may still be
    /// received: it is sent after the commit.
    unconfirmed: HashSet<GatewayId>,
    /// The last message of this server that was not received back yet, and when it was sent.
    last_sent: Option<(String, Instant)>,
}

impl NotificationTracker {
    /// Records a message that is sent to all servers.
    pub(super) fn sent(&mut self, message: &str) {
        self.last_sent = Some((message.to_owned(), Instant::now()));
    }

    /// Receives a message, and notifies the listeners.
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

    /// Sets the oldest transaction that is not finished, and returns the one of the last comparison.
    pub(super) fn replace_horizon(&mut self, horizon: Option<String>) -> Option<String> {
        std::mem::replace(&mut self.horizon, horizon)
    }

    /// Compares the revisions, and notifies the listeners of those that changed since the last
    /// comparison. A gateway that is watched since then has been read since then, too: it is
    /// notified only if it changed since then, or 10,000 gateways that connect would all be read
    /// twice.
    pub(super) fn compare(
        &mut self,
        revisions: HashMap<GatewayId, Revision>,
        listeners: &dyn ChangeListeners,
    ) {
        for gateway in self.unconfirmed.drain() {
            listeners.notification_missed(&gateway);
        }
        for (gateway, revision) in &revisions {
            let before = self.revisions.get(gateway);
            let unchanged = before.map_or(!revision.recent, |before| before.rev == revision.rev);
            if unchanged {
                continue;
            }
            listeners.gateway_changed(gateway);
            if before.is_some() && !self.notified.contains(gateway) {
                self.unconfirmed.insert(gateway.clone());
            }
        }
        self.notified.clear();
        self.revisions = revisions;
    }
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeSet, HashMap};

    use kt_control_api::GatewayId;

    use super::super::tests::RecordingListeners;
    use super::{NotificationTracker, Revision};

    #[test]
    fn a_notification_before_the_next_comparison_is_not_missed() {
        let (late, missed, notified) = (
            GatewayId::random(),
            GatewayId::random(),
            GatewayId::random(),
        );
        let (mut tracker, listeners) = (
            NotificationTracker::default(),
            RecordingListeners::default(),
        );
        let at = |rev: i64| {
            let revision = Revision { rev, recent: true };
            let all = [&late, &missed, &notified].map(|id| (id.clone(), revision));
            HashMap::from(all)
        };
        tracker.compare(at(1), &listeners);
        tracker.receive(notified.as_str(), &listeners);
        tracker.compare(at(2), &listeners);
        tracker.receive(late.as_str(), &listeners);
        assert!(
            listeners.missed.lock().unwrap().is_empty(),
            "the notification may still be received"
        );
        tracker.compare(at(2), &listeners);
        assert_eq!(*listeners.missed.lock().unwrap(), BTreeSet::from([missed]));
    }

    #[test]
    fn a_gateway_that_is_watched_since_then_is_notified_only_if_it_changed() {
        let (old, new) = (GatewayId::random(), GatewayId::random());
        let (mut tracker, listeners) = (
            NotificationTracker::default(),
            RecordingListeners::default(),
        );
        let revision = |recent| Revision { rev: 1, recent };
        let both = [(old, revision(false)), (new.clone(), revision(true))];
        tracker.compare(HashMap::from(both), &listeners);
        assert_eq!(*listeners.notified.lock().unwrap(), BTreeSet::from([new]));
    }
}
