//! Limits, logs, ends and files.

use super::running::{finish, rendered, run};
use crate::folder::Folder;
use crate::sample::spec;
use kt_plugin_api::service::{ServiceName, ServiceSpec};
use std::fs;
use std::path::Path;

#[test]
fn the_surroundings_are_as_specified() {
    let home = Folder::new("home");
    let log = home.path().join("state/log 1/err.log");
    let work = home.path().join("a 'work' dir");
    fs::create_dir(&work).unwrap();
    let mut spec = spec(&[
        "/bin/sh",
        "-c",
        "umask; pwd; ulimit -S -n; echo out; echo err >&2",
    ]);
    spec.working_dir = Some(work.clone());
    spec.stderr_file = Some(log.clone());
    let output = run(&home, &spec);
    assert!(output.stderr.is_empty() && output.stdout.is_empty());
    let lines = format!("0077\n{}\n64\nout\nerr\n", work.display());
    assert_eq!(fs::read_to_string(&log).unwrap(), lines);
    assert_eq!(home.mode(&log), 0o600);
    assert_eq!(home.mode(log.parent().unwrap()), 0o700);
    drop(run(&home, &spec));
    assert_eq!(
        fs::read_to_string(&log).unwrap(),
        lines.repeat(2),
        "it is kept"
    );
}

#[test]
fn what_is_missing_ends_with_a_code_of_its_own() {
    let home = Folder::new("home");
    let code = |spec: &ServiceSpec| run(&home, spec).status.code();
    let mut at = spec(&["/bin/true"]);
    assert_eq!(code(&at), Some(0));
    at.working_dir = Some("/nowhere".into());
    assert_eq!(code(&at), Some(111));
    assert_eq!(code(&spec(&["/nowhere/kt"])), Some(127));
    assert_eq!(code(&spec(&["/etc/passwd"])), Some(126));
    let mut quiet = spec(&["/bin/true"]);
    quiet.stderr_file = Some("/proc/nowhere/log".into());
    quiet.open_files = u32::MAX;
    quiet.environment_file = Some("/nowhere/env".into());
    let output = run(&home, &quiet);
    assert_eq!((output.status.code(), &*output.stderr), (Some(0), &b""[..]));
}

#[test]
fn only_listed_codes_are_final() {
    let home = Folder::new("home");
    let spec = spec(&["/bin/true"]);
    let ends = |arguments: &str| finish(&home, &spec, &format!("{arguments} kt-gateway 1"));
    assert_eq!(ends("2 0"), Some(125));
    assert_eq!(ends("78 0"), Some(125));
    for code in ["0 0", "22 0", "256 9", "256 15"] {
        assert_ne!(ends(code), Some(125), "{code}");
    }
}

#[test]
fn files_and_modes() {
    let files = rendered(
        &spec(&["/opt/kt/bin/kt", "gateway", "run"]),
        Path::new("/home/ann"),
    );
    let dir = "/home/ann/.local/share/s6/sv/kt-gateway/";
    let short: Vec<(String, u32)> = files
        .unwrap()
        .iter()
        .map(|f| (f.path.to_str().unwrap().replace(dir, ""), f.mode))
        .collect();
    let expected = [
        ("run", 0o755),
        ("finish", 0o755),
        ("data/park-exit-codes", 0o644),
        ("timeout-kill", 0o644),
    ];
    assert_eq!(short, expected.map(|(n, m)| (n.to_owned(), m)));
}

#[test]
fn what_no_script_can_hold_is_refused() {
    let id = |change: &dyn Fn(&mut ServiceSpec)| {
        let mut spec = spec(&["/bin/true"]);
        change(&mut spec);
        rendered(&spec, Path::new("/home/ann"))
            .unwrap_err()
            .id
            .clone()
    };
    assert_eq!(id(&|s| s.exec.clear()), "executable-unusable");
    assert_eq!(id(&|s| s.exec[0] = "kt".to_owned()), "executable-unusable");
    assert_eq!(id(&|s| s.exec.push("\0".to_owned())), "argument-unusable");
    let bad = ("A B".to_owned(), String::new());
    assert_eq!(id(&|s| s.environment = vec![bad.clone()]), "bad-variable");
    let mut spec = spec(&["/bin/true"]);
    spec.name = ServiceName::parse("edge").unwrap();
    spec.description = "two\nlines".to_owned();
    let files = rendered(&spec, Path::new("/home/ann")).unwrap();
    assert!(files[0].path.ends_with("sv/kt-gateway-edge/run"));
    assert!(files[0].content.contains("# two lines\n"));
}
