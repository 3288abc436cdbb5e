//! What the servers over one database tell each other: which gateways have changed.

use std::collections::BTreeSet;
use std::sync::{Mutex, MutexGuard, PoisonError};

use kt_control_api::GatewayId;
use tokio::sync::Notify;

/// Name of the channel.
pub(super) const CHANNEL: &str = "kt";
/// Gateways told of in one message. A message holds 8000 bytes, a gateway takes 20.
const PER_MESSAGE: usize = 300;

/// Those who wait for gateways at this server.
pub trait Waiters: Send + Sync {
    /// Returns the gateways that somebody waits for.
    fn waited_for(&self) -> Vec<GatewayId>;

    /// Tells whoever waits for the gateway to look again.
    fn tell(&self, gateway: &GatewayId);
}

/// Gateways that changed and that others have not been told of. Each is kept once, so however
/// many changes there are, this does not grow beyond the gateways.
#[derive(Debug, Default)]
pub(super) struct News {
    pending: Mutex<BTreeSet<GatewayId>>,
    added: Notify,
}

impl News {
    /// Notes a change that was committed.
    pub(super) fn add(&self, gateway: &GatewayId) {
        self.pending().insert(gateway.clone());
        self.added.notify_one();
    }

    /// Waits until there is something to tell.
    pub(super) async fn some(&self) {
        while self.pending().is_empty() {
            self.added.notified().await;
        }
    }

    /// Takes as much as one message holds.
    pub(super) fn take(&self) -> Vec<GatewayId> {
        let mut pending = self.pending();
        let mut taken = Vec::new();
        while taken.len() < PER_MESSAGE {
            match pending.pop_first() {
                Some(gateway) => taken.push(gateway),
                None => break,
            }
        }
        taken
    }

    /// Puts back what could not be told.
    pub(super) fn put_back(&self, gateways: Vec<GatewayId>) {
        self.pending().extend(gateways);
    }

    fn pending(&self) -> MutexGuard<'_, BTreeSet<GatewayId>> {
        self.pending.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Writes a message.
pub(super) fn message(gateways: &[GatewayId]) -> String {
    let names: Vec<&str> = gateways.iter().map(GatewayId::as_str).collect();
    names.join(",")
}

/// Reads a message. What is no gateway is left out: anybody with the database may send.
pub(super) fn gateways(message: &str) -> impl Iterator<Item = GatewayId> + '_ {
    message.split(',').filter_map(|name| name.parse().ok())
}

#[cfg(test)]
mod tests {
    use kt_control_api::GatewayId;

    use super::{News, gateways, message};

    #[test]
    fn changes_of_one_gateway_are_one_piece_of_news() {
        let news = News::default();
        let (one, other) = (GatewayId::random(), GatewayId::random());
        for gateway in [&one, &other, &one] {
            news.add(gateway);
        }
        let taken = news.take();
        assert_eq!(taken.len(), 2);
        assert!(news.take().is_empty());
        let read: Vec<_> = gateways(&message(&taken)).collect();
        assert_eq!(read, taken);
        news.put_back(taken);
        assert_eq!(news.take().len(), 2);
    }

    #[test]
    fn a_message_fits_and_foreign_ones_are_ignored() {
        let news = News::default();
        (0..1000).for_each(|_| news.add(&GatewayId::random()));
        let parts: Vec<_> =
            std::iter::from_fn(|| Some(news.take()).filter(|part| !part.is_empty())).collect();
        assert_eq!(parts.iter().map(Vec::len).sum::<usize>(), 1000);
        assert!(parts.iter().all(|part| message(part).len() < 8000));
        assert_eq!(gateways("nonsense,,gw_x").count(), 0);
    }
}
