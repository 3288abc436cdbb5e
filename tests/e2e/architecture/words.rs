//! Words that the project does not use: private terms with a standard
//! equivalent, and type names that do not describe what they hold. The lists are the minimum;
//! `CONTRIBUTING.md` has the rule.

use super::metadata::crate_roots;
use super::modules::modules_of;
use crate::harness::{files_below, workspace};
use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

/// A word that is not used, in any case and as any part of an identifier or of
/// prose, with what is used instead.
const WORDS: &[(&str, &str)] = &[
    ("authorised", "authorized"),
    ("authorities", "CA certificates"),
    ("beat", "heartbeat"),
    ("behaviour", "behavior"),
    ("catalogue", "catalog"),
    ("catalogues", "catalogs"),
    ("colour", "color"),
    ("coloured", "colored"),
    ("colours", "colors"),
    ("deed", "step action"),
    ("deeds", "step actions"),
    ("desk", "service context"),
    ("divisible", "supports_range"),
    ("ears", "listeners"),
    ("hears", "receives, is notified"),
    ("honour", "honor"),
    ("honoured", "honored"),
    ("keeper", "backup target"),
    ("licence", "license"),
    ("licences", "licenses"),
    ("mended", "repaired"),
    ("nap", "poll interval"),
    ("neighbour", "neighbor"),
    ("patience", "timeout, retry"),
    ("portion", "part"),
    ("seat", "worker config"),
    ("somebody", "another user, another process"),
    ("spends", "consumes"),
    ("surroundings", "system probe, environment"),
    ("told", "reported, notified"),
    ("trail", "audit log"),
    ("trails", "audit logs"),
    ("unauthorised", "unauthorized"),
    ("vain", "timeout"),
    ("whoever", "the caller, the user"),
    ("wish", "request, option"),
    ("wished", "requested"),
    ("wishes", "requests, options"),
];

/// The same for several words in a row; `_` and line ends count as blanks.
const PHRASES: &[(&str, &str)] = &[
    ("carry out", "apply"),
    ("give contents up", "prune"),
    ("give up contents", "prune"),
    ("silent about", "stderr_excludes"),
    ("talk stream", "stderr"),
    ("the person", "the user"),
];

/// Headings that are not used in documents.
const HEADINGS: &[(&str, &str)] = &[
    ("Beginning", "Quick start"),
    ("Give contents up", "Prune"),
    ("Install", "Installation"),
    ("Move", "Export and import"),
    ("The main job", "Usage"),
    ("Try it", "Quick start"),
];

/// Names that no type has.
const TYPE_NAMES: &[&str] = &[
    "Answer",
    "Ask",
    "Asking",
    "Board",
    "Deed",
    "Desk",
    "Door",
    "Ears",
    "Failure",
    "Following",
    "Found",
    "Hands",
    "Held",
    "Here",
    "Keeper",
    "Kept",
    "Known",
    "Leave",
    "Look",
    "Making",
    "Near",
    "News",
    "Own",
    "Place",
    "Ran",
    "Refusal",
    "Seat",
    "Seen",
    "Standing",
    "Surroundings",
    "Taken",
    "Touched",
    "Trace",
    "Verdict",
    "Wanted",
    "Why",
    "Wish",
    "Wishes",
    "Writing",
];

/// Files with natural language as data, or with these lists themselves.
const DATA: &[&str] = &[
    "LICENSE-",
    "Cargo.lock",
    "fuzz/Cargo.lock",
    "plugins/lib/detect-train/grammar/",
    "plugins/lib/detect-train/rows/",
    "plugins/lib/policy/src/kinds/prompt_injection/rules.rs",
    "plugins/lib/policy/src/kinds/prompt_injection/score.rs",
    "tests/models/launchd/transcripts/",
    "tests/e2e/architecture/words.rs",
];

/// Returns every text file of the workspace that is checked, by its name.
fn texts() -> Vec<(String, String)> {
    let skipped = ["target", ".git", ".venv", "__pycache__"];
    let files = files_below(workspace(), &skipped);
    let texts = files.iter().filter_map(|path| {
        let name = path.strip_prefix(workspace()).ok()?.display().to_string();
        let data = DATA.iter().any(|start| name.starts_with(start));
        // The texts of a corpus are those of users.
        let excluded = data || name.contains("/corpus/");
        let text = (!excluded).then(|| fs::read_to_string(path).ok())??;
        Some((name, text))
    });
    texts.collect()
}

