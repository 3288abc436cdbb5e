//! The output of `--print`: every file and command of a plan.

use kt_plugin_api::service::{ExecSpec, Plan, Step, StepAction};
use kt_plugin_api::{Output, View};
use serde_json::json;

/// Formats a plan. With `as_json` the text is that of `-o json`.
pub(super) fn plan_output(
    service: &str,
    backend: &str,
    plan: &Plan,
    warnings: &[String],
    as_json: bool,
) -> Output {
    let value = json!({
        "schema": "kt.gateway.service-plan/1",
        "service": service,
        "backend": backend,
        "artifacts": plan.artifacts,
        "steps": plan.steps,
        "warnings": plan.warnings.iter().chain(warnings).collect::<Vec<_>>(),
    });
    let text = if as_json {
        format!("{value:#}\n")
    } else {
        format_plan(plan)
    };
    let mut output = Output::new("kt.gateway.service-plan/1", value, View::Text(text));
    output.notes = plan.warnings.iter().chain(warnings).cloned().collect();
    output.name_path("/service")
}

/// Formats a plan as a shell script.
fn format_plan(plan: &Plan) -> String {
    plan.steps
        .iter()
        .map(|step| format_step(plan, step))
        .collect()
}

fn format_step(plan: &Plan, step: &Step) -> String {
    let mut text = format!("# {}\n", step.description);
    match &step.action {
        StepAction::Run(run) => text.push_str(&format!("{}\n", format_exec(run))),
        StepAction::Remove(path) => {
            text.push_str(&format!("rm -f {}\n", quote(&path.display().to_string())))
        }
        StepAction::Write(path) => {
            let artifact = plan.artifacts.iter().find(|a| a.path == *path);
            let (mode, content) = artifact.map_or((0, ""), |a| (a.mode, a.content.as_str()));
            let path = quote(&path.display().to_string());
            let delimiter = here_document_delimiter(content);
            text.push_str(&format!(
                "install -D -m {mode:04o} /dev/stdin {path} <<'{delimiter}'\n{content}{delimiter}\n"
            ));
        }
    }
    text.push('\n');
    text
}

/// Returns a delimiter that is not a line of the content, so that the content cannot end
/// the here-document.
fn here_document_delimiter(content: &str) -> String {
    let mut delimiter = "KT-END".to_owned();
    while content.lines().any(|line| line == delimiter) {
        delimiter.push('-');
    }
    delimiter
}

/// Formats a command, after the one that makes it unnecessary.
fn format_exec(run: &ExecSpec) -> String {
    match &run.unless {
        Some(unless) => format!(
            "{} > /dev/null || {}",
            format_command(unless),
            format_command(run)
        ),
        None => format_command(run),
    }
}

fn format_command(run: &ExecSpec) -> String {
    let variables = run
        .env
        .iter()
        .map(|(name, value)| format!("{name}={}", quote(value)));
    let words = run.argv.iter().map(|w| quote(w));
    variables.chain(words).collect::<Vec<_>>().join(" ")
}

/// Quotes a word for a POSIX shell.
fn quote(text: &str) -> String {
    let plain = |b: u8| b.is_ascii_alphanumeric() || b"_-./:=@,+%".contains(&b);
    if !text.is_empty() && text.bytes().all(plain) {
        return text.to_owned();
    }
    format!("'{}'", text.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use super::{here_document_delimiter, plan_output, quote};
    use kt_plugin_api::View;
    use kt_plugin_api::service::{Artifact, ExecSpec, Plan, Step, StepAction};
    use std::collections::BTreeMap;

    #[test]
    fn content_cannot_end_its_here_document() {
        assert_eq!(here_document_delimiter("a\nb\n"), "KT-END");
        assert_eq!(
            here_document_delimiter("a\nKT-END\nrm x\nKT-END-\n"),
            "KT-END--"
        );
    }

    #[test]
    fn a_printed_plan_is_a_script() {
        let env = BTreeMap::from([("X".to_owned(), "a b".to_owned())]);
        let plan = Plan {
            artifacts: vec![Artifact {
                path: "/u/a unit".into(),
                mode: 0o644,
                content: "[Unit]\n".to_owned(),
            }],
            steps: vec![
                Step::new("write", "write it", StepAction::Write("/u/a unit".into())),
                Step::new(
                    "run",
                    "run it",
                    StepAction::Run(ExecSpec::new(&["do", "it's"], env, 1)),
                ),
            ],
            warnings: Vec::new(),
        };
        let output = plan_output(
            "default",
            "systemd",
            &plan,
            &["a warning".to_owned()],
            false,
        );
        let View::Text(text) = &output.view else {
            panic!("not text")
        };
        assert_eq!(
            text,
            "# write it\ninstall -D -m 0644 /dev/stdin '/u/a unit' <<'KT-END'\n[Unit]\nKT-END\n\n# run it\nX='a b' do 'it'\\''s'\n\n"
        );
        assert_eq!(output.value["steps"][1]["action"]["run"]["argv"][1], "it's");
        assert_eq!(output.notes, ["a warning"]);
        assert_eq!(quote(""), "''");
    }
}
