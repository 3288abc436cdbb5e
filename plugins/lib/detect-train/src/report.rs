//! What a training gave, by source.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use kt_detect::Model;

use crate::train::Trained;

/// Returns the thresholds, and the share of the rows of each source that models
/// which have not seen them block and flag.
#[must_use]
pub fn report(trained: &Trained) -> String {
    let Some(model) = Model::new(&trained.model) else {
        return String::new();
    };
    let mut out = format!(
        "{}\nlong {:?}\nshort {:?}\n",
        trained.summary, model.long, model.short
    );
    let mut counts: BTreeMap<(bool, &str), [u32; 3]> = BTreeMap::new();
    for (row, scores) in trained.rows.iter().zip(&trained.scores) {
        let probability = model.probability(*scores);
        let [all, blocked, flagged] = counts.entry((row.attack, &row.source)).or_default();
        *all += 1;
        *blocked += u32::from(probability >= 0.9);
        *flagged += u32::from(probability >= 0.5);
    }
    for ((attack, source), [all, blocked, flagged]) in counts {
        let label = if attack { "attack" } else { "harmless" };
        let percent = |part: u32| 100.0 * f64::from(part) / f64::from(all);
        // Writing to a string cannot fail.
        let _ = writeln!(
            out,
            "{label:8} {source:28} {all:6}  block {:5.1} %  flag {:5.1} %",
            percent(blocked),
            percent(flagged)
        );
    }
    out
}
