//! Short attacks planted in harmless texts of other sources.

use crate::corpus::Row;
use crate::random::Random;

/// Most words of an attack that is planted.
const LONGEST: usize = 48;
/// The source of planted attacks.
pub(crate) const PLANTED: &str = "planted";

/// Most words around it, on either side.
const AROUND: usize = 32;

/// One of so many stands behind a repeated phrase.
const PADDED: usize = 6;
/// Most words of a phrase that is repeated.
const PHRASE: usize = 8;

/// A few words of a text again and again, which is how an attack is pushed out of sight.
fn padding(words: &[&str], random: &mut Random) -> String {
    let from = random.below(words.len());
    let to = (from + 1 + random.below(PHRASE)).min(words.len());
    let phrase = words[from..to].concat();
    format!("{} ", phrase.trim_end()).repeat(4 + random.below(20))
}

/// Returns `count` planted attacks, each with the row that it stands in.
pub(crate) fn plant(rows: &[Row], count: usize) -> Vec<(Row, usize)> {
    let short = |row: &&Row| row.text.split_whitespace().count() <= LONGEST;
    let attacks: Vec<&Row> = rows
        .iter()
        .filter(|r| r.attack && r.span.is_none())
        .filter(short)
        .collect();
    let long = |row: &&Row| row.text.len() > 400;
    let carriers: Vec<(usize, &Row)> = rows
        .iter()
        .enumerate()
        .filter(|(_, row)| !row.attack && long(row))
        .collect();
    if attacks.is_empty() || carriers.is_empty() {
        return Vec::new();
    }
    let mut random = Random::new(2);
    let planted = (0..count).flat_map(|_| {
        let attack = attacks[random.below(attacks.len())];
        let (index, carrier) = carriers[random.below(carriers.len())];
        let words: Vec<&str> = carrier.text.split_inclusive(char::is_whitespace).collect();
        let at = random.below(words.len());
        let before = at.saturating_sub(random.below(AROUND));
        let after = (at + random.below(AROUND)).min(words.len());
        let joint = [" ", "\n", "\n\n"][random.below(3)];
        let before = match random.below(PADDED) {
            0 => padding(&words, &mut random),
            _ => words[before..at].concat(),
        };
        let start = before + joint;
        let span = start.len()..start.len() + attack.text.len();
        let end = words[at..after].concat();
        let row = |attack, text, span| Row {
            attack,
            source: PLANTED.to_owned(),
            text,
            span,
        };
        // The same text without the attack, so that what stands around it says
        // nothing.
        [
            (row(false, format!("{start}{end}"), None), index),
            (
                row(
                    true,
                    format!("{start}{}{joint}{end}", attack.text),
                    Some(span),
                ),
                index,
            ),
        ]
    });
    planted.collect()
}
