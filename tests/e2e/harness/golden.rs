//! Golden files: expected output that is kept in the repository.

use super::paths::workspace;
use std::fs;
use std::path::Path;

/// Rewrites golden files instead of comparing with them.
const BLESS: &str = "KT_BLESS";

fn blessing() -> bool {
    std::env::var(BLESS).is_ok_and(|v| v == "1")
}

/// Compares `actual` with the file at `path` in the workspace; `KT_BLESS=1`
/// writes the file instead, and the version control shows the change.
///
/// # Panics
/// With the first difference.
pub(crate) fn assert_golden(path: &str, actual: &str) {
    let file = workspace().join(path);
    if blessing() {
        let dir = file.parent().expect("a golden file is in a folder");
        fs::create_dir_all(dir).expect("the folder of the golden file can be created");
        fs::write(&file, actual).unwrap_or_else(|e| panic!("{path}: {e}"));
        return;
    }
    let expected = fs::read_to_string(&file).unwrap_or_default();
    if expected != actual {
        panic!(
            "`{path}` is stale:\n{}\nrun the tests with {BLESS}=1 if the new text is right",
            difference(&expected, actual)
        );
    }
}

/// Asserts that a folder of golden files has exactly the files `names`. With
/// `KT_BLESS=1` it empties the folder instead, so that no stale file stays.
pub(crate) fn bless_directory(path: &str, names: &[String]) {
    let dir = workspace().join(path);
    if blessing() {
        drop(fs::remove_dir_all(&dir));
        return;
    }
    let mut actual = listing(&dir);
    let mut expected = names.to_vec();
    actual.sort();
    expected.sort();
    assert_eq!(
        actual, expected,
        "the files of `{path}`; {BLESS}=1 rewrites them"
    );
}

fn listing(dir: &Path) -> Vec<String> {
    let entries = fs::read_dir(dir).into_iter().flatten();
    entries
        .filter_map(|e| e.ok()?.file_name().into_string().ok())
        .collect()
}

/// The first lines that differ, with their number.
fn difference(expected: &str, actual: &str) -> String {
    let (mut old, mut new) = (expected.lines(), actual.lines());
    let mut number = 0;
    loop {
        number += 1;
        match (old.next(), new.next()) {
            (None, None) => return "only line endings differ".to_owned(),
            (a, b) if a == b => {}
            (a, b) => {
                return format!(
                    "line {number}\n  expected: {}\n  actual:   {}",
                    a.unwrap_or("(end)"),
                    b.unwrap_or("(end)")
                );
            }
        }
    }
}
