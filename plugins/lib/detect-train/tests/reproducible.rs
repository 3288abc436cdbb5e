//! What is in the repository trains to the same bytes everywhere.

use std::path::Path;

use kt_detect_train::{Settings, generate, read_rows, train};
use sha2::{Digest, Sha256};

/// The SHA-256 of the weights that `rows/sentences.jsonl` and the grammars give.
const EXPECTED: &str = "fd1258ccf16a00e66b7819a35c7e51ed15ec6c6657a5457b8a8cab670490a929";

/// The SHA-256 of the weights that are shipped, which are trained on more rows
/// than may be distributed: see `MODEL.md`.
const SHIPPED: &str = "f78113c2f69038ffd2c56eeba42d35afde333d4a086956c26ca8571fce8df34e";

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
