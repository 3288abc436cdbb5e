//! What is in the repository trains to the same bytes everywhere.

use std::path::Path;

use kt_detect_train::{Settings, generate, read_rows, train};
use sha2::{Digest, Sha256};

/// The SHA-256 of the weights that `rows/sentences.jsonl` and the grammars give.
const EXPECTED: &str = "362747be6934f96f6a6fe787b813c7b9ca36a4259329afbd0100df8937b720a5";

/// The SHA-256 of the weights that are shipped, which are trained on more rows
/// than may be distributed: see `MODEL.md`.
const SHIPPED: &str = "ac51321a0b531c82d03cacf6055e6706a3775359bd05fd472743930ac780453a";

fn sha256(bytes: &[u8]) -> String {
    let digest = Sha256::digest(bytes);
    digest.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[test]
fn the_rows_of_the_repository_train_to_the_same_bytes() {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("rows/sentences.jsonl");
    let mut rows = read_rows(&file).expect("the rows are valid");
    rows.extend(generate());
    let settings = Settings {
        folds: 0,
        ..Settings::default()
    };
    let trained = train(rows, settings);
    assert_eq!(sha256(&trained.model), EXPECTED);
}

#[test]
fn the_shipped_weights_are_those_of_the_card() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"));
    let weights = folder.join("../detect/src/injection/weights.bin");
    let weights = std::fs::read(weights).expect("the weights are in the repository");
    assert_eq!(sha256(&weights), SHIPPED);
    let card = std::fs::read_to_string(folder.join("MODEL.md")).expect("the card is text");
    assert!(card.contains(SHIPPED));
}
