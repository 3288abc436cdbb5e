//! Parsing of records.

use serde_json::Value;

/// Returns the number of a record, and the record; `None` if the line is not one.
pub(super) fn parse_record(line: &[u8]) -> Option<(u64, Value)> {
    let record: Value = serde_json::from_slice(line).ok()?;
    let seq = record.get("seq")?.as_u64()?;
    Some((seq, record))
}
