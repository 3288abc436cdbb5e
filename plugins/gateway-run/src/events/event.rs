//! One decision, as it is shown.

use kt_plugin_api::{CellFormat, Column};
use serde_json::{Value, json};

/// Adds what the views show: the policies that had a part in the decision, and why.
pub(super) fn complete(mut record: Value) -> Value {
    let (policies, reason) = (json!(policies(&record)), json!(reason(&record)));
    if let Some(members) = record.as_object_mut() {
        members.insert("policies".to_owned(), policies);
        members.insert("reason".to_owned(), reason);
    }
    record
}

/// Returns the policies: the one that blocked, else those that found something.
fn policies(record: &Value) -> Vec<&str> {
    if let Some(policy) = record["policy"].as_str() {
        return vec![policy];
    }
    let mut found: Vec<&str> = findings(record)
        .filter_map(|finding| finding["policy"].as_str())
        .collect();
    found.dedup();
    found
}

/// Returns the reason of a halt or the reason code of a block, else what was found: `email 2, card 1`.
fn reason(record: &Value) -> Option<String> {
    if let Some(reason) = record["halt"]["reason"].as_str() {
        return Some(reason.to_owned());
    }
    if let Some(code) = record["reason_code"].as_str() {
        return Some(code.to_owned());
    }
    let found: Vec<String> = findings(record)
        .filter_map(|finding| {
            Some(format!(
                "{} {}",
                finding["kind"].as_str()?,
                finding["count"]
            ))
        })
        .collect();
    (!found.is_empty()).then(|| found.join(", "))
}

fn findings(record: &Value) -> impl Iterator<Item = &Value> {
    record["findings"].as_array().into_iter().flatten()
}

/// Returns the columns of a table of events.
pub(super) fn columns() -> Vec<Column> {
    vec![
        Column::new("SEQ", "/seq").wide(),
        Column::new("WHEN", "/at").format(CellFormat::Age),
        Column::new("VERDICT", "/verdict").format(CellFormat::State),
        Column::new("PHASE", "/phase"),
        Column::new("MODEL", "/requested_model"),
        Column::new("POLICY", "/policies"),
        Column::new("REASON", "/reason"),
        Column::new("REQUEST", "/request_id"),
        Column::new("TARGET", "/target").wide(),
        Column::new("SERVED", "/served_model").wide(),
        Column::new("VERSION", "/config_version").wide(),
    ]
}

/// Returns an event as a line of text.
pub(super) fn line(event: &Value) -> String {
    let text = |key: &str| {
        event[key]
            .as_str()
            .filter(|text| !text.is_empty())
            .unwrap_or("-")
    };
    let time = text("at").get(..19).unwrap_or("-");
    let policies = event["policies"].as_array().into_iter().flatten();
    let policies: Vec<&str> = policies.filter_map(Value::as_str).collect();
    let policies = if policies.is_empty() {
        "-".to_owned()
    } else {
        policies.join(",")
    };
    let line = format!(
        "{time}Z  {:<7} {:<6}  {}  {policies}  {}  {}",
        text("verdict"),
        text("phase"),
        text("requested_model"),
        text("reason"),
        text("request_id"),
    );
    // The name of a model comes from a caller.
    let line: String = line
        .chars()
        .map(|c| if c.is_control() { ' ' } else { c })
        .collect();
    line + "\n"
}

#[cfg(test)]
mod tests {
    use super::{complete, line};
    use serde_json::json;

    #[test]
    fn the_reason_is_that_of_the_block_or_what_was_found() {
        let found = json!([
            {"policy": "pii-detector", "kind": "email", "count": 2},
            {"policy": "pii-detector", "kind": "card", "count": 1},
        ]);
        let redacted = complete(json!({"verdict": "redact", "findings": found}));
        assert_eq!(redacted["policies"], json!(["pii-detector"]));
        assert_eq!(redacted["reason"], "email 2, card 1");
        let blocked = complete(json!({
            "verdict": "block", "policy": "dlp-filter", "reason_code": "dlp.term", "findings": found
        }));
        assert_eq!(blocked["policies"], json!(["dlp-filter"]));
        assert_eq!(blocked["reason"], "dlp.term");
        let halted = complete(json!({"verdict": "halt", "halt": {"reason": "leak"}}));
        assert_eq!(halted["reason"], "leak");
        let allowed = complete(json!({"verdict": "allow", "findings": []}));
        assert_eq!(
            (&allowed["policies"], &allowed["reason"]),
            (&json!([]), &json!(null))
        );
    }

    #[test]
    fn a_line_has_no_control_characters() {
        let event = complete(json!({
            "at": "2026-11-30T12:00:00.123456Z", "verdict": "allow", "phase": "input",
            "requested_model": "a\u{1b}[2J\nb", "request_id": "r1",
        }));
        assert_eq!(
            line(&event),
            "2026-11-30T12:00:00Z  allow   input   a [2J b  -  -  r1\n"
        );
    }
}
