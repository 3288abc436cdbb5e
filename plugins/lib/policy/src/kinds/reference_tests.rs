//! `docs/policies.md`, which is written from the declarations.

use std::fmt::Write as _;
use std::path::Path;

use serde_json::Value;

use super::registry::KINDS;
use crate::settings::{Declaration, Weaker};

const HEAD: &str = "\
# Settings of the policies

The settings under `policy.<kind>`, written from their declarations. [The gateway](gateway.md)
describes what the policies do, and `kt policy schema` prints the same for editors. A change that
makes a setting weaker is named by `kt gateway diff`, and is an error with `--fail-on-weaken`.
";

fn reference() -> String {
    let mut page = HEAD.to_owned();
    for known in KINDS {
        let reason = known
            .reason
            .map_or("It blocks nothing.".to_owned(), |reason| {
                format!("Reason code: `{reason}`.")
            });
        let summary = known.summary.trim();
        write!(
            page,
            "\n## `{}`\n\n{summary} {reason}\n\n\
             | setting | values | default | | weaker |\n|---|---|---|---|---|\n",
            known.form()
        )
        .unwrap();
        rows(&(known.declarations)(), "", &mut page);
    }
    page
}

fn rows(declarations: &[Declaration], path: &str, page: &mut String) {
    for setting in declarations {
        let path = format!("{path}{}", setting.key);
        if !setting.nested.is_empty() {
            rows(&setting.nested, &format!("{path}."), page);
            continue;
        }
        let about = setting.schema["description"].as_str().unwrap_or_default();
        let default = setting
            .default
            .as_ref()
            .map(|value| format!("`{}`", plain(value)));
        let weaker = match setting.weaker {
            None => "",
            Some(Weaker::Off) => "`false`",
            Some(Weaker::On(_)) => "`true`",
            Some(Weaker::Action) => "a less strict action",
            Some(Weaker::Streaming) => "`fluent`",
            Some(Weaker::Lower(_)) => "a lower number",
            Some(Weaker::Higher(_)) => "a higher number",
            Some(Weaker::Added(_)) => "an item more",
            Some(Weaker::Removed(_)) => "an item less",
            Some(Weaker::To(word, _)) => &format!("`{word}`"),
        };
        writeln!(
            page,
            "| `{path}` | {} | {} | {about} | {weaker} |",
            values(&setting.schema),
            default.unwrap_or_default()
        )
        .unwrap();
    }
}

fn plain(value: &Value) -> String {
    value
        .as_str()
        .map_or_else(|| value.to_string(), str::to_owned)
}

fn values(schema: &Value) -> String {
    if let Some(words) = schema["enum"].as_array() {
        let words: Vec<String> = words
            .iter()
            .map(|word| format!("`{}`", plain(word)))
            .collect();
        return words.join(", ");
    }
    if !schema["const"].is_null() {
        return format!("only `{}`", plain(&schema["const"]));
    }
    match schema["type"].as_str() {
        Some("boolean") => "`true`, `false`".to_owned(),
        Some("integer") => format!("{} to {}", schema["minimum"], schema["maximum"]),
        Some("string") if schema["pattern"] == "^[0-9]+(ms|s|m|h)$" => "duration".to_owned(),
        Some("string") if schema["pattern"] == "^https?://" => "address".to_owned(),
        Some("string") => format!(
            "text of {} to {} characters",
            schema["minLength"], schema["maxLength"]
        ),
        Some("array") => "list of texts".to_owned(),
        _ => "mapping of texts".to_owned(),
    }
}

#[test]
fn the_documentation_has_every_setting() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../docs/policies.md");
    if std::env::var_os("KT_BLESS").is_some() {
        std::fs::write(&path, reference()).unwrap();
    }
    let page = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(
        page == reference(),
        "docs/policies.md is stale: run the test with KT_BLESS=1"
    );
}
