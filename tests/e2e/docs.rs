//! Runs the commands of README and `docs/`.
//!
//! In a block that is marked `console`, each line that begins with `$ ` is a
//! command of the shell. Lines below it that begin with `>` continue it, as in a shell;
//! the others are its output and are not compared. A command must succeed, unless its line ends with `# exit N`. The blocks of a
//! document run in one shell, in a folder with `docs/examples` and with `kt` on
//! the path: a command may use the results of an earlier one, and one that ends
//! with `&` runs in the background. The port 41002 is replaced by a free one.
//! Blocks with another mark, such as `sh`, are not run.

use crate::harness::{Sandbox, copy_tree, files_below, free_port, tool, workspace};
use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// The document that needs a compiler and a service manager.
const TUTORIAL: &str = "docs/plugins/tutorial.md";
/// A directory that kt accepts for the executable of a service.
const STABLE_DIRECTORY: &str = "/dev/shm";
const LIMIT: Duration = Duration::from_secs(300);

/// Returns the documents for users and contributors.
fn documents() -> Vec<PathBuf> {
    let root = workspace();
    let names = [
        "README.md",
        "CONTRIBUTING.md",
        "SECURITY.md",
        "CHANGELOG.md",
    ];
    let mut all: Vec<PathBuf> = names.iter().map(|name| root.join(name)).collect();
    let docs = files_below(&root.join("docs"), &[]);
    all.extend(
        docs.into_iter()
            .filter(|p| p.extension().is_some_and(|e| e == "md")),
    );
    all
}

/// A command line with its expected exit code.
#[derive(Debug, PartialEq, Eq)]
struct Step {
    line: String,
    code: u8,
}

/// Returns the command lines of all `console` blocks.
fn steps(text: &str) -> Vec<Step> {
    let mut steps: Vec<Step> = Vec::new();
    let mut inside = false;
    for line in text.lines() {
        if let Some(mark) = line.trim_start().strip_prefix("```") {
            inside = !inside && mark.trim() == "console";
        } else if let Some(more) = line.strip_prefix('>').filter(|_| inside) {
            if let Some(step) = steps.last_mut() {
                let more = more.strip_prefix(' ').unwrap_or(more);
                step.line = format!("{}\n{more}", step.line);
            }
        } else if let Some(command) = line.strip_prefix("$ ").filter(|_| inside) {
            let marked = command.rsplit_once("# exit ");
            let code = marked.and_then(|(_, code)| code.trim().parse().ok());
            steps.push(Step {
                line: command.to_owned(),
                code: code.unwrap_or(0),
            });
        }
    }
    steps
}

/// Returns a script for bash that stops at the first unexpected exit code, and
/// ends its background processes.
fn script(steps: &[Step]) -> String {
    // Only after SIGHUP does runsvdir end its services.
    let mut script =
        String::from("trap 'pkill -HUP -P $$ runsvdir; kill $(jobs -p) 2>/dev/null; wait' EXIT\n");
    for step in steps {
        let (line, code) = (&step.line, step.code);
        let shown = line.replace('\'', "'\\''");
        script.push_str(&format!(
            "printf '$ %s\\n' '{shown}'\n{line}\ncode=$?\nif [ $code != {code} ]; then echo \"exit $code instead of {code}\" >&2; exit 99; fi\n"
        ));
    }
    script
}

fn execute(document: &Path, bash: &Path) {
    let text =
        fs::read_to_string(document).unwrap_or_else(|e| panic!("{}: {e}", document.display()));
    let steps = steps(&text);
    if steps.is_empty() {
        return;
    }
    let sandbox = Sandbox::new();
    copy_tree(
        &workspace().join("docs/examples"),
        &sandbox.path("docs/examples"),
    );
    let script = script(&steps).replace("41002", &free_port().to_string());
    // The services of a document run the kt of `PATH`, which must not be in a temporary
    // directory.
    let bin = tempfile::Builder::new()
        .prefix("kt-")
        .tempdir_in(STABLE_DIRECTORY)
        .expect("it is writable");
    symlink(sandbox.dist().join("bin/kt"), bin.path().join("kt")).expect("it is writable");
    let path = format!("{}:/usr/local/bin:/usr/bin:/bin", bin.path().display());
    let output = sandbox
        .program(bash)
        .args(["--norc", "--noprofile", "-c", &script])
        .env("PATH", path)
        .limit(LIMIT)
        .run();
    assert_eq!(output.code(), Some(0), "{}{output}", document.display());
}

#[test]
fn the_commands_of_the_documents_work() {
    let (Some(bash), Some(_curl)) = (tool("bash"), tool("curl")) else {
        return;
    };
    let documents = documents();
    let total: usize = documents
        .iter()
        .map(|d| steps(&fs::read_to_string(d).unwrap_or_default()).len())
        .sum();
    assert!(
        total > 10,
        "only {total} commands were found: is the mark right?"
    );
    for document in documents.iter().filter(|d| !d.ends_with(TUTORIAL)) {
        execute(document, &bash);
    }
}

#[test]
fn the_commands_of_the_tutorial_work() {
    let programs = ["cc", "make", "runsvdir", "pgrep", "curl"];
    let all_found = programs.iter().all(|name| tool(name).is_some());
    let Some(bash) = tool("bash").filter(|_| all_found) else {
        return;
    };
    execute(&workspace().join(TUTORIAL), &bash);
}

#[test]
fn only_marked_blocks_are_run() {
    let text = "$ no\n```console\n$ kt a\noutput\n$ kt b # exit 1\n```\n```sh\n$ no\nkt c\n```\n\
                ```console\n$ cat <<E\n> a\n>\n>  b\n> E\n```\n";
    let step = |line: &str, code| Step {
        line: line.to_owned(),
        code,
    };
    assert_eq!(
        steps(text),
        [
            step("kt a", 0),
            step("kt b # exit 1", 1),
            step("cat <<E\na\n\n b\nE", 0)
        ]
    );
}

#[test]
fn links_lead_to_existing_files() {
    for document in documents() {
        let text =
            fs::read_to_string(&document).unwrap_or_else(|e| panic!("{}: {e}", document.display()));
        for target in text
            .split("](")
            .skip(1)
            .filter_map(|rest| rest.split(')').next())
        {
            if target.contains("://") || target.starts_with('#') {
                continue;
            }
            let file = target.split('#').next().unwrap_or_default();
            let path = document.parent().expect("it is in a folder").join(file);
            assert!(path.exists(), "{} links to {target}", document.display());
        }
    }
}