/// Returns the lowercase words of a line; identifiers are split at `_` and at capitals.
fn words_of(line: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut last = ' ';
    let mut characters = line.chars().peekable();
    while let Some(c) = characters.next() {
        let next_is_lower = characters.peek().is_some_and(|n| n.is_lowercase());
        let new = c.is_uppercase() && (last.is_lowercase() || next_is_lower);
        if !c.is_alphabetic() || new {
            words.push(String::new());
        }
        if let (true, Some(word)) = (c.is_alphabetic(), words.last_mut()) {
            word.extend(c.to_lowercase());
        }
        last = c;
    }
    words.retain(|w| !w.is_empty());
    words
}

/// Returns the words of the lists that a text contains, with their lines.
fn old_words(text: &str) -> Vec<(usize, String)> {
    let mut found = Vec::new();
    let mut before: Vec<String> = Vec::new();
    for (index, line) in text.lines().enumerate() {
        let words = words_of(line);
        for (old, new) in WORDS {
            if words.iter().any(|w| w == old) {
                found.push((index + 1, format!("`{old}`: {new}")));
            }
        }
        // A phrase may go on from the line before.
        let tail = before.len().saturating_sub(2);
        let start = before.len() - tail;
        let joined = [&before[tail..], words.as_slice()].concat();
        for (old, new) in PHRASES {
            let phrase: Vec<&str> = old.split(' ').collect();
            let begins_before = |at: usize| at + phrase.len() > start;
            let mut windows = joined.windows(phrase.len()).enumerate();
            if windows.any(|(at, w)| begins_before(at) && w == phrase.as_slice()) {
                found.push((index + 1, format!("`{old}`: {new}")));
            }
        }
        before = words;
    }
    found
}

#[test]
fn standard_terms_are_used() {
    let texts = texts();
    let found: Vec<String> = texts
        .iter()
        .flat_map(|(name, text)| {
            let words = old_words(text).into_iter();
            words.map(move |(line, problem)| format!("{name}:{line}: {problem}"))
        })
        .collect();
    assert!(
        found.is_empty(),
        "words that have a standard equivalent:\n  {}",
        found.join("\n  ")
    );
}

#[test]
fn documents_have_the_expected_headings() {
    let mut found = Vec::new();
    for (name, text) in texts().iter().filter(|(name, _)| name.ends_with(".md")) {
        let headings = text.lines().filter(|line| line.starts_with('#'));
        for heading in headings.map(|line| line.trim_start_matches('#').trim()) {
            for (_, new) in HEADINGS.iter().filter(|(old, _)| heading == *old) {
                found.push(format!("{name}: `{heading}`: {new}"));
            }
        }
    }
    assert!(found.is_empty(), "headings:\n  {}", found.join("\n  "));
}

#[test]
fn type_names_describe_what_they_hold() {
    let read = |path: &Path| fs::read_to_string(workspace().join(path)).ok();
    let mut found = Vec::new();
    for (package, root) in crate_roots() {
        let mut visible: BTreeMap<String, (String, Vec<String>)> = BTreeMap::new();
        for module in modules_of(&root, &read) {
            let file = module.file.display().to_string();
            for defined in &module.types {
                let location = format!("{file}:{}", defined.line);
                if TYPE_NAMES.contains(&defined.name.as_str()) {
                    found.push(format!(
                        "{location}: `{}` does not describe what it holds",
                        defined.name
                    ));
                }
                // Alternatives for platforms are defined in one module.
                let other = visible
                    .get(&defined.name)
                    .filter(|(_, m)| *m != module.path);
                if let Some((first, _)) = other.filter(|_| defined.visible) {
                    let name = &defined.name;
                    found.push(format!(
                        "{location}: `{name}` of {package} is also defined at {first}"
                    ));
                } else if defined.visible {
                    visible.insert(defined.name.clone(), (location, module.path.clone()));
                }
            }
        }
    }
    assert!(
        found.is_empty(),
        "a type name has one meaning in a crate:\n  {}",
        found.join("\n  ")
    );
}

#[test]
fn old_words_are_found_in_identifiers_and_prose() {
    let text = "let desk_of = ServiceDesk::new();\n// The trailing edge of the\n// person; \
                indeed, carry_out(TOLD)\n";
    let found: Vec<String> = old_words(text)
        .into_iter()
        .map(|(line, problem)| format!("{line} {problem}"))
        .collect();
    assert_eq!(
        found,
        [
            "1 `desk`: service context",
            "3 `told`: reported, notified",
            "3 `carry out`: apply",
            "3 `the person`: the user",
        ]
    );
    assert_eq!(
        words_of("HTTPServer_OLDName x9y"),
        ["http", "server", "old", "name", "x", "y"]
    );
}
