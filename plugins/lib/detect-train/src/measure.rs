//! What the policy finds, with its default settings.

use std::collections::BTreeMap;
use std::fmt;

use kt_policy::{Chain, Decision, Limits, PromptText, Source, compile, parse};

use crate::corpus::Row;

const DOCUMENT: &str = "pack: {name: measure, version: 1.0.0, enabled: true}\n\
                        policies: {chain: [prompt-injection]}\n\
                        policy: {prompt-injection: {}}\n";

/// The texts of a source.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Count {
    /// Their number.
    pub all: usize,
    /// Those that are blocked.
    pub blocked: usize,
    /// Those that are blocked or flagged.
    pub flagged: usize,
}

/// What the policy finds, by source; displayed as a table.
#[derive(Debug, Default)]
pub struct Measured(BTreeMap<(bool, String), Count>);

impl Measured {
    /// Returns the attacks, or the harmless texts, of a source; `all` is all sources.
    #[must_use]
    pub fn count(&self, attack: bool, source: &str) -> Count {
        let count = self.0.get(&(attack, source.to_owned()));
        count.copied().unwrap_or_default()
    }
}

/// Measures rows. A source `a/b` is part of `a`.
///
/// # Errors
/// The document of the policy is not valid.
pub fn measure(rows: &[Row]) -> Result<Measured, String> {
    let chain = chain()?;
    let mut measured = Measured::default();
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
            let count = measured.0.entry((row.attack, name.to_owned())).or_default();
            count.all += 1;
            count.blocked += usize::from(blocked);
            count.flagged += usize::from(flagged);
        }
    }
    Ok(measured)
}

fn chain() -> Result<Chain, String> {
    let document = parse(&[Source::new("measure.yaml", DOCUMENT)]);
    let document = document.map_err(|problems| problems.to_string())?;
    compile(&document, &Limits::default()).map_err(|problems| problems.to_string())
}

impl fmt::Display for Measured {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for ((attack, source), count) in &self.0 {
            let label = if *attack { "attack" } else { "harmless" };
            let percent = |part: usize| 100.0 * part as f64 / count.all as f64;
            writeln!(
                f,
                "{label:8} {source:42} {:6}  blocked {:6.2} %  flagged {:6.2} %",
                count.all,
                percent(count.blocked),
                percent(count.flagged)
            )?;
        }
        Ok(())
    }
}
