//! Which revisions of what is waited for a server knows, and which of them it was told of.

use std::collections::{HashMap, HashSet};

use kt_control_api::GatewayId;
use tokio::time::Instant;

use super::notifications::{self, ChangeListeners};

/// What a server knows from listening and from looking.
#[derive(Debug, Default)]
pub(super) struct Known {
    /// The revisions that the last look found.
    revisions: HashMap<GatewayId, i64>,
    /// Gateways that a message told of since.
    heard: HashSet<GatewayId>,
    /// Gateways whose change that look found before any word of it. Word may be on its way: it
    /// follows the commit.
    doubtful: HashSet<GatewayId>,
    /// The last message of one's own that was not heard yet, and when it was sent.
    sent: Option<(String, Instant)>,
}

impl Known {
    /// Notes a message that is sent to all who listen.
    pub(super) fn says(&mut self, message: &str) {
        self.sent = Some((message.to_owned(), Instant::now()));
    }

    /// Takes a message, and passes it on to those who wait.
    pub(super) fn hear(&mut self, message: &str, listeners: &dyn ChangeListeners) {
        if let Some((_, at)) = self.sent.take_if(|(text, _)| text == message) {
            listeners.notification_round_trip(at.elapsed());
        }
        for gateway in message.split(',').filter_map(|word| word.parse().ok()) {
            self.doubtful.remove(&gateway);
            self.heard.insert(gateway);
        }
        notifications::hear(message, listeners);
    }

    /// Takes what a look found, and tells those who wait for what has moved since the one before.
    pub(super) fn look(&mut self, found: HashMap<GatewayId, i64>, listeners: &dyn ChangeListeners) {
        for gateway in self.doubtful.drain() {
            listeners.notification_missed(&gateway);
        }
        for (gateway, revision) in &found {
            let before = self.revisions.get(gateway);
            if before == Some(revision) {
                continue;
            }
            listeners.gateway_changed(gateway);
            if before.is_some() && !self.heard.contains(gateway) {
                self.doubtful.insert(gateway.clone());
            }
        }
        self.heard.clear();
        self.revisions = found;
    }
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeSet, HashMap};

    use kt_control_api::GatewayId;

    use super::super::tests::RecordingListeners;
    use super::Known;

    #[test]
    fn word_that_comes_before_the_next_look_is_not_lost() {
        let (late, lost, told) = (
            GatewayId::random(),
            GatewayId::random(),
            GatewayId::random(),
        );
        let (mut known, listeners) = (Known::default(), RecordingListeners::default());
        let at = |revision: i64| {
            let all = [&late, &lost, &told].map(|id| (id.clone(), revision));
            HashMap::from(all)
        };
        known.look(at(1), &listeners);
        known.hear(told.as_str(), &listeners);
        known.look(at(2), &listeners);
        known.hear(late.as_str(), &listeners);
        assert!(
            listeners.missed.lock().unwrap().is_empty(),
            "word may still come"
        );
        known.look(at(2), &listeners);
        assert_eq!(*listeners.missed.lock().unwrap(), BTreeSet::from([lost]));
    }
}
