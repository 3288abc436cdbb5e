//! The audit log: its rows, the seals that link them, and their verification.

use serde::{Deserialize, Serialize};
use serde_json::Value;
use sha2::{Digest, Sha256};

use crate::{ContentHash, Timestamp};

/// The prefix of the hashed bytes, which separates these hashes from all others.
const DOMAIN: &[u8] = b"kt-audit-1";

/// A row of the audit log: one change.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct AuditEntry {
    /// Its sequence number, which increases with each row.
    pub seq: u64,
    /// The time, in microseconds.
    pub at: Timestamp,
    /// The actor: `uid:` and a user id of the machine, `token:` and the name of a token, or `server`.
    pub actor: String,
    /// Id of the request.
    pub request_id: String,
    /// The action, such as `gateway.create`.
    pub action: String,
    /// Id of the object.
    pub target: String,
    /// Revision of the gateway after the change.
    #[serde(default)]
    pub rev: Option<u64>,
    /// Details, by action. Holds neither configurations nor tokens.
    pub detail: Value,
    /// The seal: SHA-256 of this row and the seal of the previous row; `None` until a kt that
    /// computes seals has written to the store.
    #[serde(default)]
    pub hash: Option<ContentHash>,
}

impl AuditEntry {
    /// Computes the seal that the row must have after a row with the seal `previous`.
    ///
    /// It is SHA-256 over `kt-audit-1`, the previous seal (32 zero bytes for the first row), and
    /// `seq`, `at` in microseconds, `actor`, `request_id`, `action`, `target`, `rev` (empty
    /// if there is none) and `detail` (JSON without blanks, members in the order of their
    /// bytes), each as text preceded by its length in bytes as a big-endian 64-bit number.
    #[must_use]
    pub fn seal(&self, previous: Option<&ContentHash>) -> ContentHash {
        let mut hash = Sha256::new();
        hash.update(DOMAIN);
        hash.update(previous.map_or([0; 32], |hash| *hash.as_bytes()));
        let detail = canonical_json(&self.detail);
        for part in [
            &self.seq.to_string(),
            &self.at.as_microsecond().to_string(),
            &self.actor,
            &self.request_id,
            &self.action,
            &self.target,
            &self.rev.map(|rev| rev.to_string()).unwrap_or_default(),
            &detail,
        ] {
            hash.update((part.len() as u64).to_be_bytes());
            hash.update(part.as_bytes());
        }
        ContentHash::from_bytes(hash.finalize().into())
    }
}

/// Returns JSON in the canonical form that is sealed: without blanks, and with members in the
/// order of their bytes, because a database may order them otherwise.
#[must_use]
pub fn canonical_json(value: &Value) -> String {
    let mut text = String::new();
    write_canonical(value, &mut text);
    text
}

fn write_canonical(value: &Value, out: &mut String) {
    match value {
        Value::Object(members) => {
            let mut members: Vec<_> = members.iter().collect();
            members.sort_by_key(|(key, _)| *key);
            out.push('{');
            for (at, (key, value)) in members.into_iter().enumerate() {
                out.push_str(if at == 0 { "" } else { "," });
                out.push_str(&Value::from(key.as_str()).to_string());
                out.push(':');
                write_canonical(value, out);
            }
            out.push('}');
        }
        Value::Array(items) => {
            out.push('[');
            for (at, item) in items.iter().enumerate() {
                out.push_str(if at == 0 { "" } else { "," });
                write_canonical(item, out);
            }
            out.push(']');
        }
        plain => out.push_str(&plain.to_string()),
    }
}

/// An audit row that is not as it was written.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuditCorruption {
    /// The row.
    pub seq: u64,
    /// What is wrong with it.
    pub message: String,
}

/// Verifies an audit log row by row, from the newest to the oldest.
#[derive(Debug, Clone, Default)]
pub struct AuditVerifier {
    rows: u64,
    unsealed: u64,
    head: Option<(u64, ContentHash)>,
    damage: Vec<AuditCorruption>,
    later: Option<AuditEntry>,
}

/// The result of the verification of an audit log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuditVerification {
    /// The number of rows.
    pub rows: u64,
    /// The number of newest rows that are not sealed yet.
    pub unsealed: u64,
    /// Sequence number and seal of the newest sealed row.
    pub head: Option<(u64, ContentHash)>,
    /// The rows that are not as they were written, the newest first.
    pub damage: Vec<AuditCorruption>,
}

impl AuditVerifier {
    /// Verifies the row before those so far.
    pub fn push(&mut self, entry: AuditEntry) {
        if let Some(later) = self.later.take() {
            if later.seq <= entry.seq {
                self.damaged(later.seq, "rows are out of order".to_owned());
            }
            self.verify(&later, Some(&entry));
        }
        self.rows += 1;
        self.later = Some(entry);
    }

    /// Finishes after the oldest row.
    #[must_use]
    pub fn finish(mut self) -> AuditVerification {
        if let Some(oldest) = self.later.take() {
            self.verify(&oldest, None);
        }
        AuditVerification {
            rows: self.rows,
            unsealed: self.unsealed,
            head: self.head,
            damage: self.damage,
        }
    }

