//! Runs scripts as s6 does, and reads what the service saw.

use crate::folder::Folder;
use crate::place::Place;
use crate::sample::system;
use crate::script::files;
use kt_plugin_api::Error;
use kt_plugin_api::service::{Artifact, ServiceSpec};
use std::collections::BTreeMap;
use std::io::ErrorKind;
use std::path::Path;
use std::process::{Command, Output};
use std::thread;

pub(crate) fn rendered(spec: &ServiceSpec, home: &Path) -> Result<Vec<Artifact>, Error> {
    let system = system(home);
    files(spec, &system, &Place::new(&system, "kt-gateway", &spec.name))
}

/// Writes the files and runs `script` as s6 does, in a person's environment.
fn run_as(shell: &[&str], home: &Folder, spec: &ServiceSpec, script: &str) -> Output {
    let files = rendered(spec, home.path()).unwrap();
    for file in &files {
        home.write(&file.path, file.mode, &file.content);
    }
    let dir = files[0].path.parent().unwrap();
    let words: Vec<&str> = shell.iter().copied().chain(script.split(' ')).collect();
    let mut command = Command::new(words[0]);
    command.args(&words[1..]).current_dir(dir);
    if shell.is_empty() {
        command
            .env("KT_LEAK", "1")
            .env("XDG_RUNTIME_DIR", "/nowhere");
    } else {
        // It begins where the script has cleaned its environment.
        command.env_clear();
    }
    loop {
        match command.output() {
            // Another test's child, begun while the file was written, has it open until it runs
            // what it was begun for.
            Err(error) if error.kind() == ErrorKind::ExecutableFileBusy => thread::yield_now(),
            ended => return ended.unwrap(),
        }
    }
}

/// Runs the run script, with a shell of one's own from the second stage on.
pub(crate) fn run_with(shell: &[&str], home: &Folder, spec: &ServiceSpec) -> Output {
    let script = if shell.is_empty() {
        "./run"
    } else {
        "./run clean"
    };
    run_as(shell, home, spec, script)
}

/// Runs the run script.
pub(crate) fn run(home: &Folder, spec: &ServiceSpec) -> Output {
    run_as(&[], home, spec, "./run")
}

/// The exit code of the finish script.
pub(crate) fn finish(home: &Folder, spec: &ServiceSpec, arguments: &str) -> Option<i32> {
    run_as(&[], home, spec, &format!("./finish {arguments}"))
        .status
        .code()
}

/// Texts that end with a zero byte each.
pub(crate) fn parts(bytes: &[u8]) -> Vec<String> {
    let text = String::from_utf8(bytes.to_vec()).unwrap();
    let mut parts: Vec<String> = text.split('\0').map(str::to_owned).collect();
    assert_eq!(parts.pop().as_deref(), Some(""), "{text:?}");
    parts
}

/// The variables that the service sees, which copies them into a file: a shell
/// may have something to say on standard error. Some export their own notes.
pub(crate) fn variables(
    shell: &[&str],
    home: &Folder,
    spec: &ServiceSpec,
) -> BTreeMap<String, String> {
    let file = home.path().join("environ");
    let to = format!("of={}", file.display());
    let copy = ["/bin/dd", "if=/proc/self/environ", &to, "status=none"];
    let spec = ServiceSpec {
        exec: copy.map(str::to_owned).to_vec(),
        ..spec.clone()
    };
    let output = run_with(shell, home, &spec);
    assert!(output.status.success(), "{shell:?}: {output:?}");
    let split = |pair: String| {
        let (name, value) = pair.split_once('=').unwrap();
        (name.to_owned(), value.to_owned())
    };
    let own = ["PWD", "OLDPWD", "SHLVL", "_", "A__z"];
    let all = parts(&std::fs::read(file).unwrap()).into_iter().map(split);
    all.filter(|(name, _)| !own.contains(&name.as_str()))
        .collect()
}

/// Every shell that is here and may be somebody's `/bin/sh`, as the run script
/// is started once it has cleaned its environment; and the script itself.
pub(crate) fn shells() -> Vec<Vec<&'static str>> {
    let all = [
        vec![],
        vec!["dash"],
        vec!["bash", "--posix"],
        vec!["busybox", "sh"],
        vec!["ksh"],
        vec!["mksh"],
    ];
    let there = |shell: &[&str]| {
        let ask = |s: &str| Command::new(s).args(["-c", ":"]).output().is_ok();
        shell.first().is_none_or(|s| ask(s))
    };
    all.into_iter().filter(|shell| there(shell)).collect()
}
