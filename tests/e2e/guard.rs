//! Every file of the tests is compiled: one that no `mod` line names would be
//! left out silently.

use crate::harness::{files_below, workspace};
use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

#[test]
fn every_file_is_a_module() {
    let root = workspace().join("tests/e2e");
    let mut reached = BTreeSet::new();
    follow(&root.join("main.rs"), &root, &mut reached);
    let all: BTreeSet<PathBuf> = files_below(&root, &[])
        .into_iter()
        .filter(|p| p.extension().is_some_and(|e| e == "rs"))
        .collect();
    let missing: Vec<_> = all.difference(&reached).collect();
    assert!(missing.is_empty(), "no `mod` names {missing:?}");
}

/// Follows the `mod` lines of `file`, whose modules are in `dir`.
fn follow(file: &Path, dir: &Path, reached: &mut BTreeSet<PathBuf>) {
    reached.insert(file.to_owned());
    let text = fs::read_to_string(file).unwrap_or_else(|e| panic!("{}: {e}", file.display()));
    for line in text.lines() {
        let line = line.trim_start_matches("pub(crate) ");
        let Some(name) = line.strip_prefix("mod ").and_then(|r| r.strip_suffix(';')) else {
            continue;
        };
        let flat = dir.join(format!("{name}.rs"));
        let folder = dir.join(name);
        if flat.is_file() {
            follow(&flat, &folder, reached);
        } else {
            follow(&folder.join("mod.rs"), &folder, reached);
        }
    }
}
