//! The trail of changes: its rows, the seal that binds each to the one before, and the check of it.

use serde::{Deserialize, Serialize};
use serde_json::Value;
use sha2::{Digest, Sha256};

use crate::{ContentHash, Timestamp};

/// What stands first in each sealed text, so that a hash of anything else never passes for one.
const DOMAIN: &[u8] = b"kt-audit-1";

/// One change, as it was made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct AuditEntry {
    /// Its place: grows with each row.
    pub seq: u64,
    /// When, to the microsecond.
    pub at: Timestamp,
    /// Who: `uid:` and a user of the machine, `token:` and the id of a token, or `server`.
    pub actor: String,
    /// Id of the request.
    pub request_id: String,
    /// What was done, such as `gateway.create`.
    pub action: String,
    /// Id of what it was done to.
    pub target: String,
    /// Revision of the gateway after it.
    #[serde(default)]
    pub rev: Option<u64>,
    /// More, by action. Holds neither configurations nor tokens.
    pub detail: Value,
    /// The seal: SHA-256 of this row and of the seal before; `None` until a kt that knows of seals
    /// has written to the store.
    #[serde(default)]
    pub hash: Option<ContentHash>,
}

impl AuditEntry {
    /// Computes the seal that the row must have after a row with the seal `previous`.
    ///
    /// It is SHA-256 over `kt-audit-1`, the previous seal (32 zero bytes for the first row), and
    /// `seq`, `at` in microseconds, `actor`, `request_id`, `action`, `target`, `rev` (nothing
    /// where there is none) and `detail` (JSON without blanks, members in the order of their
    /// bytes), each as text after its length in bytes as a big-endian 64-bit number.
    #[must_use]
    pub fn seal(&self, previous: Option<&ContentHash>) -> ContentHash {
        let mut hash = Sha256::new();
        hash.update(DOMAIN);
        hash.update(previous.map_or([0; 32], |seal| *seal.as_bytes()));
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

/// Returns JSON in the one form that is sealed, without blanks and with members in the order of
/// their bytes: a store may keep them in an order of its own.
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

/// A place where the trail is not as it was written.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuditCorruption {
    /// The row at which it shows.
    pub seq: u64,
    /// What is wrong with it.
    pub message: String,
}

/// The check of a trail, fed row by row from the newest to the oldest.
#[derive(Debug, Clone, Default)]
pub struct AuditVerifier {
    rows: u64,
    unsealed: u64,
    head: Option<(u64, ContentHash)>,
    damage: Vec<AuditCorruption>,
    later: Option<AuditEntry>,
}

/// What the check of a whole trail found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuditVerification {
    /// Rows looked at.
    pub rows: u64,
    /// The newest rows that no kt has sealed yet.
    pub unsealed: u64,
    /// Place and seal of the newest sealed row.
    pub head: Option<(u64, ContentHash)>,
    /// Every damage, the newest first.
    pub damage: Vec<AuditCorruption>,
}

impl AuditVerifier {
    /// Takes the row before those taken so far.
    pub fn push(&mut self, entry: AuditEntry) {
        if let Some(later) = self.later.take() {
            if later.seq <= entry.seq {
                self.damaged(later.seq, "rows are out of order".to_owned());
            }
            self.judge(&later, Some(&entry));
        }
        self.rows += 1;
        self.later = Some(entry);
    }

    /// Ends the check after the oldest row.
    #[must_use]
    pub fn finish(mut self) -> AuditVerification {
        if let Some(oldest) = self.later.take() {
            self.judge(&oldest, None);
        }
        AuditVerification {
            rows: self.rows,
            unsealed: self.unsealed,
            head: self.head,
            damage: self.damage,
        }
    }

    fn judge(&mut self, row: &AuditEntry, before: Option<&AuditEntry>) {
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
                // That one is named; what follows it cannot be judged.
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

    fn trail(rows: u64) -> Vec<AuditEntry> {
        let mut trail: Vec<AuditEntry> = Vec::new();
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
            let previous = trail.last().and_then(|last| last.hash);
            entry.hash = Some(entry.seal(previous.as_ref()));
            trail.push(entry);
        }
        trail
    }

    fn check(trail: Vec<AuditEntry>) -> AuditVerification {
        let mut check = AuditVerifier::default();
        trail.into_iter().rev().for_each(|row| check.push(row));
        check.finish()
    }

    fn places(report: &AuditVerification) -> Vec<u64> {
        report.damage.iter().map(|damage| damage.seq).collect()
    }

    #[test]
    fn a_whole_trail_is_whole() {
        let report = check(trail(5));
        assert_eq!(
            (report.rows, report.unsealed, places(&report)),
            (5, 0, vec![])
        );
        assert_eq!(report.head.unwrap().0, 5);
        assert_eq!(check(Vec::new()).rows, 0);
    }

    #[test]
    fn the_form_of_a_seal_never_changes() {
        // Computed by a program of a few lines in another language, after the documentation.
        let expected = "1c54c854bfe81684e8c78db243aeeb37d3855fb0085ca869b032a6fdf89949d4";
        assert_eq!(trail(1)[0].hash.unwrap().to_string(), expected);
    }

    #[test]
    fn the_order_of_members_is_of_no_account() {
        let mut rows = trail(2);
        rows[1].detail =
            serde_json::from_str(r#"{"a": true, "b": [1, {"a": "\u0022\u00e4", "z": null}]}"#)
                .unwrap();
        assert_eq!(places(&check(rows)), Vec::<u64>::new());
    }

    #[test]
    fn every_changed_member_is_noticed_in_its_row() {
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
            let mut rows = trail(3);
            change(&mut rows[2]);
            let seq = rows[2].seq;
            assert_eq!(places(&check(rows)), vec![seq]);
        }
    }

    #[test]
    fn removed_and_resealed_and_unsealed_rows_are_named_by_their_place() {
        let mut removed = trail(5);
        removed.remove(2);
        let report = check(removed);
        assert_eq!(places(&report), vec![4]);
        assert!(report.damage[0].message.contains("rows 3 to 3"));

        let mut first = trail(3);
        first.remove(0);
        assert_eq!(places(&check(first)), vec![2]);

        let mut resealed = trail(4);
        resealed[1].actor = "uid:1".to_owned();
        let previous = resealed[0].hash;
        resealed[1].hash = Some(resealed[1].seal(previous.as_ref()));
        assert_eq!(
            places(&check(resealed)),
            vec![3],
            "the next does not follow"
        );

        let mut unsealed = trail(4);
        unsealed[1].hash = None;
        assert_eq!(places(&check(unsealed)), vec![2]);

        let mut newest = trail(4);
        newest[3].hash = None;
        let report = check(newest);
        assert_eq!((report.unsealed, places(&report)), (1, vec![]));
    }
}
