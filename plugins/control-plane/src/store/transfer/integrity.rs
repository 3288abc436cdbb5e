//! Checks a store on several threads.
//!
//! The calling thread reads the records. Others hash and parse the contents, which was measured to
//! take nine tenths of the time. Then the calling thread checks the records in their order, so that
//! the findings do not depend on the number of threads. The number of records in memory is limited.

use std::collections::VecDeque;
use std::num::NonZero;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, Builder, Scope};

use super::check::{ExaminedRecord, IntegrityCheck, IntegrityReport};
use super::contract::{Selection, Transfer};
use super::record::ExportRecord;
use crate::store::StoreError;
use crate::validator::Validator;

/// Largest number of records of a batch, and number of bytes of contents after which it is full.
const BATCH_RECORDS: usize = 256;
const BATCH_BYTES: usize = 64 << 10;
/// Largest number of batches per thread that are not checked yet.
const BATCHES_PER_THREAD: usize = 4;

/// Receives the number of versions that have been checked; an error ends the check.
pub type CheckProgress<'a> = dyn FnMut(u64) -> Result<(), StoreError> + 'a;

/// Checks everything but the audit log with the given number of threads. Returns the report about
/// what could be read, and the error that ended the check.
pub fn check_integrity(
    store: &dyn Transfer,
    validator: &dyn Validator,
    threads: NonZero<usize>,
    progress: &mut CheckProgress<'_>,
) -> (IntegrityReport, Result<(), StoreError>) {
    thread::scope(|scope| {
        let (workers, started) = start_workers(scope, validator, threads);
        let mut pipeline = Pipeline {
            validator,
            workers: workers.filter(|_| started > 0),
            examined: VecDeque::new(),
            max_examined: started * BATCHES_PER_THREAD,
            batch: Vec::new(),
            batch_bytes: 0,
            check: IntegrityCheck::new(),
        };
        let exported = store.export(&Selection::IntegrityCheck, &mut |record| {
            if pipeline.push(record) {
                progress(pipeline.check.versions())?;
            }
            Ok(())
        });
        let report = pipeline.finish();
        let done = exported.and_then(|()| progress(report.versions));
        (report, done)
    })
}

/// Records to examine, and where to send the result.
struct Batch {
    records: Vec<ExportRecord>,
    result: SyncSender<Vec<ExaminedRecord>>,
}

/// Starts the threads, and returns how many could be started.
fn start_workers<'scope>(
    scope: &'scope Scope<'scope, '_>,
    validator: &'scope dyn Validator,
    threads: NonZero<usize>,
) -> (Option<SyncSender<Batch>>, usize) {
    let (sender, receiver) = sync_channel(threads.get() * BATCHES_PER_THREAD);
    // Owned by the threads alone, so that sending fails once all have panicked.
    let receiver = Arc::new(Mutex::new(receiver));
    let started = (0..threads.get()).filter(|_| {
        let receiver = Arc::clone(&receiver);
        let name = "integrity-check".to_owned();
        let work = move || examine_batches(&receiver, validator);
        Builder::new().name(name).spawn_scoped(scope, work).is_ok()
    });
    (Some(sender), started.count())
}

fn examine_batches(batches: &Mutex<Receiver<Batch>>, validator: &dyn Validator) {
    loop {
        let next = batches
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .recv();
        let Ok(batch) = next else { return };
        // Fails when the check has ended.
        drop(batch.result.send(examine(batch.records, validator)));
    }
}

fn examine(records: Vec<ExportRecord>, validator: &dyn Validator) -> Vec<ExaminedRecord> {
    let records = records.into_iter();
    records
        .map(|record| ExaminedRecord::new(record, validator))
        .collect()
}

/// Passes records to the threads, and their results to the check, in the order of the records.
struct Pipeline<'a> {
    validator: &'a dyn Validator,
    /// `None` when no thread could be started.
    workers: Option<SyncSender<Batch>>,
    examined: VecDeque<Receiver<Vec<ExaminedRecord>>>,
    max_examined: usize,
    batch: Vec<ExportRecord>,
    batch_bytes: usize,
    check: IntegrityCheck,
}

impl Pipeline<'_> {
    /// Adds a record. Returns whether other records may have been checked.
    fn push(&mut self, record: ExportRecord) -> bool {
        if let ExportRecord::Content(row) = &record {
            self.batch_bytes += row.content.len();
        }
        self.batch.push(record);
        let full = self.batch.len() >= BATCH_RECORDS || self.batch_bytes >= BATCH_BYTES;
        if full {
            self.send_batch();
        }
        full
    }

    fn send_batch(&mut self) {
        let records = std::mem::take(&mut self.batch);
        self.batch_bytes = 0;
        let Some(workers) = &self.workers else {
            let examined = examine(records, self.validator);
            return examined.into_iter().for_each(|one| self.check.push(one));
        };
        let (result, examined) = sync_channel(1);
        // Fails when all threads have panicked, which the end of the scope reports.
        drop(workers.send(Batch { records, result }));
        self.examined.push_back(examined);
        while self.examined.len() > self.max_examined {
            self.check_batch();
        }
    }

    /// Waits for the oldest batch and checks its records.
    fn check_batch(&mut self) {
        let oldest = self.examined.pop_front();
        let records = oldest.and_then(|batch| batch.recv().ok());
        let records = records.into_iter().flatten();
        records.for_each(|record| self.check.push(record));
    }

    fn finish(mut self) -> IntegrityReport {
        self.send_batch();
        while !self.examined.is_empty() {
            self.check_batch();
        }
        self.check.finish()
    }
}