    fn verify(&mut self, row: &AuditEntry, before: Option<&AuditEntry>) {
        let Some(hash) = row.hash else {
            // Only an older kt leaves rows unsealed, and the next newer one seals them all.
            if self.head.is_some() {
                self.damaged(row.seq, "the row has no seal".to_owned());
            } else {
                self.unsealed += 1;
            }
            return;
        };
        self.head.get_or_insert((row.seq, hash));
        let previous = match before {
            Some(before) => match &before.hash {
                Some(seal) => Some(seal),
                // That row is reported; the next one cannot be verified.
                None => return,
            },
            None => None,
        };
        if row.seal(previous) != hash {
            self.damaged(row.seq, explain(row, before));
        }
    }

    fn damaged(&mut self, seq: u64, message: String) {
        self.damage.push(AuditCorruption { seq, message });
    }
}

fn explain(row: &AuditEntry, before: Option<&AuditEntry>) -> String {
    match before {
        Some(before) if before.seq + 1 < row.seq => format!(
            "the row was changed, or rows {} to {} were removed",
            before.seq + 1,
            row.seq - 1
        ),
        Some(before) => format!("the row was changed, or the seal of row {}", before.seq),
        None => "the row was changed, or rows before it were removed".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn log(rows: u64) -> Vec<AuditEntry> {
        let mut log: Vec<AuditEntry> = Vec::new();
        for seq in 1..=rows {
            let mut entry = AuditEntry {
                seq,
                at: Timestamp::UNIX_EPOCH,
                actor: "uid:0".to_owned(),
                request_id: "req_x".to_owned(),
                action: "gateway.update".to_owned(),
                target: "gw_x".to_owned(),
                rev: Some(seq),
                detail: json!({"b": [1, {"z": null, "a": "\"ä"}], "a": true}),
                hash: None,
            };
            let previous = log.last().and_then(|last| last.hash);
            entry.hash = Some(entry.seal(previous.as_ref()));
            log.push(entry);
        }
        log
    }

    fn verify(log: Vec<AuditEntry>) -> AuditVerification {
        let mut verifier = AuditVerifier::default();
        log.into_iter().rev().for_each(|row| verifier.push(row));
        verifier.finish()
    }

    fn rows_of(report: &AuditVerification) -> Vec<u64> {
        report.damage.iter().map(|damage| damage.seq).collect()
    }

    #[test]
    fn an_unchanged_log_is_valid() {
        let report = verify(log(5));
        assert_eq!(
            (report.rows, report.unsealed, rows_of(&report)),
            (5, 0, vec![])
        );
        assert_eq!(report.head.unwrap().0, 5);
        assert_eq!(verify(Vec::new()).rows, 0);
    }

    #[test]
    fn the_form_of_a_seal_never_changes() {
        // Computed by a program of a few lines in another language, after the documentation.
        let expected = "1c54c854bfe81684e8c78db243aeeb37d3855fb0085ca869b032a6fdf89949d4";
        assert_eq!(log(1)[0].hash.unwrap().to_string(), expected);
    }

    #[test]
    fn the_order_of_members_does_not_matter() {
        let mut rows = log(2);
        rows[1].detail =
            serde_json::from_str(r#"{"a": true, "b": [1, {"a": "\u0022\u00e4", "z": null}]}"#)
                .unwrap();
        assert_eq!(rows_of(&verify(rows)), Vec::<u64>::new());
    }

    #[test]
    fn every_changed_field_is_detected() {
        type Change = fn(&mut AuditEntry);
        let changes: [Change; 8] = [
            |row| row.seq += 100,
            |row| row.at = Timestamp::from_second(1).unwrap(),
            |row| row.actor = "uid:1".to_owned(),
            |row| row.request_id = "req_y".to_owned(),
            |row| row.action = "gateway.delete".to_owned(),
            |row| row.target = "gw_y".to_owned(),
            |row| row.rev = None,
            |row| row.detail = json!({"a": false}),
        ];
        for change in changes {
            let mut rows = log(3);
            change(&mut rows[2]);
            let seq = rows[2].seq;
            assert_eq!(rows_of(&verify(rows)), vec![seq]);
        }
    }

    #[test]
    fn removed_resealed_and_unsealed_rows_are_reported() {
        let mut removed = log(5);
        removed.remove(2);
        let report = verify(removed);
        assert_eq!(rows_of(&report), vec![4]);
        assert!(report.damage[0].message.contains("rows 3 to 3"));

        let mut first = log(3);
        first.remove(0);
        assert_eq!(rows_of(&verify(first)), vec![2]);

        let mut resealed = log(4);
        resealed[1].actor = "uid:1".to_owned();
        let previous = resealed[0].hash;
        resealed[1].hash = Some(resealed[1].seal(previous.as_ref()));
        assert_eq!(
            rows_of(&verify(resealed)),
            vec![3],
            "the next does not follow"
        );

        let mut unsealed = log(4);
        unsealed[1].hash = None;
        assert_eq!(rows_of(&verify(unsealed)), vec![2]);

        let mut newest = log(4);
        newest[3].hash = None;
        let report = verify(newest);
        assert_eq!((report.unsealed, rows_of(&report)), (1, vec![]));
    }
}
