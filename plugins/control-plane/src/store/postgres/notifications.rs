//! The notifications that servers of one database send each other: which gateways have changed, and
//! which tokens have ended.

use std::collections::BTreeSet;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use kt_control_api::{GatewayId, TokenId};
use tokio::sync::Notify;

/// Name of the channel.
pub(super) const CHANNEL: &str = "kt";
/// Maximum number of ids in a message. A message holds 8000 bytes, an id takes 21.
const MAX_IDS: usize = 300;
/// All gateways. Servers with an older kt send it when a token was revoked.
const ALL_GATEWAYS: &str = "*";

/// The clients of this server that watch gateways.
pub trait ChangeListeners: Send + Sync {
    /// Returns the watched gateways.
    fn watched_gateways(&self) -> Vec<GatewayId>;

    /// Notifies the clients that watch the gateway.
    fn gateway_changed(&self, gateway: &GatewayId);

    /// Notifies the clients that use the token.
    fn token_ended(&self, token: &TokenId);

    /// Records that no notification was received for a change that a comparison found.
    fn notification_missed(&self, gateway: &GatewayId);

    /// Records the time between sending a notification and receiving it on the same server.
    fn notification_round_trip(&self, after: Duration);
}

/// Notifications that have not been sent yet. Each is stored once, so their number is bounded by
/// that of the gateways and tokens.
#[derive(Debug, Default)]
pub(super) struct Notifications {
    pending: Mutex<BTreeSet<String>>,
    added: Notify,
}

impl Notifications {
    /// Adds a committed change.
    pub(super) fn add(&self, gateway: &GatewayId) {
        self.add_entry(gateway.as_str());
    }

    /// Adds the end of a token.
    pub(super) fn add_ended_token(&self, token: &TokenId) {
        self.add_entry(token.as_str());
    }

    fn add_entry(&self, entry: &str) {
        self.pending().insert(entry.to_owned());
        self.added.notify_one();
    }

    /// Waits until there is a notification to send.
    pub(super) async fn wait_until_pending(&self) {
        while self.pending().is_empty() {
            self.added.notified().await;
        }
    }

    /// Takes as many notifications as fit into a message.
    pub(super) fn take(&self) -> Vec<String> {
        let mut pending = self.pending();
        let mut batch = Vec::new();
        while batch.len() < MAX_IDS {
            match pending.pop_first() {
                Some(entry) => batch.push(entry),
                None => break,
            }
        }
        batch
    }

    /// Puts back notifications that could not be sent.
    pub(super) fn put_back(&self, entries: Vec<String>) {
        self.pending().extend(entries);
    }

    fn pending(&self) -> MutexGuard<'_, BTreeSet<String>> {
        self.pending.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Formats a message.
pub(super) fn message(entries: &[String]) -> String {
    entries.join(",")
}

/// Notifies the listeners of the gateways in a message. Anything else is ignored: any user of the
/// database may send messages.
pub(super) fn dispatch(message: &str, listeners: &dyn ChangeListeners) {
    for entry in message.split(',') {
        if entry == ALL_GATEWAYS {
            let all = listeners.watched_gateways();
            all.iter()
                .for_each(|gateway| listeners.gateway_changed(gateway));
        } else if let Ok(gateway) = entry.parse() {
            listeners.gateway_changed(&gateway);
        } else if let Ok(token) = entry.parse() {
            listeners.token_ended(&token);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use kt_control_api::{GatewayId, TokenId};

    use super::super::tests::RecordingListeners;
    use super::{Notifications, dispatch, message};

    #[test]
    fn changes_of_one_gateway_are_one_notification() {
        let notifications = Notifications::default();
        let (one, other) = (GatewayId::random(), GatewayId::random());
        for gateway in [&one, &other, &one] {
            notifications.add(gateway);
        }
        let batch = notifications.take();
        assert_eq!(batch.len(), 2);
        assert!(notifications.take().is_empty());
        let listeners = RecordingListeners::default();
        dispatch(&message(&batch), &listeners);
        assert_eq!(
            listeners.notified.into_inner().unwrap(),
            BTreeSet::from([one, other])
        );
        notifications.put_back(batch);
        assert_eq!(notifications.take().len(), 2);
    }

    #[test]
    fn a_token_that_ends_notifies_only_those_who_use_it() {
        let notifications = Notifications::default();
        let token = TokenId::random();
        notifications.add_ended_token(&token);
        let watched_gateways = vec![GatewayId::random(), GatewayId::random()];
        let listeners = RecordingListeners {
            watched_gateways: watched_gateways.clone(),
            ..RecordingListeners::default()
        };
        dispatch(&message(&notifications.take()), &listeners);
        assert_eq!(*listeners.ended.lock().unwrap(), BTreeSet::from([token]));
        assert!(listeners.notified.lock().unwrap().is_empty());
        // A server with an older kt does not name the token.
        dispatch("*", &listeners);
        let all = watched_gateways.into_iter().collect();
        assert_eq!(listeners.notified.into_inner().unwrap(), all);
    }

    #[test]
    fn messages_have_a_limit_and_invalid_ones_are_ignored() {
        let notifications = Notifications::default();
        (0..1000).for_each(|_| notifications.add(&GatewayId::random()));
        let parts: Vec<_> =
            std::iter::from_fn(|| Some(notifications.take()).filter(|part| !part.is_empty()))
                .collect();
        assert_eq!(parts.iter().map(Vec::len).sum::<usize>(), 1000);
        assert!(parts.iter().all(|part| message(part).len() < 8000));
        let listeners = RecordingListeners::default();
        dispatch("nonsense,,gw_x", &listeners);
        assert!(listeners.notified.into_inner().unwrap().is_empty());
    }
}
