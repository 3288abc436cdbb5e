//! What is printed of plans and results.

use std::collections::BTreeMap;

use kt_control_api::{GatewayId, with_separators};
use kt_plugin_api::{CellFormat, Class, Column, Output, View};
use serde_json::{Value, json};

use crate::plan::{Plan, PlannedChange};
use crate::record::Record;
use crate::result::ItemResult;

/// The schema of the output of every command for many gateways.
const SCHEMA: &str = "kt.gateway.fleet/1";

/// Counts gateways in words.
pub(crate) fn gateways(count: usize) -> String {
    match count {
        1 => "1 gateway".to_owned(),
        _ => format!("{} gateways", with_separators(count)),
    }
}

/// Returns a plan that is not executed.
pub(crate) fn planned(plan: &Plan) -> Output {
    let columns = vec![
        Column::new("NAME", "/name"),
        Column::new("VERSION", "/version"),
        Column::new("INSTANCES", "/instances"),
        Column::new("CHANGE", "/change"),
        Column::new("WEAKENS", "/weakened"),
        Column::new("ID", "/id").wide(),
        Column::new("ETAG", "/etag").wide(),
    ];
    let view = View::Table {
        rows: "/plan".to_owned(),
        columns,
        empty: String::new(),
    };
    let changes = plan.changes().count();
    let mut value = value(plan, &BTreeMap::new());
    value["dry_run"] = true.into();
    let matched = gateways(plan.gateways.len());
    Output::new(SCHEMA, value, view)
        .name_path("/name")
        .note(format!(
            "{changes} of {matched} would be changed; nothing was changed"
        ))
}

/// Returns the results of an execution: a table, and an outcome if not all succeeded.
pub(crate) fn finished(
    plan: &Plan,
    results: &BTreeMap<GatewayId, ItemResult>,
    record: Option<&Record>,
) -> Output {
    let mut value = value(plan, results);
    value["record"] = json!(record.map(|record| record.path().display().to_string()));
    let count = |key: &str| value["summary"][key].as_u64().unwrap_or(0);
    let (succeeded, failed, left) = (count("succeeded"), count("failed"), count("not_begun"));
    let unchanged = count("unchanged");
    let view = View::Table {
        rows: "/results".to_owned(),
        columns: vec![
            Column::new("NAME", "/name"),
            Column::new("RESULT", "/result").format(CellFormat::State),
            Column::new("VERSION", "/version"),
            Column::new("WHY", "/why"),
            Column::new("ID", "/id").wide(),
        ],
        empty: String::new(),
    };
    let output = Output::new(SCHEMA, value, view)
        .name_path("/name")
        .note(format!(
            "{succeeded} done, {unchanged} unchanged, {failed} failed, {left} not begun"
        ));
    match (failed + left, succeeded + unchanged) {
        (0, _) => output,
        (_, 0) => output.outcome(Class::Usage.name()),
        _ => output.outcome(Class::Negative.name()),
    }
}

fn value(plan: &Plan, results: &BTreeMap<GatewayId, ItemResult>) -> Value {
    let rows: Vec<ItemResult> = plan.gateways.iter().map(|one| row(one, results)).collect();
    let is = |result: &&ItemResult, word: &str| result.result == word;
    let unchanged = rows.iter().filter(|row| is(row, UNCHANGED)).count();
    let left = rows.iter().filter(|row| is(row, NOT_BEGUN)).count();
    let succeeded = rows.iter().filter(|row| row.succeeded).count() - unchanged;
    let failed = rows.len() - unchanged - left - succeeded;
    let planned: Vec<Value> = plan
        .gateways
        .iter()
        .map(|one| {
            let mut value = json!(one);
            value["etag"] = kt_control_api::Etag(one.rev).to_string().into();
            value
        })
        .collect();
    json!({
        "verb": plan.verb,
        "selector": plan.selector,
        "dry_run": false,
        "matched": plan.gateways.len(),
        "plan": planned,
        "results": rows,
        "summary": {
            "succeeded": succeeded, "unchanged": unchanged, "failed": failed, "not_begun": left,
        },
    })
}

/// The result of a gateway that needs no change.
const UNCHANGED: &str = "unchanged";
/// The result of a gateway whose change was not begun.
const NOT_BEGUN: &str = "not-begun";

fn row(planned: &PlannedChange, results: &BTreeMap<GatewayId, ItemResult>) -> ItemResult {
    let (id, name) = (&planned.id, &planned.name);
    match (results.get(id), &planned.change) {
        (Some(result), _) => result.clone(),
        (None, None) => ItemResult::done(id, name, UNCHANGED).version(planned.version),
        (None, Some(_)) => ItemResult {
            succeeded: false,
            ..ItemResult::done(id, name, NOT_BEGUN).version(planned.version)
        },
    }
}

#[cfg(test)]
mod tests {
    use super::finished;
    use crate::plan::{Plan, PlannedChange};
    use crate::result::ItemResult;
    use kt_control_api::{GatewayId, Timestamp};
    use std::collections::BTreeMap;

    fn planned(name: &str, change: Option<&str>) -> PlannedChange {
        PlannedChange {
            id: GatewayId::random(),
            name: name.to_owned(),
            rev: 1,
            version: Some(1),
            instances: 0,
            change: change.map(str::to_owned),
            weakened: Vec::new(),
        }
    }

    fn outcome(results: &[Option<bool>], with_unchanged: bool) -> Option<String> {
        let changes = results.iter().map(|_| planned("changes", Some("x")));
        let mut gateways: Vec<_> = changes.collect();
        let mut done = BTreeMap::new();
        for (gateway, result) in gateways.iter().zip(results) {
            let (id, name) = (&gateway.id, &gateway.name);
            match result {
                Some(true) => done.insert(id.clone(), ItemResult::done(id, name, "applied")),
                Some(false) => {
                    done.insert(id.clone(), ItemResult::failed(id, name, "failed", "why"))
                }
                None => None,
            };
        }
        if with_unchanged {
            gateways.push(planned("same", None));
        }
        let plan = Plan {
            format: Plan::FORMAT.to_owned(),
            verb: "reload".to_owned(),
            created_at: Timestamp::UNIX_EPOCH,
            control_plane: String::new(),
            selector: "a=b".to_owned(),
            request: serde_json::Value::Null,
            gateways,
        };
        finished(&plan, &done, None).outcome
    }

    #[test]
    fn the_outcome_is_that_of_all() {
        assert_eq!(outcome(&[Some(true), Some(true)], false), None);
        assert_eq!(outcome(&[], true), None);
        let some = Some("negative".to_owned());
        assert_eq!(outcome(&[Some(true), Some(false)], false), some);
        assert_eq!(outcome(&[Some(true), None], false), some);
        let none = Some("usage".to_owned());
        assert_eq!(outcome(&[Some(false), None], false), none);
    }
}
