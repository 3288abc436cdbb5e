//! The time that each policy takes to judge a request, alone and all together, in the process.

use std::time::{Duration, Instant};

use kt_policy::{Chain, Limits, Source, chat, compile, parse};

use crate::config;
use crate::hostile;
use crate::table::median;

/// How long each cell is measured, and how often at least.
const DURATION: Duration = Duration::from_millis(60);
/// See [`DURATION`].
const LEAST: usize = 5;
/// The policies that are measured alone.
const ALONE: [&str; 4] = ["prompt-injection", "pii-detector", "dlp-filter", "secrets"];

/// Sources, of which programs consist.
const CODE: &str = include_str!("../../../plugins/lib/policy/src/chain/scanner.rs");

/// What a tool returns: a list of records.
const RECORD: &str = r#"{"id": 48213, "name": "Quarterly report", "updated_at": "2026-03-14T09:26:53Z", "size": 20817, "tags": ["finance", "draft"], "summary": "Revenue grew by 4.2 percent.\nSee page 12 for the details.", "url": "https://files.example.org/reports/2026/q1.pdf"}, "#;

/// Prints nanoseconds for each byte of the texts.
pub(crate) fn measure() {
    let full = chain(&config::full_chain(9));
    let alone = ALONE.map(|kind| chain(&config::chain_of(kind)));
    println!(
        "\n| input | {} | full chain | full chain, µs |",
        ALONE.join(" | ")
    );
    println!("|---|{}", "---|".repeat(ALONE.len() + 2));
    for (name, text) in inputs() {
        let body = config::body(&text);
        let per_byte = |chain: &Chain| judge(chain, &body) * 1e3 / text.len() as f64;
        let mut cells: Vec<String> = Vec::new();
        for chain in &alone {
            cells.push(format!("{:.1}", per_byte(chain)));
        }
        let all = per_byte(&full);
        let whole = all * text.len() as f64 / 1e3;
        println!("| {name} | {} | {all:.1} | {whole:.0} |", cells.join(" | "));
    }
    println!("\nNanoseconds to judge a request, for each byte of its text.");
}

/// The texts, with their names.
pub(crate) fn inputs() -> Vec<(String, String)> {
    const LONG: usize = 64 << 10;
    let mut inputs = vec![
        ("prose, 1 KB".to_owned(), config::prose(1024)),
        ("code, 64 KB".to_owned(), config::repeat(CODE, LONG)),
        (
            "JSON of a tool, 64 KB".to_owned(),
            format!(
                "[{}{{}}]",
                config::repeat(RECORD, LONG / RECORD.len() * RECORD.len())
            ),
        ),
    ];
    for (name, text) in hostile::inputs(LONG) {
        inputs.push((format!("{name}, 64 KB"), text));
    }
    inputs
}

fn chain(config: &str) -> Chain {
    let source = Source::new("policy-config.yaml", config.to_owned());
    let document = parse(&[source]).expect("a valid configuration");
    compile(&document, &Limits::default()).expect("within the limits")
}

/// Returns the median time to judge a request, µs.
fn judge(chain: &Chain, body: &str) -> f64 {
    let begin = Instant::now();
    let mut times = Vec::new();
    while times.len() < LEAST || begin.elapsed() < DURATION {
        let start = Instant::now();
        let evaluated = chat::evaluate_request(chain, body);
        times.push(start.elapsed().as_secs_f64() * 1e6);
        drop(evaluated.expect("valid JSON"));
    }
    median(times)
}
