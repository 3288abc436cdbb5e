//! What the servers over one database tell each other: which gateways have changed, and that
//! tokens have ended.

use std::collections::BTreeSet;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use kt_control_api::GatewayId;
use tokio::sync::Notify;

/// Name of the channel.
pub(super) const CHANNEL: &str = "kt";
/// Gateways told of in one message. A message holds 8000 bytes, a gateway takes 20.
const PER_MESSAGE: usize = 300;
/// Stands for every gateway: a token has ended, which somebody may be waiting with.
const ALL_GATEWAYS: &str = "*";

/// Those who wait for gateways at this server.
pub trait ChangeListeners: Send + Sync {
    /// Returns the gateways that somebody waits for.
    fn watched_gateways(&self) -> Vec<GatewayId>;

    /// Tells whoever waits for the gateway to look again.
    fn gateway_changed(&self, gateway: &GatewayId);

    /// No word came of a change of the gateway, of which those who wait know by a look.
    fn notification_missed(&self, gateway: &GatewayId);

    /// The server heard what it told others, so long after telling it.
    fn notification_round_trip(&self, after: Duration);
}

/// Gateways that changed and that others have not been told of, as words of a message. Each is
/// kept once, so however many changes there are, this does not grow beyond the gateways.
#[derive(Debug, Default)]
pub(super) struct Notifications {
    pending: Mutex<BTreeSet<String>>,
    added: Notify,
}

impl Notifications {
    /// Notes a change that was committed.
    pub(super) fn add(&self, gateway: &GatewayId) {
        self.add_entry(gateway.as_str());
    }

    /// Notes that a token has ended.
    pub(super) fn add_revoked_token(&self) {
        self.add_entry(ALL_GATEWAYS);
    }

    fn add_entry(&self, word: &str) {
        self.pending().insert(word.to_owned());
        self.added.notify_one();
    }

    /// Waits until there is something to tell.
    pub(super) async fn wait_until_pending(&self) {
        while self.pending().is_empty() {
            self.added.notified().await;
        }
    }

    /// Takes as much as one message holds.
    pub(super) fn take(&self) -> Vec<String> {
        let mut pending = self.pending();
        let mut taken = Vec::new();
        while taken.len() < PER_MESSAGE {
            match pending.pop_first() {
                Some(word) => taken.push(word),
                None => break,
            }
        }
        taken
    }

    /// Puts back what could not be told.
    pub(super) fn put_back(&self, words: Vec<String>) {
        self.pending().extend(words);
    }

    fn pending(&self) -> MutexGuard<'_, BTreeSet<String>> {
        self.pending.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Writes a message.
pub(super) fn message(words: &[String]) -> String {
    words.join(",")
}

/// Passes a message on to those who wait. What is no gateway is left out: anybody with the
/// database may send.
pub(super) fn dispatch(message: &str, listeners: &dyn ChangeListeners) {
    for word in message.split(',') {
        if word == ALL_GATEWAYS {
            let all = listeners.watched_gateways();
            all.iter()
                .for_each(|gateway| listeners.gateway_changed(gateway));
        } else if let Ok(gateway) = word.parse() {
            listeners.gateway_changed(&gateway);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use kt_control_api::GatewayId;

    use super::super::tests::RecordingListeners;
    use super::{Notifications, dispatch, message};

    #[test]
    fn changes_of_one_gateway_are_one_piece_of_news() {
        let notifications = Notifications::default();
        let (one, other) = (GatewayId::random(), GatewayId::random());
        for gateway in [&one, &other, &one] {
            notifications.add(gateway);
        }
        let taken = notifications.take();
        assert_eq!(taken.len(), 2);
        assert!(notifications.take().is_empty());
        let listeners = RecordingListeners::default();
        dispatch(&message(&taken), &listeners);
        assert_eq!(
            listeners.told.into_inner().unwrap(),
            BTreeSet::from([one, other])
        );
        notifications.put_back(taken);
        assert_eq!(notifications.take().len(), 2);
    }

    #[test]
    fn the_end_of_a_token_concerns_all_who_wait() {
        let notifications = Notifications::default();
        notifications.add_revoked_token();
        let watched_gateways = vec![GatewayId::random(), GatewayId::random()];
        let listeners = RecordingListeners {
            watched_gateways: watched_gateways.clone(),
            ..RecordingListeners::default()
        };
        dispatch(&message(&notifications.take()), &listeners);
        let all = watched_gateways.into_iter().collect();
        assert_eq!(listeners.told.into_inner().unwrap(), all);
    }

    #[test]
    fn a_message_fits_and_foreign_ones_are_ignored() {
        let notifications = Notifications::default();
        (0..1000).for_each(|_| notifications.add(&GatewayId::random()));
        let parts: Vec<_> =
            std::iter::from_fn(|| Some(notifications.take()).filter(|part| !part.is_empty()))
                .collect();
        assert_eq!(parts.iter().map(Vec::len).sum::<usize>(), 1000);
        assert!(parts.iter().all(|part| message(part).len() < 8000));
        let listeners = RecordingListeners::default();
        dispatch("nonsense,,gw_x", &listeners);
        assert!(listeners.told.into_inner().unwrap().is_empty());
    }
}
