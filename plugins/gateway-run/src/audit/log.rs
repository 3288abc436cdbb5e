//! The writer thread of the audit log.

use super::segments::{self, Segment};
use crate::metrics::Metrics;
use jiff::Timestamp;
use kt_policy::AuditRecord;
use serde::Serialize;
use serde_json::Value;
use sha2::{Digest, Sha256};
use std::io::Write;
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
/// The interval at which expired records are removed while nothing is written.
const RETENTION_INTERVAL: Duration = Duration::from_secs(60 * 60);

/// A decision to be recorded.
pub(crate) struct AuditEntry {
    pub(crate) request_id: String,
    pub(crate) requested_model: String,
    /// `None` if the request was blocked, or no upstream was available.
    pub(crate) served: Option<Served>,
    /// The number of upstreams that were tried.
    pub(crate) attempts: u32,
    pub(crate) config_version: Option<u64>,
    /// `input` or `output`.
    pub(crate) phase: &'static str,
    pub(crate) decision: AuditRecord,
}

/// The upstream that served a request, or failed last.
#[derive(Clone)]
pub(crate) struct Served {
    /// The id of the target.
    pub(crate) target: String,
    /// The model that was requested from it.
    pub(crate) model: String,
}

/// A handle to the writer thread.
#[derive(Clone)]
pub(crate) struct AuditLog {
    sender: SyncSender<AuditEntry>,
    metrics: Arc<Metrics>,
}

#[derive(Serialize)]
struct Line<'a> {
    seq: u64,
    at: Timestamp,
    request_id: &'a str,
    phase: &'a str,
    requested_model: &'a str,
    served_model: Option<&'a str>,
    target: Option<&'a str>,
    attempts: u32,
    config_version: Option<u64>,
    verdict: &'a str,
    policy: Value,
    reason_code: Option<&'a str>,
    findings: Value,
    retention_days: u64,
    previous: &'a str,
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
                self.metrics.audit_records_lost()
            }
        }
    }
}

struct Writer {
    segment: Segment,
    metrics: Arc<Metrics>,
}

impl Writer {
    fn open(path: &Path, metrics: Arc<Metrics>) -> std::io::Result<Self> {
        Ok(Self {
            segment: Segment::open(path)?,
            metrics,
        })
    }

    fn run(mut self, entries: &Receiver<AuditEntry>) {
        self.remove_expired();
        loop {
            match entries.recv_timeout(RETENTION_INTERVAL) {
                Ok(first) => {
                    std::thread::sleep(BATCH_INTERVAL);
                    let mut batch = vec![first];
                    batch.extend(entries.try_iter().take(BATCH_SIZE - 1));
                    self.write(&batch);
                }
                Err(RecvTimeoutError::Timeout) => {
                    if let Err(error) = self.segment.rotate() {
                        tracing::error!("cannot start another segment of the audit log: {error}");
                    }
                    self.remove_expired();
                }
                Err(RecvTimeoutError::Disconnected) => return,
            }
        }
    }

    /// Writes a batch, split where the retention changes.
    fn write(&mut self, batch: &[AuditEntry]) {
        for part in batch.chunk_by(|a, b| retention_days(a) == retention_days(b)) {
            let Some(first) = part.first() else { continue };
            let closed = self.segment.seq;
            if let Err(error) = self.segment.rotate_before(retention_days(first)) {
                tracing::error!("cannot start another segment of the audit log: {error}");
            } else if self.segment.length == 0 && closed > 0 {
                self.remove_expired();
            }
            self.write_part(part);
        }
    }

    fn write_part(&mut self, part: &[AuditEntry]) {
        let before = (self.segment.seq, self.segment.hash.clone());
        let text: String = part.iter().map(|entry| self.format_line(entry)).collect();
        let file = &mut self.segment.file;
        let written = file
            .write_all(text.as_bytes())
            .and_then(|()| file.sync_data());
        match written {
            Ok(()) => self.segment.length += text.len() as u64,
            Err(error) => self.roll_back(&error, before, part.len()),
        }
    }

