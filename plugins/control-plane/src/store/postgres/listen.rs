//! The connection on which servers notify each other of changes.
//!
//! A lost notification delays a change, but does not lose it: the watched gateways are compared
//! with the database after each connect, and then every few seconds.

use std::collections::HashMap;
use std::future::poll_fn;
use std::sync::{Arc, Weak};
use std::time::Duration;

use kt_control_api::{GatewayId, jitter};
use tokio::sync::mpsc;
use tokio::time::{Instant, sleep, sleep_until, timeout};
use tokio_postgres::{AsyncMessage, Client, Config, Connection, Row, Socket};

use super::idempotency;
use super::notification_tracker::{NotificationTracker, Revision};
use super::notifications::{CHANNEL, ChangeListeners, Notifications, message};
use super::query_error::{QueryError, database_error};
use super::rows;
use super::session::Session;
use super::timeouts::REQUEST_TIMEOUT;
use super::tls::{Connector, Secured};
use crate::store::StoreError;

/// How often the watched gateways are compared with the database. Below the 30 seconds after which
/// a poll times out.
const COMPARE_INTERVAL: Duration = Duration::from_secs(5);
/// Interval between two messages, which batches notifications. The first one is not delayed.
const BATCH_INTERVAL: Duration = Duration::from_millis(5);
/// Delays between attempts to connect: the first, and the maximum.
const RECONNECT_DELAYS: (Duration, Duration) = (Duration::from_millis(50), Duration::from_secs(5));
/// Number of gateways per statement.
const GATEWAYS_PER_STATEMENT: usize = 5000;
/// Number of comparisons between two deletions of expired idempotency keys.
const COMPARISONS_PER_CLEANUP: u64 = 120;

/// Receives and sends notifications until the listeners are dropped.
pub(super) struct Listener {
    pub(super) config: Config,
    pub(super) connector: Connector,
    pub(super) pool: deadpool_postgres::Pool,
    pub(super) notifications: Arc<Notifications>,
    pub(super) listeners: Weak<dyn ChangeListeners>,
}

impl Listener {
    pub(super) async fn run(self) {
        let mut tracker = NotificationTracker::default();
        let mut delay = RECONNECT_DELAYS.0;
        while self.listeners.strong_count() > 0 {
            let start = Instant::now();
            match self.run_connection(&mut tracker).await {
                Ok(()) => return,
                Err(error) => {
                    tracing::warn!(%error, "cannot receive notifications of other servers")
                }
            }
            if start.elapsed() > RECONNECT_DELAYS.1 {
                delay = RECONNECT_DELAYS.0;
            }
            sleep(jitter(delay)).await;
            delay = RECONNECT_DELAYS.1.min(delay * 2);
        }
    }

    /// Runs until the connection ends, which is an error, or the listeners are dropped.
    async fn run_connection(&self, tracker: &mut NotificationTracker) -> Result<(), StoreError> {
        let connect = self.config.connect(self.connector.clone());
        let (client, connection) = with_timeout(connect).await?;
        let (sender, mut messages) = mpsc::unbounded_channel();
        let reader = tokio::spawn(read_messages(connection, sender));
        let ended = self.event_loop(&client, &mut messages, tracker).await;
        reader.abort();
        ended
    }

    async fn event_loop(
        &self,
        client: &Client,
        messages: &mut mpsc::UnboundedReceiver<String>,
        tracker: &mut NotificationTracker,
    ) -> Result<(), StoreError> {
        // LISTEN comes before the comparison, so that no change between them is missed.
        with_timeout(client.batch_execute(&format!("LISTEN {CHANNEL}"))).await?;
        // Transactions of another database, or of a restored one, have other numbers.
        tracker.replace_horizon(None);
        let mut next_comparison = Instant::now();
        let mut quiet_until = Instant::now();
        let mut comparisons = 0_u64;
        loop {
            tokio::select! {
                received = messages.recv() => {
                    let Some(text) = received else {
                        return Err(StoreError::Failed("the connection ended".to_owned()));
                    };
                    let Some(listeners) = self.listeners.upgrade() else { return Ok(()) };
                    tracker.receive(&text, &*listeners);
                }
                () = sleep_until(next_comparison) => {
                    let Some(listeners) = self.listeners.upgrade() else { return Ok(()) };
                    self.compare(client, &*listeners, tracker).await?;
                    next_comparison = Instant::now() + jitter(COMPARE_INTERVAL);
                    comparisons += 1;
                    if comparisons.is_multiple_of(COMPARISONS_PER_CLEANUP) {
                        self.delete_expired_keys().await;
                    }
                }
                () = self.pending_notifications(quiet_until) => {
                    self.send(client, tracker).await?;
                    quiet_until = Instant::now() + BATCH_INTERVAL;
                }
            }
        }
    }

