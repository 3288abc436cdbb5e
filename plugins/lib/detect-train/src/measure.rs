//! What the policy finds, with its default settings.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use kt_policy::{Chain, Decision, Limits, PromptText, Source, compile, parse};

use crate::corpus::Row;

const DOCUMENT: &str = "pack: {name: measure, version: 1.0.0, enabled: true}\n\
                        policies: {chain: [prompt-injection]}\n\
                        policy: {prompt-injection: {}}\n";

/// Texts of a source.
#[derive(Default)]
struct Count {
    all: usize,
    blocked: usize,
    flagged: usize,
}

/// Returns a table of the rows that are blocked, and of those that are blocked
/// or flagged, by source. A source `a/b` is part of `a`.
///
/// # Errors
/// The document of the policy is not valid.
pub fn measure(rows: &[Row]) -> Result<String, String> {
    let chain = chain()?;
    let mut counts: BTreeMap<(bool, &str), Count> = BTreeMap::new();
    for row in rows {
        let text = PromptText {
            role: "user",
            text: &row.text,
        };
        let evaluation = chain.inspect_prompt(&[text]);
        let blocked = evaluation.decision != Decision::Allow;
        let flagged = !evaluation.findings.is_empty();
        let whole = row.source.split('/').next().unwrap_or_default();
        let mut names = vec!["all", whole, &row.source];
        names.dedup();
        for name in names {
            let count = counts.entry((row.attack, name)).or_default();
            count.all += 1;
            count.blocked += usize::from(blocked);
            count.flagged += usize::from(flagged);
        }
    }
    Ok(table(&counts))
}

fn chain() -> Result<Chain, String> {
    let document = parse(&[Source::new("measure.yaml", DOCUMENT)]);
    let document = document.map_err(|problems| problems.to_string())?;
    compile(&document, &Limits::default()).map_err(|problems| problems.to_string())
}

fn table(counts: &BTreeMap<(bool, &str), Count>) -> String {
    let mut out = String::new();
    for ((attack, source), count) in counts {
        let label = if *attack { "attack" } else { "harmless" };
        let percent = |part: usize| 100.0 * part as f64 / count.all as f64;
        // Writing to a string cannot fail.
        let _ = writeln!(
            out,
            "{label:8} {source:42} {:6}  blocked {:6.2} %  flagged {:6.2} %",
            count.all,
            percent(count.blocked),
            percent(count.flagged)
        );
    }
    out
}
