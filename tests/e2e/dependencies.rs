//! The policy for dependencies: licenses, sources, banned crates and duplicates.
//! `.deny.toml` is the same policy for cargo-deny; a test compares the two.

use crate::architecture::metadata;
use crate::harness::workspace;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;

/// Permissive licenses.
const LICENSES: [&str; 6] = [
    "Apache-2.0",
    "BSD-3-Clause",
    "ISC",
    "MIT",
    "Unicode-3.0",
    "Zlib",
];

/// Licenses that are accepted for one crate only, with the reason.
const EXCEPTIONS: [(&str, &str); 1] = [
    // Copyleft by file; used unchanged, through `abi_stable`.
    ("MPL-2.0", "generational-arena"),
];

/// Crates that are not used, with the reason.
const BANNED: [(&str, &str); 14] = [
    ("openssl", "TLS is rustls"),
    ("openssl-sys", "TLS is rustls"),
    ("native-tls", "TLS is rustls"),
    ("aws-lc-rs", "one crypto provider: ring"),
    ("aws-lc-sys", "one crypto provider: ring"),
    ("serde_yaml", "archived; YAML is serde-saphyr"),
    ("serde_yml", "unsound; YAML is serde-saphyr"),
    ("unsafe-libyaml", "YAML is serde-saphyr"),
    ("chrono", "time is jiff"),
    ("lazy_static", "the standard library has LazyLock"),
    ("structopt", "arguments are clap"),
    ("atty", "unmaintained; the standard library has IsTerminal"),
    ("sqlx", "SQL is rusqlite"),
    ("async-std", "the runtime is tokio"),
];

/// Crates that are used in several major versions, with the reason.
const DUPLICATES: [(&str, &str); 5] = [
    (
        "base64",
        "0.22 is postgres-protocol's, 0.23 is that of the HTTP crates",
    ),
    (
        "fallible-iterator",
        "0.2 is tokio-postgres's, 0.3 is rusqlite's",
    ),
    ("getrandom", "0.2 is ring's, 0.4 is ours"),
    ("libloading", "0.7 is abi_stable's, 0.9 is ours"),
    (
        "syn",
        "1 is abi_stable's, 2 is that of utoipa and schemars, 3 is that of the other macros",
    ),
];

fn packages() -> impl Iterator<Item = &'static Value> {
    let used: BTreeSet<&str> = metadata()["resolve"]["nodes"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(|n| n["id"].as_str())
        .collect();
    let all = metadata()["packages"].as_array().into_iter().flatten();
    all.filter(move |p| p["id"].as_str().is_some_and(|id| used.contains(id)))
}

fn name(package: &Value) -> &str {
    package["name"].as_str().unwrap_or_default()
}

/// Returns whether the allowed licenses satisfy an SPDX expression.
fn allowed(expression: &str, license_ok: &dyn Fn(&str) -> bool) -> bool {
    let expression = expression.replace(" / ", " OR ").replace('/', " OR ");
    let (groups, rest) = innermost(&expression);
    if let Some((inner, around)) = groups.zip(rest) {
        let substitute = if allowed(&inner, license_ok) {
            "MIT"
        } else {
            "NONE"
        };
        return allowed(&around.replace('\0', substitute), license_ok);
    }
    expression.split(" OR ").any(|part| {
        part.split(" AND ")
            .all(|license| license_ok(license.trim()))
    })
}

/// Returns the innermost group in parentheses, and the expression with a mark in
/// its place.
fn innermost(expression: &str) -> (Option<String>, Option<String>) {
    let Some(close) = expression.find(')') else {
        return (None, None);
    };
    let Some(open) = expression[..close].rfind('(') else {
        return (None, None);
    };
    let around = format!("{}\0{}", &expression[..open], &expression[close + 1..]);
    (Some(expression[open + 1..close].to_owned()), Some(around))
}

#[test]
fn licenses_are_permissive() {
    for package in packages() {
        let expression = package["license"].as_str().unwrap_or("none");
        let ok = |license: &str| {
            LICENSES.contains(&license) || EXCEPTIONS.contains(&(license, name(package)))
        };
        assert!(
            allowed(expression, &ok),
            "`{}` is under {expression}",
            name(package)
        );
    }
}

