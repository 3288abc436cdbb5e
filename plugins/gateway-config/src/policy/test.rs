//! `kt policy test`: runs the test cases of a pack, evaluated as by a gateway.

use super::{cases, explain};
use crate::args::PolicyTestArgs;
use kt_plugin_api::{Class, Column, Context, Error, Invocation, Output, View};
use kt_policy::{Case, CaseOutcome, Chain, Limits};
use serde_json::{Value, json};
use std::path::{Path, PathBuf};

/// The configuration in the directory of a pack.
const CONFIG_FILE: &str = "policy-config.yaml";

/// A case and its outcome.
struct TestResult {
    case: Case,
    outcome: CaseOutcome,
    /// What decided, if it was asked for.
    explanations: Option<Value>,
}

pub(crate) fn run(invocation: &Invocation, context: &Context<'_>) -> Result<Output, Error> {
    let args: PolicyTestArgs = invocation.arguments()?;
    let (pack, files) = locate_pack(&args);
    let file = kt_policy_file::read(invocation, context, &files)?;
    let chain = kt_policy::compile(&file.document, &Limits::default())
        .map_err(|problems| kt_policy_file::invalid_configuration(&problems))?;
    let mut results = Vec::new();
    for case in select_cases(
        args.case.as_deref(),
        cases::read(invocation, context, &pack)?,
    )? {
        context.check_cancelled()?;
        let outcome = case.run(&file.document, &chain);
        let explanations = args.explain.then(|| case.explain(&chain));
        results.push(TestResult {
            case,
            outcome,
            explanations,
        });
    }
    Ok(result(&file.name, &results, &chain))
}

/// Returns the directory of the pack, and the files of its configuration. By default, the pack is in
/// the directory of `--file`.
fn locate_pack(args: &PolicyTestArgs) -> (PathBuf, Vec<PathBuf>) {
    let directory_of_file = || {
        let first = args.file.first().filter(|file| *file != Path::new("-"))?;
        first.parent().map(Path::to_owned)
    };
    let pack = args.pack_dir.clone().or_else(directory_of_file);
    let pack = pack.unwrap_or_default();
    if args.file.is_empty() {
        let file = pack.join(CONFIG_FILE);
        return (pack, vec![file]);
    }
    (pack, args.file.clone())
}

/// Selects the cases with the name in `--case`, or all cases.
fn select_cases(name: Option<&str>, mut cases: Vec<Case>) -> Result<Vec<Case>, Error> {
    let Some(name) = name else {
        return Ok(cases);
    };
    let known: Vec<String> = cases.iter().map(|case| case.name.clone()).collect();
    cases.retain(|case| case.name == name);
    if cases.is_empty() {
        let message = format!("there is no case `{name}`");
        let hint = format!("there are: {}", known.join(", "));
        return Err(Error::new(Class::Usage, "no-such-case", message).hint(hint));
    }
    Ok(cases)
}

impl TestResult {
    fn passed(&self) -> bool {
        self.outcome.matches(&self.case.expected)
    }

    fn value(&self, chain: &Chain) -> Value {
        let mut details = self.outcome.details(chain);
        details["expected"] = json!(self.case.expected);
        let mut value = json!({
            "name": self.case.name,
            "file": self.case.file,
            "verdict": self.outcome.decision(),
            "reason_code": self.outcome.reason_code(),
            "passed": self.passed(),
            "details": details,
        });
        if let Some(explanations) = &self.explanations {
            value["explanations"] = explanations.clone();
        }
        value
    }

    /// Formats the expected and the actual result.
    fn format_failure(&self) -> String {
        let expected = &self.case.expected;
        let reason = |code: Option<&str>| format!(", reason {}", code.unwrap_or("none"));
        let expected_reason = expected.reason_code.as_ref().map(|c| reason(c.as_deref()));
        format!(
            "case `{}` failed ({})\n  expected: {}{}\n  got:      {}{}\n",
            // A control character in the name could forge lines.
            self.case.name.escape_debug(),
            self.case.file,
            expected.verdict,
            expected_reason.unwrap_or_default(),
            self.outcome.decision(),
            reason(self.outcome.reason_code()),
        )
    }
}

fn result(file: &str, results: &[TestResult], chain: &Chain) -> Output {
    let failed: Vec<&TestResult> = results.iter().filter(|t| !t.passed()).collect();
    let values: Vec<Value> = results.iter().map(|t| t.value(chain)).collect();
    let value = json!({ "ok": failed.is_empty(), "file": file, "results": values });
    let table = View::Table {
        rows: "/results".to_owned(),
        columns: vec![
            Column::new("CASE", "/name"),
            Column::new("PASSED", "/passed"),
            Column::new("VERDICT", "/verdict"),
            Column::new("REASON", "/reason_code"),
            Column::new("FILE", "/file").wide(),
        ],
        empty: String::new(),
    };
    let failures: Vec<String> = failed.iter().map(|t| t.format_failure()).collect();
    let explained = |t: &TestResult| Some(explain::format(&t.case.name, t.explanations.as_ref()?));
    let explanations: Vec<String> = results.iter().filter_map(explained).collect();
    let mut sections = vec![table];
    sections.extend((!explanations.is_empty()).then(|| View::Text(explanations.join("\n"))));
    sections.push(View::Text(failures.join("\n")));
    let view = View::Sections(sections);
    let passed = results.len() - failed.len();
    let output = Output::new("kt.policy.test/1", value, view)
        .name_path("/file")
        .note(format!("{passed} of {} cases passed", results.len()));
    let output = match not_asked(chain) {
        Some(note) => output.note(note),
        None => output,
    };
    if failed.is_empty() {
        output
    } else {
        output.outcome(Class::Negative.name())
    }
}

/// Names the guards outside of the gateway, which only a gateway asks.
fn not_asked(chain: &Chain) -> Option<String> {
    let guards = chain.guards().iter();
    let names: Vec<&str> = guards.map(|guard| guard.policy.as_str()).collect();
    (!names.is_empty()).then(|| format!("without the verdicts of {}", names.join(", ")))
}
