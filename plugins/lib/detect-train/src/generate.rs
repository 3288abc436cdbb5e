//! Rows from the grammars in `grammar/`.

use std::collections::HashSet;
use std::ops::Range;

use crate::corpus::Row;
use crate::grammar::Grammar;
use crate::random::Random;

const INDIRECT: &str = include_str!("../grammar/indirect.txt");
const CARRIERS: &str = include_str!("../grammar/carriers.txt");
const DIRECT: &str = include_str!("../grammar/direct.txt");
const HARMLESS: &str = include_str!("../grammar/harmless.txt");
const LANGUAGES: &str = include_str!("../grammar/languages.txt");

/// Where an instruction may be planted.
const MARK: &str = "§";

/// Rows without repetition.
struct Rows {
    rows: Vec<Row>,
    seen: HashSet<String>,
}

impl Rows {
    fn add(&mut self, attack: bool, source: &str, text: String, span: Option<Range<usize>>) {
        if text.trim().len() >= 8 && self.seen.insert(text.clone()) {
            self.rows.push(Row {
                attack,
                source: source.to_owned(),
                text,
                span,
            });
        }
    }
}

/// Returns the rows that the grammars generate.
#[must_use]
pub fn generate() -> Vec<Row> {
    let mut rows = Rows {
        rows: Vec::new(),
        seen: HashSet::new(),
    };
    let mut random = Random::new(1);
    let documents = Grammar::new(&[INDIRECT, CARRIERS]);
    for _ in 0..5_000 {
        let form = documents.expand("FORM", &mut random);
        let Some(at) = form.find(MARK) else { continue };
        let injection = documents.expand("PLANT", &mut random);
        let attack = form.replace(MARK, &injection);
        rows.add(
            true,
            "grammar-planted",
            attack,
            Some(at..at + injection.len()),
        );
        rows.add(false, "grammar-documents", form.replace(MARK, ""), None);
    }
    for _ in 0..2_000 {
        let text = documents.expand("INJ", &mut random);
        rows.add(true, "grammar-injections", text, None);
    }
    let direct = Grammar::new(&[DIRECT]);
    for _ in 0..3_000 {
        rows.add(
            true,
            "grammar-direct",
            direct.expand("ATTACK", &mut random),
            None,
        );
        rows.add(
            false,
            "grammar-requests",
            direct.expand("HARMLESS", &mut random),
            None,
        );
    }
    for _ in 0..1_000 {
        rows.add(
            true,
            "grammar-hijack",
            direct.expand("HIJACK", &mut random),
            None,
        );
    }
    let harmless = Grammar::new(&[HARMLESS]);
    for _ in 0..6_000 {
        rows.add(
            false,
            "grammar-talk",
            harmless.expand("TALK", &mut random),
            None,
        );
    }
    // What is said before an attack must not excuse it.
    for _ in 0..1_000 {
        let before = harmless.expand("PRE", &mut random);
        let attack = direct.expand("ATTACK", &mut random);
        rows.add(true, "grammar-direct", format!("{before} {attack}"), None);
    }
    let languages = Grammar::new(&[LANGUAGES]);
    for language in languages.prefixes(".O") {
        language_rows(&languages, language, &mut random, &mut rows);
    }
    rows.rows
}

fn language_rows(grammar: &Grammar<'_>, language: &str, random: &mut Random, rows: &mut Rows) {
    const JOINTS: [&str; 4] = [". ", ", ", "\n", "! "];
    const FORMS: [&[&str]; 9] = [
        &["O"],
        &["X"],
        &["R"],
        &["A"],
        &["O", "X"],
        &["O", "R"],
        &["A", "X"],
        &["A", "O", "X"],
        &["R", "R", "X"],
    ];
    let sentence = |forms: &[&str], random: &mut Random| {
        let joint = JOINTS[random.below(JOINTS.len())];
        let parts = forms
            .iter()
            .map(|form| grammar.expand(&format!("{language}.{form}"), random));
        parts.collect::<Vec<String>>().join(joint)
    };
    let count = if language == "tr" { 700 } else { 150 };
    for _ in 0..count {
        let forms = FORMS[random.below(FORMS.len())];
        let text = sentence(forms, random);
        rows.add(true, "grammar-languages", text, None);
        let forms: &[&str] = if random.below(2) == 0 {
            &["H"]
        } else {
            &["H", "H"]
        };
        let text = sentence(forms, random);
        rows.add(false, "grammar-languages", text, None);
    }
}
