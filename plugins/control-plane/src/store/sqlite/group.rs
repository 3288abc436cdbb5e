//! Group commit: changes that wait for the connection at the same time share one transaction, and
//! so one wait for the disk, which is what takes a change's time.
//!
//! There is no thread for it. Whoever comes first leads: it carries out what all who wait have
//! asked for, answers each, and hands the lead to the first of those who came meanwhile. Nobody
//! but the leader waits for the connection: woken one after another by its lock, each would keep
//! the next waiting.

use std::collections::VecDeque;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Mutex, MutexGuard, PoisonError};

use rusqlite::{Connection, Transaction};

use super::patience::begin;
use crate::store::StoreError;

/// Most changes in one transaction: the first of them waits until the last is carried out.
const LARGEST: usize = 256;

/// Changes that nobody has carried out yet.
#[derive(Default)]
pub(super) struct Group {
    queue: Mutex<Queue>,
}

#[derive(Default)]
struct Queue {
    waiting: VecDeque<Box<dyn Wanted>>,
    /// Whether somebody leads. Otherwise nobody waits.
    led: bool,
}

/// What somebody who waits is told.
enum Told<T> {
    /// To carry out what waits, its own change first.
    Lead,
    /// The outcome.
    Done(Result<T, StoreError>),
}

/// A change that somebody waits for.
trait Wanted: Send {
    /// Carries the change out. Returns whether it succeeded.
    fn act(&mut self, transaction: &Transaction<'_>) -> bool;

    /// Answers who waits, once the outcome lasts or it is certain that nothing was changed.
    fn answer(self: Box<Self>, lost: Option<&StoreError>);

    /// Tells who waits to lead. Returns whether somebody does wait.
    fn lead(&self) -> bool;
}

struct Pending<T, F> {
    act: Option<F>,
    outcome: Option<Result<T, StoreError>>,
    tell: SyncSender<Told<T>>,
}

impl<T, F> Wanted for Pending<T, F>
where
    T: Send,
    F: FnOnce(&Transaction<'_>) -> Result<T, StoreError> + Send,
{
    fn act(&mut self, transaction: &Transaction<'_>) -> bool {
        self.outcome = self.act.take().map(|act| act(transaction));
        matches!(self.outcome, Some(Ok(_)))
    }

    fn answer(self: Box<Self>, lost: Option<&StoreError>) {
        let outcome = match (lost, self.outcome) {
            // Also when it was refused: that may have been for a change that is lost.
            (Some(lost), _) => Err(same(lost)),
            (None, outcome) => outcome.unwrap_or_else(|| Err(abandoned())),
        };
        // Nobody listens any more when the caller panicked.
        drop(self.tell.send(Told::Done(outcome)));
    }

    fn lead(&self) -> bool {
        self.tell.send(Told::Lead).is_ok()
    }
}

impl Group {
    /// Carries a change out, with all that wait meanwhile. It must not wait for anything itself.
    pub(super) fn write<T: Send + 'static>(
        &self,
        writer: &Mutex<Connection>,
        act: impl FnOnce(&Transaction<'_>) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        let (told, leads) = self.want(act);
        if leads {
            self.carry_out(writer);
        }
        loop {
            match told.recv() {
                Ok(Told::Done(outcome)) => return outcome,
                Ok(Told::Lead) => self.carry_out(writer),
                Err(_) => return Err(abandoned()),
            }
        }
    }

    /// Puts a change into the queue. Returns whether its caller leads.
    fn want<T: Send + 'static>(
        &self,
        act: impl FnOnce(&Transaction<'_>) -> Result<T, StoreError> + Send + 'static,
    ) -> (Receiver<Told<T>>, bool) {
        // The lead and the outcome, so that whoever tells never waits.
        let (tell, told) = sync_channel(2);
        let mut queue = self.queue();
        queue.waiting.push_back(Box::new(Pending {
            act: Some(act),
            outcome: None,
            tell,
        }));
        let leads = !queue.led;
        queue.led = true;
        (told, leads)
    }

    /// Leads once: carries out what waits, and hands the lead on.
    fn carry_out(&self, writer: &Mutex<Connection>) {
        // Also when a change panics.
        let _lead = Lead(self);
        let writer = writer.lock().unwrap_or_else(PoisonError::into_inner);
        let mut group = self.take();
        let lost = together(&writer, &mut group).err();
        drop(writer);
        for wanted in group {
            wanted.answer(lost.as_ref());
        }
    }

    fn take(&self) -> Vec<Box<dyn Wanted>> {
        let waiting = &mut self.queue().waiting;
        let count = waiting.len().min(LARGEST);
        waiting.drain(..count).collect()
    }

    fn queue(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl std::fmt::Debug for Group {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Group")
            .field("waiting", &self.queue().waiting.len())
            .finish()
    }
}

/// Ends with the lead in other hands.
struct Lead<'a>(&'a Group);

impl Drop for Lead<'_> {
    fn drop(&mut self) {
        let mut queue = self.0.queue();
        while let Some(first) = queue.waiting.front() {
            if first.lead() {
                return;
            }
            queue.waiting.pop_front();
        }
        queue.led = false;
    }
}

/// Carries changes out in one transaction; a refused one takes nothing but itself back.
fn together(writer: &Connection, group: &mut [Box<dyn Wanted>]) -> Result<(), StoreError> {
    let transaction = begin(writer)?;
    if let [only] = group {
        if only.act(&transaction) {
            transaction.commit()?;
        }
        return Ok(());
    }
    for wanted in group {
        say(&transaction, "SAVEPOINT one")?;
        let succeeded = wanted.act(&transaction);
        // After some failures, such as a full disk, SQLite has rolled everything back by itself,
        // and what follows would no longer be part of a transaction.
        if transaction.is_autocommit() {
            let why = "the transaction was taken back: the disk is full or fails";
            return Err(StoreError::Failed(why.to_owned()));
        }
        if !succeeded {
            say(&transaction, "ROLLBACK TO one")?;
        }
        say(&transaction, "RELEASE one")?;
    }
    Ok(transaction.commit()?)
}

fn say(transaction: &Transaction<'_>, word: &str) -> Result<(), StoreError> {
    transaction.prepare_cached(word)?.execute([])?;
    Ok(())
}

/// The same failure for each who waited.
fn same(lost: &StoreError) -> StoreError {
    match lost {
        StoreError::Busy(seconds) => StoreError::Busy(*seconds),
        other => StoreError::Failed(failed(other)),
    }
}

fn failed(error: &StoreError) -> String {
    match error {
        StoreError::Failed(why) => why.clone(),
        other => other.to_string(),
    }
}

fn abandoned() -> StoreError {
    StoreError::Failed("the change was given up with others: one of them ran into a bug".to_owned())
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::thread;

    use super::*;

    fn table() -> Mutex<Connection> {
        let file = Connection::open_in_memory().unwrap();
        file.execute_batch("CREATE TABLE t(n INTEGER PRIMARY KEY) STRICT")
            .unwrap();
        Mutex::new(file)
    }

    type Act<T> = Box<dyn FnOnce(&Transaction<'_>) -> Result<T, StoreError> + Send>;

    fn count(writer: &Mutex<Connection>) -> u64 {
        let writer = writer.lock().unwrap_or_else(PoisonError::into_inner);
        writer
            .query_row("SELECT count(*) FROM t", [], |row| row.get(0))
            .unwrap()
    }

    fn insert(n: u64) -> impl FnOnce(&Transaction<'_>) -> Result<u64, StoreError> + Send + 'static {
        move |transaction| {
            transaction.execute("INSERT INTO t(n) VALUES(?1)", [n])?;
            Ok(n)
        }
    }

    /// Carries changes out while the connection is held until all of them wait.
    fn at_once<T: Send + 'static>(
        writer: &Arc<Mutex<Connection>>,
        changes: Vec<Act<T>>,
    ) -> Vec<Result<T, StoreError>> {
        let group = Arc::new(Group::default());
        let expected = changes.len();
        let held = writer.lock().unwrap();
        let threads: Vec<_> = changes
            .into_iter()
            .map(|change| {
                let (group, writer) = (Arc::clone(&group), Arc::clone(writer));
                thread::spawn(move || group.write(&writer, change))
            })
            .collect();
        // The leader has the connection to wait for, the others have the leader.
        while group.queue().waiting.len() < expected {
            thread::yield_now();
        }
        drop(held);
        threads
            .into_iter()
            .map(|thread| thread.join().unwrap_or_else(|_| Err(abandoned())))
            .collect()
    }

    #[test]
    fn a_refused_change_takes_only_itself_back() {
        let writer = Arc::new(table());
        let refused = Box::new(|transaction: &Transaction<'_>| {
            insert(100)(transaction)?;
            Err(StoreError::KeyReused)
        });
        let mut changes: Vec<Act<u64>> = vec![refused];
        (0..20).for_each(|n| changes.push(Box::new(insert(n))));
        let outcomes = at_once(&writer, changes);
        assert!(matches!(outcomes[0], Err(StoreError::KeyReused)));
        assert!(outcomes[1..].iter().all(Result::is_ok));
        assert_eq!(count(&writer), 20);
    }

    #[test]
    fn more_than_fit_are_all_carried_out() {
        let writer = Arc::new(table());
        let changes: Vec<Act<u64>> = (0..300).map(|n| Box::new(insert(n)) as _).collect();
        let outcomes = at_once(&writer, changes);
        let told: Vec<u64> = outcomes.into_iter().map(Result::unwrap).collect();
        assert_eq!(told, (0..300).collect::<Vec<_>>(), "each its own");
        assert_eq!(count(&writer), 300);
    }

    #[test]
    fn nothing_is_kept_of_a_transaction_that_was_lost_in_the_middle() {
        let writer = Arc::new(table());
        let lose = Box::new(|transaction: &Transaction<'_>| {
            // As SQLite does itself when the disk is full.
            transaction.execute_batch("ROLLBACK")?;
            Err::<u64, _>(StoreError::Failed("disk full".to_owned()))
        });
        let mut changes: Vec<Act<u64>> = Vec::new();
        (0..10).for_each(|n| changes.push(Box::new(insert(n))));
        changes.insert(5, lose);
        let outcomes = at_once(&writer, changes);
        assert!(outcomes.iter().all(Result::is_err), "{outcomes:?}");
        assert_eq!(count(&writer), 0);
    }

    #[test]
    fn a_change_that_panics_leaves_the_store_usable() {
        let writer = Arc::new(table());
        let panics = Box::new(|_: &Transaction<'_>| -> Result<u64, StoreError> { panic!("a bug") });
        let changes: Vec<Act<u64>> = vec![Box::new(insert(1)), panics];
        let outcomes = at_once(&writer, changes);
        assert!(outcomes.iter().all(Result::is_err), "{outcomes:?}");
        let group = Group::default();
        assert_eq!(group.write(&writer, insert(2)).unwrap(), 2);
        assert_eq!(count(&writer), 1);
    }
}
