//! Notifies waiting requests of what they wait for.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use kt_control_api::{GatewayId, TokenId};
use tokio::sync::Notify;

use crate::api::WakeTarget;

/// The map of topics is made smaller when it uses less than a quarter of its capacity, and that is
/// more than this.
const MIN_SHRINK_CAPACITY: usize = 1024;

/// Waiting requests by what they wait for. Cheap to clone.
#[derive(Debug, Clone, Default)]
pub(super) struct Notifier {
    subscribers: Arc<Mutex<Subscribers>>,
}

/// What requests wait for.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) enum Topic {
    /// A change of a gateway.
    Gateway(GatewayId),
    /// An answer of an instance of a gateway.
    Answers(GatewayId),
    /// The end of a token.
    Token(TokenId),
}

#[derive(Debug, Default)]
struct Subscribers {
    last_id: u64,
    topics: HashMap<Topic, HashMap<u64, Arc<Signal>>>,
}

/// Wakes one request.
#[derive(Debug, Default)]
struct Signal {
    /// Stores a permit, so that a notification before the wait is not lost.
    notify: Notify,
    /// When the last notification was sent.
    sent_at: Mutex<Option<Instant>>,
}

/// A request that waits. It is forgotten when this is dropped.
#[derive(Debug)]
pub(super) struct Subscription {
    id: u64,
    topics: Vec<Topic>,
    signal: Arc<Signal>,
    notifier: Notifier,
}

impl Notifier {
    /// Subscribes to notifications from now on. Read the gateway *after* this call: a change in
    /// between is then either read or notified.
    pub(super) fn subscribe(&self, topics: Vec<Topic>) -> Subscription {
        let signal = Arc::new(Signal::default());
        let mut subscribers = self.subscribers();
        subscribers.last_id += 1;
        let id = subscribers.last_id;
        for topic in &topics {
            let waiting = subscribers.topics.entry(topic.clone()).or_default();
            drop(waiting.insert(id, Arc::clone(&signal)));
        }
        drop(subscribers);
        Subscription {
            id,
            topics,
            signal,
            notifier: self.clone(),
        }
    }

    /// Returns the gateways that requests wait for.
    pub(super) fn watched_gateways(&self) -> Vec<GatewayId> {
        let subscribers = self.subscribers();
        let gateways = subscribers.topics.keys().filter_map(|topic| match topic {
            Topic::Gateway(gateway) => Some(gateway.clone()),
            Topic::Answers(_) | Topic::Token(_) => None,
        });
        gateways.collect()
    }

    /// Notifies the requests that a reply concerns.
    pub(super) fn notify(&self, target: &WakeTarget) {
        let topics = match target {
            WakeTarget::None => return,
            WakeTarget::Gateway(gateway) => vec![Topic::Gateway(gateway.clone())],
            WakeTarget::Gateways(all) => all.iter().cloned().map(Topic::Gateway).collect(),
            WakeTarget::Answers(gateway) => vec![Topic::Answers(gateway.clone())],
            WakeTarget::Token(token) => vec![Topic::Token(token.clone())],
        };
        let subscribers = self.subscribers();
        let waiting = topics
            .iter()
            .filter_map(|topic| subscribers.topics.get(topic));
        for signal in waiting.flatten() {
            signal.1.send();
        }
    }

    fn unsubscribe(&self, id: u64, topics: &[Topic]) {
        let mut subscribers = self.subscribers();
        let all = &mut subscribers.topics;
        for topic in topics {
            if let Entry::Occupied(mut waiting) = all.entry(topic.clone()) {
                drop(waiting.get_mut().remove(&id));
                if waiting.get().is_empty() {
                    drop(waiting.remove());
                }
            }
        }
        if all.capacity() > MIN_SHRINK_CAPACITY && all.len() < all.capacity() / 4 {
            all.shrink_to(all.len() * 2);
        }
    }

    fn subscribers(&self) -> MutexGuard<'_, Subscribers> {
        self.subscribers
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

impl Signal {
    fn send(&self) {
        *self.sent_at() = Some(Instant::now());
        self.notify.notify_one();
    }

    fn sent_at(&self) -> MutexGuard<'_, Option<Instant>> {
        self.sent_at.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Subscription {
    /// Waits for a notification, and returns when the last one was sent.
    pub(super) async fn notified(&self) -> Instant {
        self.signal.notify.notified().await;
        self.signal.sent_at().take().unwrap_or_else(Instant::now)
    }
}

impl Drop for Subscription {
    fn drop(&mut self) {
        self.notifier.unsubscribe(self.id, &self.topics);
    }
}

#[cfg(test)]
mod tests {
    use std::future::Future;
    use std::pin::pin;
    use std::task::{Context, Waker};

    use super::*;

    fn is_notified(subscription: &Subscription) -> bool {
        let mut context = Context::from_waker(Waker::noop());
        pin!(subscription.notified()).poll(&mut context).is_ready()
    }

    #[test]
    fn only_those_who_wait_for_it_are_notified() {
        let notifier = Notifier::default();
        let (gateway, other) = (GatewayId::random(), GatewayId::random());
        let token = TokenId::random();
        let desired = notifier.subscribe(vec![
            Topic::Gateway(gateway.clone()),
            Topic::Token(token.clone()),
        ]);
        let rollout = notifier.subscribe(vec![
            Topic::Gateway(gateway.clone()),
            Topic::Answers(gateway.clone()),
        ]);
        let elsewhere = notifier.subscribe(vec![Topic::Gateway(other)]);
        let all = [&desired, &rollout, &elsewhere];
        for (target, expected) in [
            (WakeTarget::None, [false, false, false]),
            (WakeTarget::Gateway(gateway.clone()), [true, true, false]),
            (
                WakeTarget::Gateways(vec![GatewayId::random(), gateway.clone()]),
                [true, true, false],
            ),
            (WakeTarget::Answers(gateway), [false, true, false]),
            (WakeTarget::Token(token), [true, false, false]),
            (WakeTarget::Token(TokenId::random()), [false, false, false]),
        ] {
            notifier.notify(&target);
            assert_eq!(all.map(is_notified), expected, "{target:?}");
        }
    }

    #[test]
    fn what_ended_is_forgotten() {
        let notifier = Notifier::default();
        let subscribe = || notifier.subscribe(vec![Topic::Gateway(GatewayId::random())]);
        let many: Vec<_> = (0..10_000).map(|_| subscribe()).collect();
        assert_eq!(notifier.watched_gateways().len(), 10_000);
        let last = subscribe();
        drop(many);
        assert_eq!(notifier.watched_gateways().len(), 1);
        let capacity = notifier.subscribers().topics.capacity();
        assert!(capacity <= MIN_SHRINK_CAPACITY, "{capacity}");
        drop(last);
        assert!(notifier.subscribers().topics.is_empty());
    }
}
