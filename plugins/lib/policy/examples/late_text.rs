//! Measures how much text of a stream comes with a later event.
//!
//!     cargo run --profile staging -p kt-policy --example late_text -- CONFIG < PIECES
//!
//! A line of the input is the pieces of one text, as a JSON array: the tokens of a
//! tokenizer, joined where a character is in several.

use kt_policy::{Limits, Source, compile, parse};
use std::io::{BufRead, Error};

/// A piece counts as late if a part of it comes with a later one.
fn main() -> Result<(), Error> {
    let path = std::env::args().nth(1).unwrap_or_default();
    let source = Source::new(&path, std::fs::read_to_string(&path)?);
    let document = parse(&[source]).map_err(|problems| Error::other(problems.to_string()))?;
    let limits = Limits::default();
    let chain = compile(&document, &limits).map_err(|p| Error::other(p.to_string()))?;
    let (mut pieces, mut late, mut held) = (0_usize, 0_usize, 0_usize);
    for line in std::io::stdin().lock().lines() {
        let text: Vec<String> = serde_json::from_str(&line?)?;
        let mut filter = chain.response_filter();
        for piece in &text {
            filter.push(piece);
            pieces += 1;
            late += usize::from(filter.held_bytes() > 0);
            held += filter.held_bytes();
        }
    }
    let mean = held as f64 / pieces.max(1) as f64;
    let share = late as f64 * 100.0 / pieces.max(1) as f64;
    #[expect(clippy::print_stdout, reason = "an example prints its result")]
    {
        println!("{pieces} pieces, {share:.1} % late, {mean:.1} bytes held");
    }
    Ok(())
}
