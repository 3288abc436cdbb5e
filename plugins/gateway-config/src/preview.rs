//! What publishing a configuration would change, without publishing it.

use crate::diff::Side;
use kt_control_api::{Etag, Gateway};
use kt_plugin_api::{Class, Error, Output, View};
use serde_json::{Value, json};

/// A change that is only planned.
pub(crate) struct Preview<'a> {
    /// The schema of the output.
    pub(crate) schema: &'a str,
    pub(crate) gateway: &'a Gateway,
    /// The desired configuration.
    pub(crate) old: &'a Side,
    /// The configuration that would be published.
    pub(crate) new: &'a Side,
}

impl Preview<'_> {
    /// Builds the output. `more` has members that the command adds.
    ///
    /// # Errors
    /// If there is nothing to compare, or the difference cannot be serialized.
    pub(crate) fn output(&self, more: Value) -> Result<Output, Error> {
        let gateway = self.gateway;
        let diff = self.old.diff_to(self.new)?;
        let identical = diff.base_sha256.as_deref() == Some(diff.target_sha256.as_str());
        let weakened = diff.guards_weakened().len();
        let next = gateway.last_version + 1;
        let mut value = json!({
            "id": gateway.id,
            "name": gateway.name,
            "dry_run": true,
            "result": if identical { "unchanged" } else { "would-publish" },
            "from_version": self.old.version,
            "next_version": next,
            "changes": diff.changes,
            "impact": diff.impact(),
            "etag": gateway.etag().to_string(),
        });
        if let (Value::Object(value), Value::Object(more)) = (&mut value, more) {
            value.extend(more);
        }
        let mut text = diff.text();
        if !text.ends_with('\n') {
            text.push('\n');
        }
        let name = &gateway.name;
        let message = if identical {
            format!("gateway `{name}`: nothing would be published, this is the desired version")
        } else {
            format!("gateway `{name}`: version {next} would be published")
        };
        let output = Output::new(self.schema, value, View::Diff(text)).note(message);
        Ok(match weakened {
            0 => output,
            1 => output.note("it WEAKENS 1 guard"),
            count => output.note(format!("it WEAKENS {count} guards")),
        })
    }
}

/// Checks the precondition of a planned change, as the control plane does for one that is made.
///
/// # Errors
/// Class `conflict` if the gateway was changed since.
pub(crate) fn check_etag(gateway: &Gateway, if_match: Option<Etag>) -> Result<(), Error> {
    let current = gateway.etag();
    if if_match.is_none_or(|expected| expected == current) {
        return Ok(());
    }
    let message = format!("gateway `{}` was changed", gateway.name);
    Err(Error::new(Class::Conflict, "version-conflict", message)
        .hint(format!(
            "`kt gateway inspect {}` shows its state and entity tag",
            gateway.name
        ))
        .data("current_etag", current.to_string())
        .data("current_version", gateway.last_version))
}
