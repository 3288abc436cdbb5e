//! Arguments and variables arrive as they are.

use super::running::{parts, run_with, shells, variables};
use crate::folder::Folder;
use crate::sample::spec;
use crate::script::PATH;
use std::collections::BTreeMap;

/// Whatever a shell, `read`, `case`, `env` or a C program could stumble over.
/// The letters with accents hold bytes that dash uses for itself.
const HOSTILE: [&str; 24] = [
    "",
    " ",
    "a b",
    "'",
    "''",
    "\"",
    "it's",
    "$HOME",
    "${HOME}$(reboot)`reboot`",
    "\\",
    "\\\\'\\",
    "\\n\\",
    "*",
    "~",
    "#",
    ";&|<>()",
    "!!",
    "%s%n",
    "-n",
    "A=B",
    "\t\n\r\u{1b}[31m\u{7f}",
    "\u{1}\u{2}\u{3}",
    "ÁÂÃÄÅÆÇÈ\u{81}\u{88}€😀",
    "KT-END\n'KT-END'\n",
];

#[test]
fn hostile_arguments_arrive_byte_for_byte() {
    for shell in shells() {
        let home = Folder::new("o'u $HOME \"q\" ;\n");
        let words: Vec<&str> = ["/usr/bin/printf", "%s\\0"]
            .into_iter()
            .chain(HOSTILE)
            .collect();
        let output = run_with(&shell, &home, &spec(&words));
        assert!(output.stdout.is_empty(), "stdout goes where stderr goes");
        assert_eq!(parts(&output.stderr), HOSTILE, "{shell:?}");
    }
}

#[test]
fn hostile_variables_arrive_byte_for_byte_and_nothing_else_does() {
    for shell in shells() {
        let home = Folder::new("home");
        let mut spec = spec(&[]);
        let value = |(i, v): (usize, &&str)| (format!("V{i}"), (*v).to_owned());
        spec.environment = HOSTILE.iter().enumerate().map(value).collect();
        spec.environment.push(("IFS".to_owned(), "=:".to_owned()));
        let mut expected: BTreeMap<String, String> = spec.environment.iter().cloned().collect();
        for (name, value) in [
            ("PATH", PATH),
            ("HOME", home.path().to_str().unwrap()),
            ("USER", "ann"),
            ("LOGNAME", "ann"),
        ] {
            expected.insert(name.to_owned(), value.to_owned());
        }
        let seen = variables(&shell, &home, &spec);
        assert_eq!(seen, expected, "{shell:?}");
    }
}
