//! The writer thread of the audit log.

use super::record::{AuditEntry, push_line, time};
use super::retention::RetentionThread;
use super::segments::Segment;
use crate::metrics::Metrics;
use std::path::Path;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, TrySendError, sync_channel};
use std::thread::JoinHandle;
use std::time::Duration;

/// The number of records that may wait for the disk; beyond it a record is lost
/// and counted, because a request must not wait for a full disk.
const QUEUE_CAPACITY: usize = 16_384;
/// The maximum number of records per sync.
const BATCH_SIZE: usize = 4096;
/// The time that a batch is collected. A sync per record was half of the cost of
/// evaluating a request of 1 KB.
const BATCH_INTERVAL: Duration = Duration::from_millis(5);
/// The usual length of a record.
const LINE_BYTES: usize = 512;
/// The interval at which the age of the segment is checked while nothing is written.
const ROTATION_INTERVAL: Duration = Duration::from_secs(60 * 60);

/// A handle to the writer thread.
#[derive(Clone)]
pub(crate) struct AuditLog {
    sender: SyncSender<AuditEntry>,
    metrics: Arc<Metrics>,
}

impl AuditLog {
    /// Opens the file and starts the writer thread, which ends when the last
    /// handle is dropped.
    ///
    /// # Errors
    /// When the file cannot be opened.
    pub(crate) fn start(
        file: &Path,
        metrics: Arc<Metrics>,
    ) -> std::io::Result<(Self, JoinHandle<()>)> {
        let writer = Writer::open(file, Arc::clone(&metrics))?;
        let (sender, receiver) = sync_channel(QUEUE_CAPACITY);
        let thread = std::thread::Builder::new()
            .name("audit".to_owned())
            .spawn(move || writer.run(&receiver))?;
        Ok((Self { sender, metrics }, thread))
    }

    /// Queues a record; never blocks.
    pub(crate) fn write(&self, entry: AuditEntry) {
        match self.sender.try_send(entry) {
            Ok(()) => {}
            Err(TrySendError::Full(_) | TrySendError::Disconnected(_)) => {
                self.metrics.audit_records_lost(1);
            }
        }
    }
}

struct Writer {
    segment: Segment,
    retention: RetentionThread,
    metrics: Arc<Metrics>,
}

impl Writer {
    fn open(path: &Path, metrics: Arc<Metrics>) -> std::io::Result<Self> {
        Ok(Self {
            segment: Segment::open(path)?,
            retention: RetentionThread::start(path.to_owned())?,
            metrics,
        })
    }

    fn run(mut self, entries: &Receiver<AuditEntry>) {
        loop {
            match entries.recv_timeout(ROTATION_INTERVAL) {
                Ok(first) => {
                    std::thread::sleep(BATCH_INTERVAL);
                    let mut batch = vec![first];
                    batch.extend(entries.try_iter().take(BATCH_SIZE - 1));
                    self.write(&batch);
                }
                Err(RecvTimeoutError::Timeout) => {
                    let closed = self.segment.rotate();
                    self.rotated(closed);
                }
                Err(RecvTimeoutError::Disconnected) => break,
            }
        }
        self.retention.stop();
    }

    /// Writes a batch, split where the retention changes.
    fn write(&mut self, batch: &[AuditEntry]) {
        for part in batch.chunk_by(|a, b| retention_days(a) == retention_days(b)) {
            let Some(first) = part.first() else { continue };
            let closed = self.segment.rotate_before(retention_days(first));
            self.rotated(closed);
            self.write_part(part);
        }
    }

    fn write_part(&mut self, part: &[AuditEntry]) {
        let mut head = self.segment.head.clone();
        let at = time();
        let mut records = Vec::with_capacity(part.len() * LINE_BYTES);
        for entry in part {
            push_line(&mut records, entry, &at, &mut head);
        }
        match self.segment.append(&records, head) {
            Ok(()) => self.metrics.audit_records_synced(part.len() as u64),
            Err(error) => {
                tracing::error!("cannot write audit records: {error}");
                self.metrics.audit_records_lost(part.len() as u64);
            }
        }
    }

    fn rotated(&self, closed: std::io::Result<bool>) {
        match closed {
            Ok(true) => self.retention.segment_closed(),
            Ok(false) => {}
            Err(error) => {
                tracing::error!("cannot start another segment of the audit log: {error}");
            }
        }
    }
}

fn retention_days(entry: &AuditEntry) -> u64 {
    entry.decision.retention_days
}

#[cfg(test)]
mod tests {
    use super::{AuditEntry, AuditLog, QUEUE_CAPACITY, Writer};
    use crate::audit::record::sha256_hex;
    use crate::metrics::Metrics;
    use kt_policy::AuditRecord;
    use serde_json::Value;
    use std::io::Write;
    use std::path::{Path, PathBuf};
    use std::sync::Arc;
    use std::sync::mpsc::sync_channel;

    fn entry(n: usize, retention_days: u64) -> AuditEntry {
        AuditEntry {
            request_id: format!("r{n}"),
            requested_model: "m".to_owned(),
            served: None,
            attempts: 0,
            config_version: Some(1),
            phase: "input",
            decision: AuditRecord {
                restored: 0,
                verdict: "allow",
                policy: None,
                reason_code: None,
                chain: Vec::new(),
                findings: Vec::new(),
                retention_days,
            },
            halt: None,
        }
    }

    fn write(file: &Path, count: usize) {
        let (audit, thread) = AuditLog::start(file, Arc::new(Metrics::new())).unwrap();
        for n in 0..count {
            audit.write(entry(n, 1));
        }
        drop(audit);
        thread.join().unwrap();
    }

