//! The file of variables that the person keeps.

use super::running::{rendered, run, shells, variables};
use crate::folder::Folder;
use crate::sample::spec;
use std::collections::BTreeMap;
use std::path::Path;

#[test]
fn an_environment_file_is_data_and_never_code() {
    let home = Folder::new("home");
    let file = home.path().join("the 'file'");
    let mark = home.path().join("mark");
    let lines = [
        "# comment",
        "; comment",
        "",
        "PLAIN=value",
        "  BLANKS = no",
        "  TRIMMED=a b \t ",
        "QUOTED=\"kt_gt_x y\"",
        "SINGLE='$HOME'",
        "LONE=\"",
        "HALF=\"a",
        "EQUALS=a=b=c",
        "EMPTY=",
        &format!("CODE=$(touch {0}) `touch {0}`", mark.display()),
        &format!("touch {}", mark.display()),
        "BACK=\\n\\\\",
        "export EXPORTED=no",
        "1ST=no",
        "B-A=no",
        "NOTHING",
        "OPTIND=x",
        "PPID=7",
        "IFS=aeiou",
        "LC_ALL=tr_TR.UTF-8",
        "PATH=/own",
        "_kt_line=no",
        "  AFTER=a line  ",
        "ACCENT=ÁÈ€",
        "LAST=without an end",
    ];
    home.write(&file, 0o600, &lines.join("\n"));
    let mut spec = spec(&[]);
    spec.environment = vec![("PLAIN".to_owned(), "earlier".to_owned())];
    spec.environment_file = Some(file);
    for shell in shells() {
        check(&shell, variables(&shell, &home, &spec), &mark);
    }
}

fn check(shell: &[&str], mut seen: BTreeMap<String, String>, mark: &Path) {
    for name in ["HOME", "USER", "LOGNAME"] {
        assert!(seen.remove(name).is_some());
    }
    // Whether a shell keeps these for itself is its own affair.
    for name in ["OPTIND", "PPID"] {
        drop(seen.remove(name));
    }
    let code = format!("$(touch {0}) `touch {0}`", mark.display());
    let expected = [
        ("ACCENT", "ÁÈ€"),
        ("AFTER", "a line"),
        ("BACK", "\\n\\\\"),
        ("CODE", &code),
        ("EMPTY", ""),
        ("EQUALS", "a=b=c"),
        ("HALF", "\"a"),
        ("IFS", "aeiou"),
        ("LAST", "without an end"),
        ("LC_ALL", "tr_TR.UTF-8"),
        ("LONE", "\""),
        ("PATH", "/own"),
        ("PLAIN", "value"),
        ("QUOTED", "kt_gt_x y"),
        ("SINGLE", "$HOME"),
        ("TRIMMED", "a b"),
    ];
    let expected = expected.map(|(k, v)| (k.to_owned(), v.to_owned()));
    assert_eq!(seen, BTreeMap::from(expected), "{shell:?}");
    assert!(!mark.exists(), "a line was run");
}

#[test]
fn a_secret_is_never_an_argument() {
    let home = Folder::new("home");
    let file = home.path().join("env");
    home.write(&file, 0o600, "TOKEN=kt_gt_secret\n");
    // What the last process sees of its own command line, and of its parents'.
    let mut spec = spec(&["/bin/sh", "-c", "cat /proc/$$/cmdline; :"]);
    spec.environment_file = Some(file);
    let seen = String::from_utf8_lossy(&run(&home, &spec).stderr).into_owned();
    assert!(
        seen.contains("cmdline") && !seen.contains("secret"),
        "{seen}"
    );
    let script = &rendered(&spec, home.path()).unwrap()[0].content;
    assert!(!script.contains("secret"), "{script}");
}