#[cfg(test)]
mod tests {
    use super::super::{ImportSummary, RecordSink, RecordSource};
    use super::*;
    use crate::fixture::LineValidator;
    use crate::store::suite::{bare, change, version};
    use crate::store::{ChangeContext, ContentRow, ExportHeader, GatewayRow};

    /// A store with one gateway, whose versions have these contents, many of them damaged.
    struct DamagedStore {
        gateway: GatewayRow,
        contents: Vec<String>,
    }

    impl DamagedStore {
        fn new(contents: impl Iterator<Item = String>) -> Self {
            let contents: Vec<_> = contents.collect();
            let gateway = GatewayRow {
                last_version: contents.len() as u64,
                ..bare("edge").gateway
            };
            Self { gateway, contents }
        }
    }

    impl Transfer for DamagedStore {
        fn export(
            &self,
            selection: &Selection,
            sink: &mut RecordSink<'_>,
        ) -> Result<(), StoreError> {
            let mut exported = selection.exported_contents();
            sink(ExportRecord::Gateway(self.gateway.clone()))?;
            for (number, content) in (1..).zip(&self.contents) {
                let mut row = version(content).row(&self.gateway.id, number, &change());
                let damage = |every: u64| number % every == 0;
                row.size = content.len() as u64 + u64::from(damage(7));
                row.sha256 = LineValidator.check("", content).unwrap_or(row.sha256);
                if exported.insert(row.content_sha256, ()) && !damage(11) {
                    sink(ExportRecord::Content(ContentRow {
                        sha256: row.content_sha256,
                        content: content.clone() + if damage(17) { "#" } else { "" },
                    }))?;
                }
                if !damage(13) {
                    sink(ExportRecord::Version(row))?;
                }
            }
            Ok(())
        }

        fn version_count(&self) -> Result<u64, StoreError> {
            Ok(self.gateway.last_version)
        }

        fn import(
            &self,
            _: &ChangeContext,
            _: &ExportHeader,
            _: &mut RecordSource<'_>,
        ) -> Result<ImportSummary, StoreError> {
            unreachable!("a check imports nothing")
        }
    }

    fn check(store: &DamagedStore, threads: usize) -> (IntegrityReport, Vec<u64>) {
        let (threads, mut progress) = (NonZero::new(threads).unwrap(), Vec::new());
        let mut on_progress = |versions| {
            progress.push(versions);
            Ok(())
        };
        let (report, done) = check_integrity(store, &LineValidator, threads, &mut on_progress);
        done.unwrap();
        (report, progress)
    }

    #[test]
    fn findings_do_not_depend_on_the_number_of_threads() {
        let content = |number| match number % 5 {
            0 => "shared".to_owned(),
            1 => format!("bad {number}"),
            _ => format!("{number}"),
        };
        let store = DamagedStore::new((0..5000).map(content));
        let (expected, _) = check(&store, 1);
        for kind in [
            "no content",
            "bytes, not",
            "in the place of",
            "match its hash",
        ] {
            let damage = expected.damage.iter();
            assert!(damage.clone().any(|line| line.contains(kind)), "{kind}");
        }
        assert!(!expected.notes.is_empty());
        for threads in [2, 3, 8] {
            let (found, progress) = check(&store, threads);
            assert!(found == expected, "{threads} threads");
            assert!(progress.is_sorted() && progress.len() > 10);
            assert_eq!(progress.last(), Some(&found.versions));
        }
    }

    /// Each content is needed again after it was forgotten.
    #[test]
    fn a_forgotten_content_is_read_again() {
        let contents = (0..70_000).chain(0..70_000).map(|n: u32| n.to_string());
        let store = DamagedStore::new(contents);
        let (report, _) = check(&store, 2);
        let missing = |message: &&String| message.contains("no content");
        let expected = (1..=140_000).filter(|number| number % 11 == 0 && number % 13 != 0);
        assert_eq!(
            report.damage.iter().filter(missing).count(),
            expected.count()
        );
    }

    #[test]
    fn an_error_of_the_progress_ends_the_check() {
        let store = DamagedStore::new((0..50_000).map(|n| n.to_string()));
        let threads = NonZero::new(2).unwrap();
        let mut stop = |versions| match versions {
            0..10_000 => Ok(()),
            _ => Err(StoreError::Failed("cancelled".to_owned())),
        };
        let (report, done) = check_integrity(&store, &LineValidator, threads, &mut stop);
        assert!(done.unwrap_err().to_string().ends_with("cancelled"));
        assert!(
            (10_000..30_000).contains(&report.versions),
            "{}",
            report.versions
        );
    }
}
