//! The check itself, over every crate of the workspace.

use super::cycles::cycles;
use super::graph::{Level, SELF, Use, levels_of};
use super::tree::modules_of;
use crate::architecture::metadata::crate_roots;
use crate::harness::workspace;
use std::fs;
use std::path::Path;

/// Describes every cycle of a crate: one shortest cycle for each group of
/// modules that reach one another.
fn cycles_of(root: &Path, read: &dyn Fn(&Path) -> Option<String>) -> Vec<String> {
    let modules = modules_of(root, read);
    let levels = levels_of(&modules).into_iter();
    levels
        .flat_map(|(module, level)| {
            let describe = |cycle: &Vec<String>| describe(&module, &level, cycle);
            cycles(&level).iter().map(describe).collect::<Vec<_>>()
        })
        .collect()
}

fn describe(module: &str, level: &Level, cycle: &[String]) -> String {
    let parent = if module.is_empty() { "crate" } else { module };
    let mut text = format!("in `{parent}`: {}", cycle.join(" -> "));
    for pair in cycle.windows(2) {
        let (from, to) = (&pair[0], &pair[1]);
        let edge = &level.edges[&(from.clone(), to.clone())];
        let Use { location, path, .. } = edge;
        text.push_str(&format!(
            "\n      {location}: `{from}` uses `{to}` by `{path}`"
        ));
    }
    text
}

#[test]
fn modules_import_one_another_in_one_direction() {
    let read = |path: &Path| fs::read_to_string(workspace().join(path)).ok();
    let roots = crate_roots();
    assert!(roots.len() > 14, "{roots:?}");
    let found: Vec<String> = roots
        .iter()
        .flat_map(|(name, root)| {
            let cycles = cycles_of(root, &read).into_iter();
            cycles.map(move |cycle| format!("{name} {cycle}"))
        })
        .collect();
    assert!(
        found.is_empty(),
        "modules form cycles:\n  {}",
        found.join("\n  ")
    );
}

/// The cycles of a made-up crate, with the folder `src` left out of the names.
fn cycles_in(files: &[(&str, &str)]) -> Vec<String> {
    let read = |path: &Path| {
        let file = files.iter().find(|(name, _)| Path::new(name) == path);
        file.map(|(_, text)| (*text).to_owned())
    };
    cycles_of(Path::new("lib.rs"), &read)
}

#[test]
fn a_cycle_is_found_with_its_places() {
    let found = cycles_in(&[
        ("lib.rs", "mod a;\nmod b;\nmod c;\n"),
        ("a.rs", "// crate::c\nuse crate::b::B;\npub struct A(B);\n"),
        ("b/mod.rs", "mod inner;\npub use inner::B;\n"),
        (
            "b/inner.rs",
            "pub struct B;\nfn f() {\n    super::super::c::f();\n}\n",
        ),
        ("c.rs", "pub fn f() -> Option<super::a::A> { None }\n"),
    ]);
    assert_eq!(
        found,
        ["in `crate`: a -> b -> c -> a\n      \
          a.rs:2: `a` uses `b` by `crate::b::B`\n      \
          b/inner.rs:3: `b` uses `c` by `super::super::c::f`\n      \
          c.rs:1: `c` uses `a` by `super::a::A`"]
    );
}

#[test]
fn a_child_and_its_parent_form_a_cycle() {
    let parent = "mod child;\npub struct P;\npub fn f() { child::g() }\n";
    let child = "use super::P;\npub fn g() -> P { P }\n";
    let files = [
        ("lib.rs", "mod p;"),
        ("p/mod.rs", parent),
        ("p/child.rs", child),
    ];
    let found = cycles_in(&files);
    assert_eq!(found.len(), 1, "{found:?}");
    assert!(found[0].contains(SELF), "{found:?}");
    // A re-export that the parent itself uses is a use.
    let parent = "mod child;\npub use child::g;\npub struct P;\npub fn f() { g() }\n";
    let files = [
        ("lib.rs", "mod p;"),
        ("p/mod.rs", parent),
        ("p/child.rs", child),
    ];
    assert_eq!(cycles_in(&files).len(), 1);
}

#[test]
fn what_is_no_cycle_is_not_reported() {
    let found = cycles_in(&[
        ("lib.rs", "mod a;\nmod b;\npub use a::A;\npub use b::B;\n"),
        // A re-export of a child, a use from one sibling to the other through
        // it, and test code that imports in the other direction.
        (
            "a/mod.rs",
            "mod one;\nmod two;\npub use one::A;\npub use two::Two;\npub struct P;\n",
        ),
        ("a/one.rs", "use super::P;\npub struct A(P);\n"),
        (
            "a/two.rs",
            "use super::A;\npub struct Two(A);\n#[cfg(test)]\nmod tests {\n    use crate::b::B;\n}\n",
        ),
        (
            "b/mod.rs",
            "use crate::a::{self, Two};\n#[cfg(test)]\nmod tests;\npub struct B(Two, a::A);\n\
             #[cfg(test)]\nuse std::fmt;\n",
        ),
        ("b/tests.rs", "fn f() { crate::nothing::f() }\n"),
    ]);
    assert_eq!(found, Vec::<String>::new());
    // Comments and the insides of literals are not code.
    let a = "//! crate::b\nconst X: &str = \"crate::b::B\";\npub struct A;\n";
    let b = "pub struct B(crate::a::A);\n";
    assert!(cycles_in(&[("lib.rs", "mod a; mod b;"), ("a.rs", a), ("b.rs", b)]).is_empty());
}
