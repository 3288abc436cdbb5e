//! `kt policy lint`: what would keep a configuration from serving, found before
//! a gateway gets it.

use kt_plugin_api::{Class, Error, Invocation, Output, View};
use kt_policy::{Document, Limits, Problem, Problems};
use serde_json::{Value, json};

/// How far a configuration came.
enum Verdict {
    /// It cannot be read, or is not a configuration.
    Unsound(Problems),
    /// It is a configuration, but a gateway would reject it as it compiles it.
    Rejected(Document, Problems),
    /// A gateway would take it.
    Valid(Document),
}

pub(crate) fn run(invocation: &Invocation) -> Result<Output, Error> {
    let files = invocation.args.texts("file");
    let sources = kt_policy_file::read_sources(invocation, &files)?;
    let verdict = match kt_policy::parse(&sources) {
        Err(problems) => Verdict::Unsound(problems),
        Ok(document) => match kt_policy::compile(&document, &Limits::default()) {
            Err(problems) => Verdict::Rejected(document, problems),
            Ok(_) => Verdict::Valid(document),
        },
    };
    let name = files.join(", ");
    let output = Output::new(
        "kt.policy.lint/1",
        verdict.value(&name)?,
        View::Text(verdict.text(&name)),
    );
    let output = output.name_path("/file");
    let strict = invocation.args.flag("strict");
    Ok(match &verdict {
        Verdict::Valid(document) if document.warnings().is_empty() || !strict => output,
        Verdict::Valid(_) => output
            .outcome(Class::Negative.name())
            .note("with `--strict`, a warning is one too many"),
        _ => output.outcome(Class::Negative.name()),
    })
}

impl Verdict {
    fn document(&self) -> Option<&Document> {
        match self {
            Self::Unsound(_) => None,
            Self::Rejected(document, _) | Self::Valid(document) => Some(document),
        }
    }

    /// The problems, and the stage that finds them.
    fn problems(&self) -> (&[Problem], &'static str) {
        match self {
            Self::Unsound(problems) => (problems.as_slice(), "check"),
            Self::Rejected(_, problems) => (problems.as_slice(), "compile"),
            Self::Valid(_) => (&[], ""),
        }
    }

    fn value(&self, name: &str) -> Result<Value, Error> {
        let document = self.document();
        let (problems, stage) = self.problems();
        let errors = problems
            .iter()
            .map(|problem| {
                let mut error = plain(problem)?;
                error["stage"] = stage.into();
                Ok(error)
            })
            .collect::<Result<Vec<_>, Error>>()?;
        let warnings = document.map_or(&[][..], Document::warnings);
        let warnings = warnings.iter().map(plain).collect::<Result<Vec<_>, _>>()?;
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
        let count = counted(problems.len(), "problem");
        let mut parts = vec![match self {
            Self::Unsound(_) => format!("{name} is not valid: {count}\n"),
            Self::Rejected(..) => {
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
        count => format!(", with {}", counted(count, "warning")),
    };
    format!(
        "{name} is valid{warnings}\nPack: {} (v{})\nChain: {}\nPolicies validated: {}\n",
        document.pack.name,
        document.pack.version,
        chain.join(" -> "),
        chain.len()
    )
}

fn plain(problem: &Problem) -> Result<Value, Error> {
    serde_json::to_value(problem)
        .map_err(|e| Error::internal("a problem cannot be written").cause(e))
}

fn counted(count: usize, noun: &str) -> String {
    let s = if count == 1 { "" } else { "s" };
    format!("{count} {noun}{s}")
}