#[test]
fn sources_are_crates_io() {
    for package in packages() {
        let source = package["source"].as_str();
        let fine =
            source.is_none_or(|s| s == "registry+https://github.com/rust-lang/crates.io-index");
        assert!(fine, "`{}` comes from {source:?}", name(package));
        let inside = package["manifest_path"].as_str().unwrap_or_default();
        let root = workspace().canonicalize().expect("the workspace is there");
        let own = inside.starts_with(&root.display().to_string());
        assert!(
            source.is_some() || own,
            "`{}` is outside of the workspace",
            name(package)
        );
    }
}

#[test]
fn banned_crates_are_not_used() {
    let names: BTreeSet<&str> = packages().map(name).collect();
    for (banned, reason) in BANNED {
        assert!(
            !names.contains(banned),
            "`{banned}` is a dependency; {reason}"
        );
    }
}

#[test]
fn duplicates_are_known() {
    let mut majors: BTreeMap<&str, BTreeSet<String>> = BTreeMap::new();
    for package in packages() {
        let version = package["version"].as_str().unwrap_or_default();
        majors
            .entry(name(package))
            .or_default()
            .insert(major(version));
    }
    let several: BTreeSet<&str> = majors
        .iter()
        .filter(|(_, m)| m.len() > 1)
        .map(|(n, _)| *n)
        .collect();
    let known: BTreeSet<&str> = DUPLICATES.iter().map(|(n, _)| *n).collect();
    assert_eq!(
        several, known,
        "crates in several major versions: {majors:?}"
    );
}

/// Returns the part of a version that compatible versions share.
fn major(version: &str) -> String {
    let mut parts = version.split('.');
    match parts.next().unwrap_or_default() {
        "0" => format!("0.{}", parts.next().unwrap_or_default()),
        first => first.to_owned(),
    }
}

#[test]
fn the_policy_of_cargo_deny_is_the_same() {
    let text = fs::read_to_string(workspace().join(".deny.toml")).expect("it is there");
    let deny: toml::Table = toml::from_str(&text).expect("it is TOML");
    let list = |section: &str, key: &str, member: &str| -> BTreeSet<String> {
        let items = deny[section][key].as_array().into_iter().flatten();
        let text = |v: &toml::Value| {
            v.as_str()
                .or_else(|| v.get(member)?.as_str())
                .map(str::to_owned)
        };
        items.filter_map(text).collect()
    };
    let set =
        |items: &mut dyn Iterator<Item = &str>| items.map(str::to_owned).collect::<BTreeSet<_>>();
    assert_eq!(
        list("licenses", "allow", ""),
        set(&mut LICENSES.into_iter())
    );
    let exceptions = list("licenses", "exceptions", "crate");
    assert_eq!(
        exceptions,
        set(&mut EXCEPTIONS.iter().map(|(_, name)| *name))
    );
    assert_eq!(
        list("bans", "deny", "crate"),
        set(&mut BANNED.iter().map(|(name, _)| *name))
    );
    assert_eq!(
        list("bans", "skip", "crate"),
        set(&mut DUPLICATES.iter().map(|(name, _)| *name))
    );
}

#[test]
fn spdx_expressions_are_understood() {
    let ok = |license: &str| LICENSES.contains(&license);
    for (expression, expected) in [
        ("MIT", true),
        ("GPL-3.0", false),
        ("GPL-3.0 OR MIT", true),
        ("GPL-3.0 AND MIT", false),
        ("MIT/Apache-2.0", true),
        ("Apache-2.0 / MIT", true),
        ("(MIT OR Apache-2.0) AND Unicode-3.0", true),
        ("(MIT OR Apache-2.0) AND GPL-2.0", false),
        ("Apache-2.0 WITH LLVM-exception OR GPL-2.0", false),
    ] {
        assert_eq!(allowed(expression, &ok), expected, "{expression}");
    }
}
