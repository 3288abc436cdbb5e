//! `kt policy lint`: validates and compiles a configuration as a gateway does.

use crate::args::PolicyLintArgs;
use kt_plugin_api::{Class, Context, Error, Invocation, Output, View};
use kt_policy::{Document, Limits, Problem, Problems};
use serde_json::{Value, json};

/// The result of a lint.
enum LintResult {
    /// The configuration is invalid.
    Invalid(Problems),
    /// The configuration is valid, but cannot be compiled.
    NotCompilable(Document, Problems),
    /// The configuration is valid and can be compiled.
    Valid(Document),
}

pub(crate) fn run(invocation: &Invocation, context: &Context<'_>) -> Result<Output, Error> {
    let args: PolicyLintArgs = invocation.arguments()?;
    let sources = kt_policy_file::read_sources(invocation, context, &args.file)?;
    let result = match kt_policy::parse(&sources) {
        Err(problems) => LintResult::Invalid(problems),
        Ok(document) => match kt_policy::compile(&document, &Limits::default()) {
            Err(problems) => LintResult::NotCompilable(document, problems),
            Ok(_) => LintResult::Valid(document),
        },
    };
    let names: Vec<&str> = sources.iter().map(|source| source.name.as_str()).collect();
    let name = names.join(", ");
    let output = Output::new(
        "kt.policy.lint/1",
        result.value(&name)?,
        View::Diagnostics(result.text(&name)),
    );
    let output = output.name_path("/file");
    Ok(match &result {
        LintResult::Valid(document) if document.warnings().is_empty() || !args.strict => output,
        LintResult::Valid(_) => output
            .outcome(Class::Negative.name())
            .note("with `--strict`, warnings are errors"),
        _ => output.outcome(Class::Negative.name()),
    })
}

impl LintResult {
    fn document(&self) -> Option<&Document> {
        match self {
            Self::Invalid(_) => None,
            Self::NotCompilable(document, _) | Self::Valid(document) => Some(document),
        }
    }

    /// Returns the problems and the stage that found them.
    fn problems(&self) -> (&[Problem], &'static str) {
        match self {
            Self::Invalid(problems) => (problems.as_slice(), "check"),
            Self::NotCompilable(_, problems) => (problems.as_slice(), "compile"),
            Self::Valid(_) => (&[], ""),
        }
    }

    fn value(&self, name: &str) -> Result<Value, Error> {
        let document = self.document();
        let (problems, stage) = self.problems();
        let errors = problems
            .iter()
            .map(|problem| {
                let mut error = problem_value(problem)?;
                error["stage"] = stage.into();
                Ok(error)
            })
            .collect::<Result<Vec<_>, Error>>()?;
        let warnings = document.map_or(&[][..], Document::warnings);
        let warnings = warnings
            .iter()
            .map(problem_value)
            .collect::<Result<Vec<_>, _>>()?;
        let chain = document.map_or(&[][..], |d| &d.chain);
        Ok(json!({
            "valid": problems.is_empty(),
            "file": name,
            "pack": document.map(|d| json!({ "name": d.pack.name, "version": d.pack.version })),
            "chain": chain,
            "policy_count": chain.len(),
            "warnings": warnings,
            "errors": errors,
        }))
    }

    fn text(&self, name: &str) -> String {
        let (problems, _) = self.problems();
        let count = format_count(problems.len(), "problem");
        let mut parts = vec![match self {
            Self::Invalid(_) => format!("{name} is not valid: {count}\n"),
            Self::NotCompilable(..) => {
                format!("{name} is well formed, but a gateway would reject it: {count}\n")
            }
            Self::Valid(document) => summary(name, document),
        }];
        let warnings = self.document().map_or(&[][..], Document::warnings);
        parts.extend(problems.iter().chain(warnings).map(Problem::to_string));
        parts.join("\n")
    }
}

fn summary(name: &str, document: &Document) -> String {
    let chain: Vec<&str> = document.chain.iter().map(|kind| kind.as_str()).collect();
    let warnings = match document.warnings().len() {
        0 => String::new(),
        count => format!(", with {}", format_count(count, "warning")),
    };
    format!(
        "{name} is valid{warnings}\nPack: {} (v{})\nChain: {}\nPolicies validated: {}\n",
        document.pack.name,
        document.pack.version,
        chain.join(" -> "),
        chain.len()
    )
}

fn problem_value(problem: &Problem) -> Result<Value, Error> {
    serde_json::to_value(problem)
        .map_err(|e| Error::internal("a problem cannot be serialized").cause(e))
}

fn format_count(count: usize, noun: &str) -> String {
    let s = if count == 1 { "" } else { "s" };
    format!("{count} {noun}{s}")
}
