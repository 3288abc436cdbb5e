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

use super::failure::{Failure, of_database};
use super::notifications::{CHANNEL, ChangeListeners, Notifications, message};
use super::once;
use super::revisions::Known;
use super::rows;
use super::session::{LIMIT, Session};
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
        let mut known = Known::default();
        let mut pause = PAUSES.0;
        while self.listeners.strong_count() > 0 {
            let start = Instant::now();
            match self.connected(&mut known).await {
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
    async fn connected(&self, known: &mut Known) -> Result<(), StoreError> {
        let connect = self.config.connect(self.connector.clone());
        let (client, connection) = within(connect).await?;
        let (heard, mut messages) = mpsc::unbounded_channel();
        let reader = tokio::spawn(hear(connection, heard));
        let ended = self.work(&client, &mut messages, known).await;
        reader.abort();
        ended
    }

    async fn work(
        &self,
        client: &Client,
        messages: &mut mpsc::UnboundedReceiver<String>,
        known: &mut Known,
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
                    known.hear(&text, &*listeners);
                }
                () = sleep_until(sweep) => {
                    let Some(listeners) = self.listeners.upgrade() else { return Ok(()) };
                    self.sweep(client, &*listeners, known).await?;
                    sweep = Instant::now() + jitter(SWEEP);
                    sweeps += 1;
                    if sweeps.is_multiple_of(PRUNE_EVERY) {
                        self.prune().await;
                    }
                }
                () = self.something_to_tell(quiet_until) => {
                    self.tell(client, known).await?;
                    quiet_until = Instant::now() + GATHER;
                }
            }
        }
    }

    async fn something_to_tell(&self, quiet_until: Instant) {
        self.notifications.some().await;
        sleep_until(quiet_until).await;
    }

    async fn tell(&self, client: &Client, known: &mut Known) -> Result<(), StoreError> {
        let changed = self.notifications.take();
        let text = message(&changed);
        known.says(&text);
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
        known: &mut Known,
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
        known.look(found, listeners);
        Ok(())
    }

    async fn prune(&self) {
        let now = jiff::Timestamp::now().as_microsecond();
        let pruned = async { once::prune(&Session::of(&self.pool).await?, now).await };
        if let Err(failure) = pruned.await {
            let error = StoreError::from(failure);
            tracing::warn!(%error, "cannot forget old idempotency keys");
        }
    }
}

fn revision(row: &Row) -> Result<(GatewayId, i64), Failure> {
    Ok((rows::parse(row, "id")?, row.try_get("rev")?))
}

/// Reads the connection to its end.
async fn hear(
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
    match timeout(LIMIT, work).await {
        Ok(done) => done.map_err(|error| of_database(&error)),
        Err(_) => Err(StoreError::Busy(LIMIT.as_secs())),
    }
}
