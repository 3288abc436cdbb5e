//! The result of `kt plugin test`: a table, JSON, and JUnit for CI systems.

use crate::atomic_file;
use kt_plugin_api::plugin_test::{TestCase, TestFailure, TestResult};
use kt_plugin_api::{CellFormat, Class, Column, Error, Output, View};
use serde_json::json;
use std::path::Path;

/// Builds the result.
pub(super) fn output(plugin: &str, checks: &[TestCase], simulated: Option<String>) -> Output {
    let count = |result: TestResult| checks.iter().filter(|c| c.result == result).count();
    let (passed, failed, skipped) = (
        count(TestResult::Passed),
        count(TestResult::Failed),
        count(TestResult::Skipped),
    );
    let value = json!({
        "plugin": plugin,
        "checks": checks,
        "passed": passed,
        "failed": failed,
        "skipped": skipped,
        "simulated": simulated,
    });
    let table = View::Table {
        rows: "/checks".to_owned(),
        columns: vec![
            Column::new("CHECK", "/id"),
            Column::new("RESULT", "/result").format(CellFormat::State),
            Column::new("ABOUT", "/about"),
            Column::new("DETAIL", "/detail"),
        ],
        empty: String::new(),
    };
    let mut sections = vec![table];
    sections.extend(checks.iter().filter_map(|check| {
        let failure = check.failure.as_ref()?;
        Some(View::Text(format!(
            "\n{} failed\n{}",
            check.id,
            details(failure)
        )))
    }));
    let view = View::Sections(sections);
    let mut output = Output::new("kt.plugin.test/1", value, view).name_path("/plugin");
    output.notes.push(format!(
        "{passed} passed, {failed} failed, {skipped} skipped"
    ));
    output
        .notes
        .extend(simulated.map(|what| format!("tested against a model: {what}")));
    if failed > 0 {
        output.outcome(Class::Negative.name())
    } else {
        output
    }
}

/// Describes a failure in several lines.
fn details(failure: &TestFailure) -> String {
    let mut text = String::new();
    for (label, value) in [
        ("step", &failure.step),
        ("expected", &failure.expected),
        ("found", &failure.found),
    ] {
        text.push_str(&format!("  {label:9} {value}\n"));
    }
    for (label, lines) in [("state", &failure.state), ("commands", &failure.commands)] {
        for (index, line) in lines.iter().enumerate() {
            let label = if index == 0 { label } else { "" };
            text.push_str(&format!("  {label:9} {line}\n"));
        }
    }
    text
}

/// Writes the results as JUnit XML.
///
/// # Errors
/// Class `unavailable` if the file cannot be written.
pub(super) fn write_junit(path: &Path, plugin: &str, checks: &[TestCase]) -> Result<(), Error> {
    atomic_file::replace(path, junit(plugin, checks).as_bytes()).map_err(|e| {
        let message = format!("`{}` cannot be written", path.display());
        Error::new(Class::Unavailable, "junit-not-written", message).cause(e)
    })
}

fn junit(plugin: &str, checks: &[TestCase]) -> String {
    let count = |result: TestResult| checks.iter().filter(|c| c.result == result).count();
    let mut xml = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
    xml.push_str(&format!(
        "<testsuite name=\"{}\" tests=\"{}\" failures=\"{}\" skipped=\"{}\">\n",
        escaped(plugin),
        checks.len(),
        count(TestResult::Failed),
        count(TestResult::Skipped),
    ));
    for check in checks {
        xml.push_str(&format!(
            "  <testcase classname=\"{}\" name=\"{}\"",
            escaped(plugin),
            escaped(&check.id)
        ));
        let inner = match (check.result, &check.failure) {
            (TestResult::Passed, _) => None,
            (TestResult::Skipped, _) => {
                Some(format!("<skipped message=\"{}\"/>", escaped(&check.detail)))
            }
            (TestResult::Failed, failure) => Some(format!(
                "<failure message=\"{}\">{}</failure>",
                escaped(&check.detail),
                escaped(&failure.as_ref().map(details).unwrap_or_default())
            )),
        };
        match inner {
            None => xml.push_str("/>\n"),
            Some(inner) => xml.push_str(&format!(">\n    {inner}\n  </testcase>\n")),
        }
    }
    xml.push_str("</testsuite>\n");
    xml
}

/// Escapes text for XML; control characters, which XML 1.0 excludes, are replaced.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\n' | '\t' => out.push(c),
            c if c.is_control() || c == '\u{fffe}' || c == '\u{ffff}' => out.push('\u{fffd}'),
            c => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::junit;
    use kt_plugin_api::plugin_test::{TestCase, TestFailure};

    #[test]
    fn junit_is_escaped_and_counts_results() {
        let failure = TestFailure::new("run `a < b`", "\"x\" & y", "\u{1b}z");
        let checks = [
            TestCase::passed("load", "it loads"),
            TestCase::skipped("run a", "it runs", "it changes state"),
            TestCase::failed("run b", "it runs", failure),
        ];
        let xml = junit("greeter", &checks);
        assert!(
            xml.contains("tests=\"3\" failures=\"1\" skipped=\"1\""),
            "{xml}"
        );
        assert!(
            xml.contains("a &lt; b") && xml.contains("&quot;x&quot; &amp; y"),
            "{xml}"
        );
        assert!(!xml.contains('\u{1b}'), "{xml}");
    }
}
