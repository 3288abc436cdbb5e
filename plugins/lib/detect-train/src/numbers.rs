//! Harmless texts as the numbers of their bytes: numbers alone are no attack.

use crate::corpus::Row;
use crate::random::Random;

/// The source of such texts.
pub(crate) const NUMBERS: &str = "numbers";

/// Most bytes of a text that is written so.
const LONGEST: usize = 1200;

/// Returns `count` harmless texts in numbers, each with the row that it stands for.
pub(crate) fn in_numbers(rows: &[Row], count: usize) -> Vec<(Row, usize)> {
    let short = |(_, row): &(usize, &Row)| !row.attack && row.text.len() <= LONGEST;
    let harmless: Vec<(usize, &Row)> = rows.iter().enumerate().filter(short).collect();
    if harmless.is_empty() {
        return Vec::new();
    }
    let mut random = Random::new(3);
    let written = (0..count).map(|_| {
        let (index, row) = harmless[random.below(harmless.len())];
        let joint = [", ", " ", ",", "\n"][random.below(4)];
        let form = random.below(6);
        let number = |byte: u8| match form {
            0 => format!("{byte:03o}"),
            1 => format!("{byte:08b}"),
            _ => byte.to_string(),
        };
        let numbers: Vec<String> = row.text.bytes().map(number).collect();
        let row = Row {
            attack: false,
            source: NUMBERS.to_owned(),
            text: numbers.join(joint),
            span: None,
        };
        (row, index)
    });
    written.collect()
}