    async fn pending_notifications(&self, quiet_until: Instant) {
        self.notifications.wait_until_pending().await;
        sleep_until(quiet_until).await;
    }

    async fn send(
        &self,
        client: &Client,
        tracker: &mut NotificationTracker,
    ) -> Result<(), StoreError> {
        let changed = self.notifications.take();
        let text = message(&changed);
        tracker.sent(&text);
        let sent = with_timeout(client.query("SELECT pg_notify($1, $2)", &[&CHANNEL, &text])).await;
        if sent.is_err() {
            self.notifications.put_back(changed);
        }
        sent.map(drop)
    }

    /// Notifies the listeners of gateways that changed without a notification.
    async fn compare(
        &self,
        client: &Client,
        listeners: &dyn ChangeListeners,
        tracker: &mut NotificationTracker,
    ) -> Result<(), StoreError> {
        // Before the gateways are listed: a request that waits from then on reads what is finished now.
        let sql = "SELECT pg_snapshot_xmin(pg_current_snapshot())::text";
        let horizon = with_timeout(client.query_one(sql, &[])).await?;
        let horizon = horizon.try_get(0).map_err(|error| database_error(&error))?;
        let previous = tracker.replace_horizon(transaction_id(horizon));
        let watched_gateways = listeners.watched_gateways();
        let mut revisions = HashMap::with_capacity(watched_gateways.len());
        for chunk in watched_gateways.chunks(GATEWAYS_PER_STATEMENT) {
            let names: Vec<&str> = chunk.iter().map(GatewayId::as_str).collect();
            let sql = "SELECT id, rev, coalesce(age(xmin) <= age($2::text::xid), true) AS recent
                FROM gateways WHERE id = ANY($1)";
            for row in with_timeout(client.query(sql, &[&names, &previous])).await? {
                let (gateway, revision) = revision(&row)?;
                revisions.insert(gateway, revision);
            }
        }
        tracker.compare(revisions, listeners);
        Ok(())
    }

    async fn delete_expired_keys(&self) {
        let now = jiff::Timestamp::now().as_microsecond();
        let pruned =
            async { idempotency::delete_expired(&Session::of(&self.pool).await?, now).await };
        if let Err(error) = pruned.await {
            let error = StoreError::from(error);
            tracing::warn!(%error, "cannot delete expired idempotency keys");
        }
    }
}

fn revision(row: &Row) -> Result<(GatewayId, Revision), QueryError> {
    let revision = Revision {
        rev: row.try_get("rev")?,
        recent: row.try_get("recent")?,
    };
    Ok((rows::parse(row, "id")?, revision))
}

/// Converts a number of a transaction to its lower 32 bits, which rows have.
fn transaction_id(number: &str) -> Option<String> {
    let number: u64 = number.parse().ok()?;
    Some((number & u64::from(u32::MAX)).to_string())
}

/// Reads messages until the connection ends.
async fn read_messages(
    mut connection: Connection<Socket, Secured<Socket>>,
    sender: mpsc::UnboundedSender<String>,
) {
    while let Some(Ok(message)) = poll_fn(|context| connection.poll_message(context)).await {
        if let AsyncMessage::Notification(notification) = message
            && sender.send(notification.payload().to_owned()).is_err()
        {
            return;
        }
    }
}

async fn with_timeout<T>(
    work: impl Future<Output = Result<T, tokio_postgres::Error>>,
) -> Result<T, StoreError> {
    match timeout(REQUEST_TIMEOUT, work).await {
        Ok(done) => done.map_err(|error| database_error(&error)),
        Err(_) => Err(StoreError::Busy(REQUEST_TIMEOUT.as_secs())),
    }
}