    /// Writes records of each retention, a batch each.
    fn write_batches(file: &Path, metrics: &Arc<Metrics>, batches: &[(usize, u64)]) {
        let mut writer = Writer::open(file, Arc::clone(metrics)).unwrap();
        for (count, retention_days) in batches {
            let batch: Vec<_> = (0..*count).map(|n| entry(n, *retention_days)).collect();
            writer.write(&batch);
        }
        writer.retention.stop();
    }

    /// Returns the number of records of a log whose first record is the first of the
    /// chain, after verifying each.
    fn verify(files: &[PathBuf]) -> u64 {
        let (mut seq, mut previous) = (0, String::new());
        for file in files {
            for line in std::fs::read_to_string(file).unwrap().lines() {
                let value: Value = serde_json::from_str(line).unwrap();
                seq += 1;
                assert_eq!(value["seq"], seq);
                assert_eq!(value["previous"], Value::from(previous.as_str()));
                let hash = value["hash"].as_str().unwrap();
                let body = line.replace(&format!(",\"hash\":\"{hash}\""), "");
                assert_eq!(sha256_hex(body.as_bytes()), hash);
                previous = hash.to_owned();
            }
        }
        seq
    }

    fn counter(metrics: &Metrics, name: &str) -> u64 {
        let text = metrics.render();
        let prefix = format!("keeptrusts_gateway_{name}_total ");
        let line = text.lines().find_map(|line| line.strip_prefix(&prefix));
        line.unwrap().parse().unwrap()
    }

    #[test]
    fn concurrent_requests_share_a_sync() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("audit.jsonl");
        let metrics = Arc::new(Metrics::new());
        let writer = Writer::open(&file, Arc::clone(&metrics)).unwrap();
        let (sender, receiver) = sync_channel(QUEUE_CAPACITY);
        let audit = AuditLog {
            sender,
            metrics: Arc::clone(&metrics),
        };
        std::thread::scope(|scope| {
            for _ in 0..8 {
                scope.spawn(|| (0..1000).for_each(|n| audit.write(entry(n, 30))));
            }
        });
        drop(audit);
        // The requests are complete before anything is written.
        assert_eq!(counter(&metrics, "audit_records"), 0);
        writer.run(&receiver);
        assert_eq!(counter(&metrics, "audit_records"), 8000);
        assert_eq!(counter(&metrics, "audit_syncs"), 2);
        assert_eq!(counter(&metrics, "audit_records_lost"), 0);
        assert_eq!(verify(&[file]), 8000);
    }

    #[test]
    fn records_beyond_the_queue_are_lost_and_counted() {
        let metrics = Arc::new(Metrics::new());
        let (sender, receiver) = sync_channel(2);
        let audit = AuditLog {
            sender,
            metrics: Arc::clone(&metrics),
        };
        for n in 0..5 {
            audit.write(entry(n, 30));
        }
        assert_eq!(counter(&metrics, "audit_records_lost"), 3);
        drop(receiver);
    }

    #[test]
    fn a_file_that_ends_anywhere_is_continued() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("audit.jsonl");
        let metrics = Arc::new(Metrics::new());
        write_batches(&file, &metrics, &[(3, 30)]);
        let bytes = std::fs::read(&file).unwrap();
        for end in 0..bytes.len() {
            let bytes = bytes.get(..end).unwrap();
            std::fs::write(&file, bytes).unwrap();
            write_batches(&file, &metrics, &[(1, 30)]);
            let complete = bytes.iter().filter(|b| **b == b'\n').count() as u64;
            assert_eq!(verify(std::slice::from_ref(&file)), complete + 1);
        }
    }

    #[test]
    fn a_single_file_of_an_older_version_is_continued() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("audit.jsonl");
        let metrics = Arc::new(Metrics::new());
        // An older version had one file, whatever the retention of its records.
        let lines = |retentions: &[u64]| {
            let mut head = crate::audit::tail::ChainHead::default();
            let mut lines = Vec::new();
            for days in retentions {
                super::push_line(&mut lines, &entry(0, *days), &super::time(), &mut head);
            }
            String::from_utf8(lines).unwrap()
        };
        let old = lines(&[365, 7, 30]);
        std::fs::write(&file, &old).unwrap();
        write_batches(&file, &metrics, &[(2, 30)]);
        assert!(std::fs::read_to_string(&file).unwrap().starts_with(&old));
        write_batches(&file, &metrics, &[(2, 7)]);
        let closed = dir.path().join("audit-00000000000000000005.jsonl");
        assert_eq!(verify(&[closed, file]), 7);
    }

    #[test]
    fn damaged_records_are_never_deleted() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("audit.jsonl");
        write(&file, 5);
        let text = std::fs::read_to_string(&file).unwrap();
        let second = text.lines().nth(1).unwrap();
        std::fs::write(&file, text.replace(second, "garbage")).unwrap();
        write(&file, 1);
        let after = std::fs::read_to_string(&file).unwrap();
        assert_eq!(after.lines().count(), 6);
        assert!(after.lines().last().unwrap().contains("\"seq\":6"));
        std::fs::write(&file, format!("{after}nonsense\n")).unwrap();
        write(&file, 1);
        assert_eq!(std::fs::read_to_string(&file).unwrap().lines().count(), 1);
        assert_eq!(
            std::fs::read_dir(dir.path()).unwrap().count(),
            2,
            "the damaged file was renamed"
        );
    }

    #[test]
    fn the_hash_chain_continues_after_a_restart_and_a_partial_line() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("audit.jsonl");
        write(&file, 3);
        std::fs::OpenOptions::new()
            .append(true)
            .open(&file)
            .unwrap()
            .write_all(b"{\"seq\":4,\"to")
            .unwrap();
        write(&file, 2);
        assert_eq!(verify(&[file]), 5);
    }
}