    fn remove_expired(&self) {
        if let Err(error) = segments::remove_expired(&self.segment.path) {
            tracing::error!("cannot remove expired audit records: {error}");
        }
    }

    /// Truncates the file after a failed write, so that later records do not
    /// follow a partial one.
    fn roll_back(&mut self, error: &std::io::Error, before: (u64, String), count: usize) {
        let file = self.segment.path.display();
        tracing::error!(%file, "cannot write audit records: {error}");
        (self.segment.seq, self.segment.hash) = before;
        if let Err(error) = self.segment.file.set_len(self.segment.length) {
            tracing::error!(%file, "cannot remove a partial audit record: {error}");
        }
        for _ in 0..count {
            self.metrics.audit_records_lost();
        }
    }

    fn format_line(&mut self, entry: &AuditEntry) -> String {
        self.segment.seq += 1;
        let d = &entry.decision;
        let line = Line {
            seq: self.segment.seq,
            at: Timestamp::now(),
            request_id: &entry.request_id,
            phase: entry.phase,
            requested_model: &entry.requested_model,
            served_model: entry.served.as_ref().map(|served| served.model.as_str()),
            target: entry.served.as_ref().map(|served| served.target.as_str()),
            attempts: entry.attempts,
            config_version: entry.config_version,
            verdict: d.verdict,
            policy: serde_json::to_value(d.policy).unwrap_or_default(),
            reason_code: d.reason_code,
            findings: serde_json::to_value(&d.findings).unwrap_or_default(),
            retention_days: d.retention_days,
            previous: &self.segment.hash,
        };
        let body = serde_json::to_string(&line).unwrap_or_default();
        let hash = sha256_hex(&body);
        let open = body.strip_suffix('}').unwrap_or(&body);
        let text = format!("{open},\"hash\":\"{hash}\"}}\n");
        self.segment.hash = hash;
        text
    }
}

fn sha256_hex(text: &str) -> String {
    Sha256::digest(text.as_bytes())
        .iter()
        .map(|b| format!("{b:02x}"))
        .collect()
}

fn retention_days(entry: &AuditEntry) -> u64 {
    entry.decision.retention_days
}

#[cfg(test)]
mod tests {
    use super::{AuditEntry, AuditLog, sha256_hex};
    use crate::metrics::Metrics;
    use kt_policy::AuditRecord;
    use serde_json::Value;
    use std::io::Write;
    use std::path::Path;
    use std::sync::Arc;

    fn write(file: &Path, count: usize) {
        let (audit, thread) = AuditLog::start(file, Arc::new(Metrics::new())).unwrap();
        for n in 0..count {
            audit.write(AuditEntry {
                request_id: format!("r{n}"),
                requested_model: "m".to_owned(),
                served: None,
                attempts: 0,
                config_version: Some(1),
                phase: "input",
                decision: AuditRecord {
                    verdict: "allow",
                    policy: None,
                    reason_code: None,
                    chain: Vec::new(),
                    findings: Vec::new(),
                    retention_days: 1,
                    immutable: true,
                    hipaa_audit_controls: false,
                },
            });
        }
        drop(audit);
        thread.join().unwrap();
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
        let text = std::fs::read_to_string(&file).unwrap();
        let mut previous = String::new();
        for (n, line) in text.lines().enumerate() {
            let value: Value = serde_json::from_str(line).unwrap();
            assert_eq!(value["seq"], n as u64 + 1);
            assert_eq!(value["previous"], Value::from(previous.as_str()));
            let hash = value["hash"].as_str().unwrap();
            let body = line.replace(&format!(",\"hash\":\"{hash}\""), "");
            assert_eq!(sha256_hex(&body), hash);
            previous = hash.to_owned();
        }
        assert_eq!(text.lines().count(), 5);
    }
}
