//! How much of a streamed answer guards delay, in the tokens of a model. The set-up of the tests
//! downloads the texts.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use kt_detect_train::{Terms, measure_late};

/// The most tokens that come late, in percent: without terms, with 500 names, and with 500 names
/// behind ordinary words. Manuals are full of versions and numbers, of which each may begin a phone
/// number, an address or a card.
const BOUNDS: [(&str, [f64; 3]); 5] = [
    ("ok-chat", [4.0, 6.0, 10.0]),
    ("ok-fortunes-it", [7.0, 10.0, 10.0]),
    ("ok-fortunes-ru", [2.0, 2.0, 2.0]),
    ("ok-debian-policy", [11.0, 12.0, 15.0]),
    ("ok-handbook", [13.0, 15.0, 17.0]),
];

#[test]
fn few_tokens_come_late() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../target/recall");
    if !folder.join("complete").exists() {
        assert!(std::env::var_os("CI").is_none(), "the texts are missing");
        println!("SKIPPED late tokens: tests/scripts/setup.sh downloads the texts");
        return;
    }
    let text = fs::read_to_string(folder.join("tokens.json")).expect("it is downloaded");
    let answers: BTreeMap<String, Vec<Vec<String>>> = serde_json::from_str(&text).expect("answers");
    for (source, bounds) in BOUNDS {
        for (terms, bound) in Terms::ALL.into_iter().zip(bounds) {
            let late = measure_late(&answers[source], terms).expect("the policies are valid");
            let percent = late.percent();
            println!(
                "{source:16} {terms:?}: {percent:.1} % of {} tokens",
                late.tokens
            );
            assert!(percent <= bound, "{source}, {terms:?}: {percent:.1} %");
        }
    }
}
