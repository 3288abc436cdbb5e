//! `kt policy test`: golden cases, judged as a gateway would judge them.

use super::cases;
use kt_plugin_api::{Class, Column, Context, Error, Invocation, Output, View};
use kt_policy::{Case, CaseOutcome, Chain, Limits};
use serde_json::{Value, json};
use std::path::{Path, PathBuf};

/// The configuration of a pack, in its folder.
const CONFIG: &str = "policy-config.yaml";

/// A case and what became of it.
struct Tested {
    case: Case,
    outcome: CaseOutcome,
}

pub(crate) fn run(invocation: &Invocation, context: &Context<'_>) -> Result<Output, Error> {
    let (pack, files) = place(invocation);
    let files: Vec<&str> = files.iter().map(String::as_str).collect();
    let file = kt_policy_file::read(invocation, &files)?;
    let chain = kt_policy::compile(&file.document, &Limits::default())
        .map_err(|problems| kt_policy_file::invalid(&problems))?;
    let mut tested = Vec::new();
    for case in chosen(invocation, cases::read(invocation, &pack)?)? {
        context.check_cancelled()?;
        let outcome = case.run(&chain);
        tested.push(Tested { case, outcome });
    }
    Ok(result(&file.name, &tested, &chain))
}

/// The folder of the pack, and its configuration. A file that is named brings
/// its folder with it.
fn place(invocation: &Invocation) -> (PathBuf, Vec<String>) {
    let files = invocation.args.texts("file");
    let beside = || {
        let first = files.first().filter(|file| **file != "-")?;
        Path::new(first).parent().map(Path::to_owned)
    };
    let pack = invocation.args.path("pack-dir").or_else(beside);
    let pack = pack.unwrap_or_default();
    if files.is_empty() {
        let file = pack.join(CONFIG).display().to_string();
        return (pack, vec![file]);
    }
    (pack, files.into_iter().map(str::to_owned).collect())
}

/// The cases that were asked for: all, or those of one name.
fn chosen(invocation: &Invocation, mut cases: Vec<Case>) -> Result<Vec<Case>, Error> {
    let Some(name) = invocation.args.text("case") else {
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

impl Tested {
    fn passed(&self) -> bool {
        self.outcome.matches(&self.case.expected)
    }

    fn value(&self, chain: &Chain) -> Value {
        let mut details = self.outcome.details(chain);
        details["expected"] = json!(self.case.expected);
        json!({
            "name": self.case.name,
            "file": self.case.file,
            "verdict": self.outcome.decision(),
            "reason_code": self.outcome.reason_code(),
            "passed": self.passed(),
            "details": details,
        })
    }

    /// What was expected, and what there is instead.
    fn failure(&self) -> String {
        let expected = &self.case.expected;
        let reason = |code: Option<&str>| format!(", reason {}", code.unwrap_or("none"));
        let wanted = expected.reason_code.as_ref().map(|c| reason(c.as_deref()));
        format!(
            "case `{}` failed ({})\n  expected: {}{}\n  got:      {}{}\n",
            // A control character could fake other lines.
            self.case.name.escape_debug(),
            self.case.file,
            expected.verdict,
            wanted.unwrap_or_default(),
            self.outcome.decision(),
            reason(self.outcome.reason_code()),
        )
    }
}

fn result(file: &str, tested: &[Tested], chain: &Chain) -> Output {
    let failed: Vec<&Tested> = tested.iter().filter(|t| !t.passed()).collect();
    let results: Vec<Value> = tested.iter().map(|t| t.value(chain)).collect();
    let value = json!({ "ok": failed.is_empty(), "file": file, "results": results });
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
    let failures: Vec<String> = failed.iter().map(|t| t.failure()).collect();
    let view = View::Sections(vec![table, View::Text(failures.join("\n"))]);
    let passed = tested.len() - failed.len();
    let output = Output::new("kt.policy.test/1", value, view)
        .name_path("/file")
        .note(format!("{passed} of {} cases passed", tested.len()));
    if failed.is_empty() {
        output
    } else {
        output.outcome(Class::Negative.name())
    }
}
