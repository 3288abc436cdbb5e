//! `--print`: every file and every command, and nothing done.

use kt_plugin_api::service::{ExecSpec, Plan, Step, StepAction};
use kt_plugin_api::{Output, View};
use serde_json::{Value, json};

/// Shows a plan. With `json` the person gets what `-o json` prints.
pub(crate) fn show(
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
        text(plan)
    };
    let mut output = Output::new("kt.gateway.service-plan/1", value, View::Text(text));
    output.notes = plan.warnings.iter().chain(warnings).cloned().collect();
    output.name_path("/service")
}

fn text(plan: &Plan) -> String {
    plan.steps.iter().map(|step| one(plan, step)).collect()
}

fn one(plan: &Plan, step: &Step) -> String {
    let mut text = format!("# {}\n", step.description);
    match &step.action {
        StepAction::Run(run) => text.push_str(&format!("{}\n", guarded(run))),
        StepAction::Remove(path) => {
            text.push_str(&format!("rm -f {}\n", word(&path.display().to_string())))
        }
        StepAction::Write(path) => {
            let artifact = plan.artifacts.iter().find(|a| a.path == *path);
            let (mode, content) = artifact.map_or((0, ""), |a| (a.mode, a.content.as_str()));
            let path = word(&path.display().to_string());
            let end = terminator(content);
            text.push_str(&format!(
                "install -D -m {mode:04o} /dev/stdin {path} <<'{end}'\n{content}{end}\n"
            ));
        }
    }
    text.push('\n');
    text
}

/// A line that the content does not have, so that it cannot end the document
/// early.
fn terminator(content: &str) -> String {
    let mut end = "KT-END".to_owned();
    while content.lines().any(|line| line == end) {
        end.push('-');
    }
    end
}

/// The command, behind the one that makes it needless.
fn guarded(run: &ExecSpec) -> String {
    match &run.unless {
        Some(look) => format!("{} > /dev/null || {}", command(look), command(run)),
        None => command(run),
    }
}

fn command(run: &ExecSpec) -> String {
    let variables = run
        .env
        .iter()
        .map(|(name, value)| format!("{name}={}", word(value)));
    let words = run.argv.iter().map(|w| word(w));
    variables.chain(words).collect::<Vec<_>>().join(" ")
}

/// A word for a shell.
fn word(text: &str) -> String {
    let plain = |b: u8| b.is_ascii_alphanumeric() || b"_-./:=@,+%".contains(&b);
    if !text.is_empty() && text.bytes().all(plain) {
        return text.to_owned();
    }
    format!("'{}'", text.replace('\'', r"'\''"))
}

/// What a change came to, as data and as a sentence.
pub(crate) fn changed(
    schema: &str,
    mut value: Value,
    sentence: String,
    notes: Vec<String>,
) -> Output {
    if let Some(map) = value.as_object_mut() {
        map.insert("notes".to_owned(), json!(notes));
    }
    let mut output = Output::new(schema, value, View::Message(sentence)).name_path("/service");
    output.notes = notes;
    output
}

#[cfg(test)]
mod tests {
    use super::{show, terminator, word};
    use kt_plugin_api::View;
    use kt_plugin_api::service::{Artifact, ExecSpec, Plan, Step, StepAction};
    use std::collections::BTreeMap;

    #[test]
    fn a_file_cannot_end_its_own_document() {
        assert_eq!(terminator("a\nb\n"), "KT-END");
        assert_eq!(terminator("a\nKT-END\nrm x\nKT-END-\n"), "KT-END--");
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
        let output = show("default", "systemd", &plan, &["mind".to_owned()], false);
        let View::Text(text) = &output.view else {
            panic!("not text")
        };
        assert_eq!(
            text,
            "# write it\ninstall -D -m 0644 /dev/stdin '/u/a unit' <<'KT-END'\n[Unit]\nKT-END\n\n# run it\nX='a b' do 'it'\\''s'\n\n"
        );
        assert_eq!(output.value["steps"][1]["action"]["run"]["argv"][1], "it's");
        assert_eq!(output.notes, ["mind"]);
        assert_eq!(word(""), "''");
    }
}
