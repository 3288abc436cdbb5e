//! Simulated gateways and instances that wait for changes, and reconnect when the server is gone.

use crate::client::Client;
use std::cell::RefCell;
use std::io::Error;
use std::rc::Rc;
use std::time::{Duration, Instant};
use tokio::task::JoinSet;

/// Time between two attempts to connect, up to twice that, different for each waiter.
const RECONNECT: Duration = Duration::from_millis(250);

/// What is waited for.
#[derive(Clone)]
pub(crate) struct Waiter {
    pub(crate) gateway: String,
    /// The instance that waits; `None` for another program.
    pub(crate) instance: Option<String>,
}

/// The newest change that a waiter knows.
#[derive(Debug, Clone, Copy)]
pub(crate) struct KnownGeneration {
    pub(crate) generation: u64,
    pub(crate) halt_generation: u64,
    pub(crate) at: Instant,
}

/// All waiters, and what each one knows.
pub(crate) struct Waiters {
    tasks: JoinSet<()>,
    known: Rc<RefCell<Vec<KnownGeneration>>>,
}

impl Waiters {
    /// Starts to wait on a connection each.
    pub(crate) fn start(port: u16, token: &str, waiters: Vec<Waiter>) -> Self {
        let nothing = KnownGeneration {
            generation: 0,
            halt_generation: 0,
            at: Instant::now(),
        };
        let known = Rc::new(RefCell::new(vec![nothing; waiters.len()]));
        let mut tasks = JoinSet::new();
        for (number, waiter) in waiters.into_iter().enumerate() {
            let (known, token) = (Rc::clone(&known), token.to_owned());
            drop(tasks.spawn_local(async move {
                loop {
                    // An error is a server that was killed: the waiter connects again.
                    drop(wait(port, &token, &waiter, number, &known).await);
                    tokio::time::sleep(RECONNECT + RECONNECT * (number as u32 % 64) / 64).await;
                }
            }));
        }
        Self { tasks, known }
    }

    /// Closes all connections.
    pub(crate) async fn leave(&mut self) {
        self.tasks.shutdown().await;
    }

    /// Waits until these waiters know the generation, and returns when each one learned of it.
    pub(crate) async fn all_know(
        &self,
        waiters: std::ops::Range<usize>,
        generation: u64,
    ) -> Vec<Instant> {
        self.all(waiters, |known| known.generation >= generation)
            .await
    }

    /// Waits until these waiters know of a halt.
    pub(crate) async fn all_know_halt(&self, waiters: std::ops::Range<usize>) -> Vec<Instant> {
        self.all(waiters, |known| known.halt_generation > 0).await
    }

    async fn all(
        &self,
        waiters: std::ops::Range<usize>,
        knows: impl Fn(&KnownGeneration) -> bool,
    ) -> Vec<Instant> {
        loop {
            let known = self.known.borrow()[waiters.clone()].to_vec();
            if known.iter().all(&knows) {
                return known.iter().map(|known| known.at).collect();
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }
}

/// Waits on one connection until it fails.
async fn wait(
    port: u16,
    token: &str,
    waiter: &Waiter,
    number: usize,
    known: &RefCell<Vec<KnownGeneration>>,
) -> Result<(), Error> {
    let mut client = Client::connect(port, token).await?;
    let mut epoch = String::new();
    loop {
        let KnownGeneration {
            generation: index,
            halt_generation: halt,
            ..
        } = known.borrow()[number];
        let gateway = &waiter.gateway;
        let mut target = format!(
            "/v1/gateways/{gateway}/desired?index={index}&halt_generation={halt}&wait=300{epoch}"
        );
        if let Some(instance) = &waiter.instance {
            target.push_str(&format!("&instance={instance}"));
        }
        let (status, body) = client.request("GET", &target, "").await?;
        if status == 200
            && let Some(generation) = body["index"].as_u64()
        {
            known.borrow_mut()[number] = KnownGeneration {
                generation,
                halt_generation: body["halt_generation"].as_u64().unwrap_or_default(),
                at: Instant::now(),
            };
            epoch = format!("&epoch={}", body["epoch"].as_str().unwrap_or_default());
        } else if status >= 400 {
            return Ok(());
        }
    }
}
