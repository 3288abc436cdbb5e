//! The connection on which a server hears of changes at others, and tells of its own.
//!
//! A notification that gets lost costs time, never a change: a sweep compares what is waited for
//! with the database, at once after each connect and then every few seconds.

use std::collections::HashMap;
use std::future::poll_fn;
use std::sync::{Arc, Weak};
use std::time::Duration;

use kt_control_api::{GatewayId, jitter};
use tokio::sync::mpsc;
use tokio::time::{Instant, sleep, sleep_until, timeout};
use tokio_postgres::{AsyncMessage, Client, Config, Connection, Row, Socket};

use super::idempotency;
use super::notification_tracker::NotificationTracker;
use super::notifications::{CHANNEL, ChangeListeners, Notifications, message};
use super::query_error::{QueryError, database_error};
use super::rows;
use super::session::Session;
use super::timeouts::REQUEST_TIMEOUT;
use super::tls::{Connector, Secured};
use crate::store::StoreError;

/// How often what is waited for is compared with the database. Below the 30 seconds after which
/// a poll ends by itself.
const SWEEP: Duration = Duration::from_secs(5);
/// Time between two messages: notifications within it travel together. The first does not wait.
const GATHER: Duration = Duration::from_millis(5);
/// Pauses between attempts to connect: the first, and the longest.
const PAUSES: (Duration, Duration) = (Duration::from_millis(50), Duration::from_secs(5));
/// Gateways compared in one statement.
const CHUNK: usize = 5000;
/// How many sweeps pass between two looks for old keys.
const PRUNE_EVERY: u64 = 120;

/// Listens and tells until the listeners are gone.
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
        let mut pause = PAUSES.0;
        while self.listeners.strong_count() > 0 {
            let start = Instant::now();
            match self.connected(&mut tracker).await {
                Ok(()) => return,
                Err(error) => tracing::warn!(%error, "cannot hear of changes at other servers"),
            }
            if start.elapsed() > PAUSES.1 {
                pause = PAUSES.0;
            }
            sleep(jitter(pause)).await;
            pause = PAUSES.1.min(pause * 2);
        }
    }

    /// Works until the connection ends, which is an error, or the listeners are gone.
    async fn connected(&self, tracker: &mut NotificationTracker) -> Result<(), StoreError> {
        let connect = self.config.connect(self.connector.clone());
        let (client, connection) = within(connect).await?;
        let (heard, mut messages) = mpsc::unbounded_channel();
        let reader = tokio::spawn(read_messages(connection, heard));
        let ended = self.work(&client, &mut messages, tracker).await;
        reader.abort();
        ended
    }

    async fn work(
        &self,
        client: &Client,
        messages: &mut mpsc::UnboundedReceiver<String>,
        tracker: &mut NotificationTracker,
    ) -> Result<(), StoreError> {
        // First listen, then look: what is committed in between is then heard.
        within(client.batch_execute(&format!("LISTEN {CHANNEL}"))).await?;
        let mut sweep = Instant::now();
        let mut quiet_until = Instant::now();
        let mut sweeps = 0_u64;
        loop {
            tokio::select! {
                heard = messages.recv() => {
                    let Some(text) = heard else {
                        return Err(StoreError::Failed("the connection ended".to_owned()));
                    };
                    let Some(listeners) = self.listeners.upgrade() else { return Ok(()) };
                    tracker.receive(&text, &*listeners);
                }
                () = sleep_until(sweep) => {
                    let Some(listeners) = self.listeners.upgrade() else { return Ok(()) };
                    self.sweep(client, &*listeners, tracker).await?;
                    sweep = Instant::now() + jitter(SWEEP);
                    sweeps += 1;
                    if sweeps.is_multiple_of(PRUNE_EVERY) {
                        self.prune().await;
                    }
                }
                () = self.something_to_tell(quiet_until) => {
                    self.tell(client, tracker).await?;
                    quiet_until = Instant::now() + GATHER;
                }
            }
        }
    }

    async fn something_to_tell(&self, quiet_until: Instant) {
        self.notifications.wait_until_pending().await;
        sleep_until(quiet_until).await;
    }

    async fn tell(
        &self,
        client: &Client,
        tracker: &mut NotificationTracker,
    ) -> Result<(), StoreError> {
        let changed = self.notifications.take();
        let text = message(&changed);
        tracker.sent(&text);
        let told = within(client.query("SELECT pg_notify($1, $2)", &[&CHANNEL, &text])).await;
        if told.is_err() {
            self.notifications.put_back(changed);
        }
        told.map(drop)
    }

    /// Wakes those who wait for a gateway that moved without a word of it.
    async fn sweep(
        &self,
        client: &Client,
        listeners: &dyn ChangeListeners,
        tracker: &mut NotificationTracker,
    ) -> Result<(), StoreError> {
        let watched_gateways = listeners.watched_gateways();
        let mut found = HashMap::with_capacity(watched_gateways.len());
        for chunk in watched_gateways.chunks(CHUNK) {
            let names: Vec<&str> = chunk.iter().map(GatewayId::as_str).collect();
            let sql = "SELECT id, rev FROM gateways WHERE id = ANY($1)";
            for row in within(client.query(sql, &[&names])).await? {
                let (gateway, rev) = revision(&row)?;
                found.insert(gateway, rev);
            }
        }
        tracker.compare(found, listeners);
        Ok(())
    }

    async fn prune(&self) {
        let now = jiff::Timestamp::now().as_microsecond();
        let pruned =
            async { idempotency::delete_expired(&Session::of(&self.pool).await?, now).await };
        if let Err(error) = pruned.await {
            let error = StoreError::from(error);
            tracing::warn!(%error, "cannot forget old idempotency keys");
        }
    }
}

fn revision(row: &Row) -> Result<(GatewayId, i64), QueryError> {
    Ok((rows::parse(row, "id")?, row.try_get("rev")?))
}

/// Reads the connection to its end.
async fn read_messages(
    mut connection: Connection<Socket, Secured<Socket>>,
    heard: mpsc::UnboundedSender<String>,
) {
    while let Some(Ok(message)) = poll_fn(|context| connection.poll_message(context)).await {
        if let AsyncMessage::Notification(notification) = message
            && heard.send(notification.payload().to_owned()).is_err()
        {
            return;
        }
    }
}

async fn within<T>(
    work: impl Future<Output = Result<T, tokio_postgres::Error>>,
) -> Result<T, StoreError> {
    match timeout(REQUEST_TIMEOUT, work).await {
        Ok(done) => done.map_err(|error| database_error(&error)),
        Err(_) => Err(StoreError::Busy(REQUEST_TIMEOUT.as_secs())),
    }
}
