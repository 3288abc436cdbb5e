//! Watching objects of the control plane.

use kt_plugin_api::{Cancel, Class, Context, Error, Output, View};
use serde_json::Value;
use std::collections::BTreeMap;
use std::time::Duration;

/// The time after which a control plane that could not be reached is asked again.
const RETRY_INTERVAL: Duration = Duration::from_secs(2);

/// Repeats a step until the command is interrupted.
pub(super) struct Watch<'a> {
    pub(super) context: &'a Context<'a>,
    pub(super) schema: &'a str,
}

impl Watch<'_> {
    /// Repeats a step, which prints what has changed and waits for the next change. While the
    /// control plane cannot be reached, the step is repeated at intervals.
    ///
    /// # Errors
    /// Other errors of the step, and those of the first one.
    pub(super) fn run(
        &self,
        step: &mut dyn FnMut() -> Result<Option<Cancel>, Error>,
    ) -> Result<Output, Error> {
        let mut has_begun = false;
        let mut is_away = false;
        loop {
            let waited = match step() {
                // It may be the interruption that ended a call.
                Err(_) if self.context.cancelled().is_some() => self.context.cancelled(),
                Err(error) if has_begun && error.class == Class::Unavailable => {
                    if !is_away {
                        self.context.warn(&format!("{error}; trying again"));
                    }
                    is_away = true;
                    self.context.wait_cancelled(RETRY_INTERVAL)
                }
                Err(error) => return Err(error),
                Ok(waited) => {
                    has_begun = true;
                    is_away = false;
                    waited
                }
            };
            match waited {
                None => {}
                // Ctrl-C is the normal way to stop watching.
                Some(Cancel::Interrupt) => {
                    let end = Output::new(self.schema, Value::Null, View::Text(String::new()));
                    return Ok(end.outcome(Class::Interrupted.name()));
                }
                Some(_) => self.context.check_cancelled()?,
            }
        }
    }
}

/// The rows of a list as they were printed, by id.
#[derive(Default)]
pub(super) struct Changes {
    rows: Option<BTreeMap<String, Value>>,
}

impl Changes {
    /// Whether nothing was printed yet.
    pub(super) fn is_first(&self) -> bool {
        self.rows.is_none()
    }

    /// Returns the rows that are new or have changed, in their order, and those of objects that do
    /// not exist anymore.
    pub(super) fn update(&mut self, rows: Vec<Value>) -> Vec<Value> {
        let id = |row: &Value| row["id"].as_str().unwrap_or_default().to_owned();
        let mut before = self.rows.take().unwrap_or_default();
        let mut changed: Vec<Value> = Vec::new();
        let mut after = BTreeMap::new();
        for row in rows {
            if before.remove(&id(&row)).as_ref() != Some(&row) {
                changed.push(row.clone());
            }
            after.insert(id(&row), row);
        }
        for (_, mut row) in before {
            row["state"] = "deleted".into();
            changed.push(row);
        }
        self.rows = Some(after);
        changed
    }
}

#[cfg(test)]
mod tests {
    use super::Changes;
    use serde_json::json;

    #[test]
    fn only_what_has_changed_is_printed() {
        let mut changes = Changes::default();
        let row = |id: &str, state: &str| json!({ "id": id, "state": state });
        let (a, b) = (row("a", "pending"), row("b", "in-sync"));
        assert!(changes.is_first());
        assert_eq!(
            changes.update(vec![a.clone(), b.clone()]),
            [a.clone(), b.clone()]
        );
        assert!(!changes.is_first());
        assert!(changes.update(vec![a.clone(), b.clone()]).is_empty());
        let (a, c) = (row("a", "in-sync"), row("c", "offline"));
        let expected = [a.clone(), c.clone(), row("b", "deleted")];
        assert_eq!(changes.update(vec![a, c]), expected);
    }
}
