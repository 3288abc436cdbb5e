//! Training: weights, rounding, and thresholds from scores out of fold.

use kt_detect::{Model, ReadingOptions, Scores, Thresholds, injection_scores};

use crate::corpus::Row;
use crate::examples::Examples;
use crate::fit::Regression;
use crate::numbers::{NUMBERS, in_numbers};
use crate::plant::{PLANTED, plant};

/// What can be chosen.
#[derive(Debug, Clone, Copy)]
pub struct Settings {
    /// The first seed of the order of examples.
    pub seed: u64,
    /// Fits, each with the next seed, whose mean is the model.
    pub fits: u64,
    /// Parts of the rows, each of which is scored by a model of the others.
    pub folds: u64,
    /// Share of harmless rows of training that may be blocked, out of fold.
    pub block: f64,
    /// The same for findings.
    pub flag: f64,
    /// Attacks that are planted in harmless rows.
    pub planted: usize,
    /// Harmless rows that are written as numbers.
    pub numbers: usize,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            seed: 0,
            fits: 3,
            folds: 5,
            block: 0.0025,
            flag: 0.005,
            planted: 3000,
            numbers: 600,
        }
    }
}

/// A trained model.
pub struct Trained {
    /// The bytes that [`Model::new`] reads.
    pub model: Vec<u8>,
    /// The scores of each row, out of fold.
    pub scores: Vec<Scores>,
    /// The rows.
    pub rows: Vec<Row>,
    /// Rows, windows and features.
    pub summary: String,
}

/// Trains a model on rows, on attacks that are planted in the harmless ones, and on harmless ones
/// in numbers.
#[must_use]
pub fn train(mut rows: Vec<Row>, settings: Settings) -> Trained {
    let given = rows.len();
    let fold = |row: &Row| fold_of(row, settings.folds.max(1));
    let mut folds: Vec<u64> = rows.iter().map(fold).collect();
    for (row, carrier) in plant(&rows, settings.planted) {
        folds.push(folds[carrier]);
        rows.push(row);
    }
    for (row, original) in in_numbers(&rows[..given], settings.numbers) {
        folds.push(folds[original]);
        rows.push(row);
    }
    let examples = Examples::new(&rows);
    let seeds = settings.seed..settings.seed.saturating_add(settings.fits.max(1));
    let full = examples.fit(&|_| true, seeds.clone());
    let any = Thresholds {
        flag: 0.0,
        block: 1.0,
    };
    let mut scores = vec![Scores::NONE; rows.len()];
    for fold in 0..settings.folds {
        let inside = |row: usize| folds[row] == fold;
        let part = examples.fit(&|row| !inside(row), seeds.clone());
        let bytes = rounded(&part, any, any);
        let Some(model) = Model::new(&bytes) else {
            continue;
        };
        for row in (0..rows.len()).filter(|row| inside(*row)) {
            scores[row] = injection_scores(&model, &rows[row].text, ReadingOptions::ALL);
        }
    }
    let harmless: Vec<Scores> = rows
        .iter()
        .zip(&scores)
        .filter(|(row, _)| !row.attack && !is_generated(row))
        .map(|(_, scores)| *scores)
        .collect();
    let long = thresholds(harmless.iter().map(|s| s.long).collect(), settings);
    let short = thresholds(harmless.iter().map(|s| s.short).collect(), settings);
    Trained {
        model: rounded(&full, long, short),
        scores,
        rows,
        summary: examples.summary(),
    }
}

/// The thresholds that give the shares of the settings on harmless scores.
fn thresholds(mut scores: Vec<f32>, settings: Settings) -> Thresholds {
    scores.sort_unstable_by(f32::total_cmp);
    Thresholds {
        flag: quantile(&scores, settings.flag),
        block: quantile(&scores, settings.block),
    }
}

/// Generated rows are easier than what is found.
fn is_generated(row: &Row) -> bool {
    [PLANTED, NUMBERS].contains(&row.source.as_str()) || row.source.starts_with("grammar-")
}

/// The value that this share of sorted values reaches.
fn quantile(sorted: &[f32], share: f64) -> f32 {
    let above = (sorted.len() as f64 * share) as usize;
    let index = sorted.len().saturating_sub(above + 1);
    sorted.get(index).copied().unwrap_or_default()
}

/// Rows that begin alike are in one fold.
fn fold_of(row: &Row, folds: u64) -> u64 {
    let start = row.text.chars().take(60).collect::<String>();
    let hash = start.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    });
    (hash >> 32) % folds
}

/// Weights as `i8`: the largest of 2,000 is clipped.
fn rounded(regression: &Regression, long: Thresholds, short: Thresholds) -> Vec<u8> {
    let mut sizes: Vec<f32> = regression.weights.iter().map(|w| w.abs()).collect();
    sizes.retain(|size| *size > 0.0);
    sizes.sort_unstable_by(f32::total_cmp);
    let scale = quantile(&sizes, 0.0005).max(f32::MIN_POSITIVE) / 127.0;
    let round = |weight: &f32| (weight / scale).round().clamp(-127.0, 127.0) as i8;
    let weights: Vec<i8> = regression.weights.iter().map(round).collect();
    Model::encode((scale, regression.bias), long, short, &weights)
}
