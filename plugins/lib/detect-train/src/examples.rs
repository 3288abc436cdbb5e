//! Rows as windows of features.

use std::collections::HashMap;
use std::ops::Range;

use kt_detect::{
    Decoding, FEATURES, Folded, LONG, Token, features, fold, normalizer, readings, tokens,
};

use crate::corpus::Row;
use crate::fit::{Example, Regression};
use crate::plant::PLANTED;

/// A window of a row.
struct Window {
    features: Range<usize>,
    factor: f32,
    row: usize,
}

/// The windows of all rows.
pub(crate) struct Examples {
    features: Vec<u32>,
    windows: Vec<Window>,
    /// The windows of each row.
    rows: Vec<Range<usize>>,
    attack: Vec<bool>,
    source: Vec<usize>,
    sources: usize,
    /// Harmless rows that use the words of attacks.
    hard: Vec<bool>,
}

/// Windows of one source beyond which each counts less.
const FULL_WEIGHT: f32 = 600.0;
/// Sources of harmless rows that use the words of attacks.
const HARD: [&str; 7] = [
    "own",
    "wildguard-benign",
    "prompts.chat-book",
    "bastioncorpus",
    "grammar-talk",
    "grammar-requests",
    "benign-chat",
];
/// How much more these count.
const HARD_WEIGHT: f32 = 3.0;
/// Tokens of a planted attack that a window has to have.
const ATTACK_TOKENS: usize = 12;
/// Weight of all attacks, relative to that of all harmless windows.
const ATTACKS: f32 = 0.5;

impl Examples {
    pub(crate) fn new(rows: &[Row]) -> Self {
        let mut examples = Self {
            features: Vec::new(),
            windows: Vec::new(),
            rows: Vec::new(),
            attack: Vec::new(),
            source: Vec::new(),
            sources: 0,
            hard: Vec::new(),
        };
        let mut sources = HashMap::new();
        let mut found = Vec::new();
        for (index, row) in rows.iter().enumerate() {
            let next = sources.len();
            let source = *sources.entry((&row.source, row.attack)).or_insert(next);
            let first = examples.windows.len();
            let folded = fold(&row.text);
            examples.add_windows(index, row, &folded, &mut found);
            if !row.attack && row.source != PLANTED {
                examples.add_readings(index, row, &folded, &mut found);
            }
            examples.rows.push(first..examples.windows.len());
            let hard = !row.attack && HARD.contains(&row.source.as_str());
            examples.hard.push(hard);
            examples.attack.push(row.attack);
            examples.source.push(source);
        }
        examples.sources = sources.len();
        examples
    }

    /// Adds the windows of what seems to be hidden in a harmless row: those readings are no attacks
    /// either.
    fn add_readings(
        &mut self,
        index: usize,
        row: &Row,
        folded: &Folded<'_>,
        found: &mut Vec<Token>,
    ) {
        let all = Decoding {
            encoded: true,
            turned: true,
        };
        for reading in readings(&folded.text, all) {
            self.add_windows(index, row, &fold(&reading), found);
        }
    }

    /// Adds the windows of a row, as the product scores them but at every half
    /// of one. Of a planted attack, only those that hold a part of it count.
    fn add_windows(
        &mut self,
        index: usize,
        row: &Row,
        folded: &Folded<'_>,
        found: &mut Vec<Token>,
    ) {
        tokens(&folded.text, found);
        let counted: Vec<usize> = (0..found.len()).filter(|at| !found[*at].repeated).collect();
        let planted = |part: &[usize]| {
            let inside = |at: &&usize| {
                let token = folded.original(found[**at].range());
                let span = row.span.as_ref();
                span.is_some_and(|span| token.start < span.end && token.end > span.start)
            };
            part.iter().filter(inside).count()
        };
        let least = planted(&counted).min(ATTACK_TOKENS);
        let mut start = 0;
        loop {
            let end = (start + LONG).min(counted.len());
            if row.span.is_none() || planted(&counted[start..end]) >= least {
                let from = self.features.len();
                for at in &counted[start..end] {
                    features(found, *at, |feature| self.features.push(feature as u32));
                }
                self.windows.push(Window {
                    features: from..self.features.len(),
                    factor: 1.0 / normalizer(end - start),
                    row: index,
                });
            }
            if end == counted.len() {
                return;
            }
            start += LONG / 2;
        }
    }

    /// Fits the rows for which `used` holds, once for each seed; the result is the mean, as the
    /// order of the examples alone moves a score by as much as a change of the rows does.
    pub(crate) fn fit(&self, used: &dyn Fn(usize) -> bool, seeds: Range<u64>) -> Regression {
        let fits = seeds.map(|seed| self.fit_seed(used, seed));
        Regression::mean(&fits.collect::<Vec<_>>())
    }

    /// Of a long attack, only the windows that look like one are attacks: the first two rounds
    /// find them.
    fn fit_seed(&self, used: &dyn Fn(usize) -> bool, seed: u64) -> Regression {
        let mut counts = vec![0.0_f32; self.sources];
        for (row, windows) in self.rows.iter().enumerate().filter(|(row, _)| used(*row)) {
            counts[self.source[row]] += windows.len() as f32;
        }
        let mut kept: Vec<bool> = self.windows.iter().map(|window| used(window.row)).collect();
        for _ in 0..2 {
            let regression = self.round(&kept, &counts, 3, seed);
            self.keep_attacks(&regression, used, &mut kept);
        }
        self.round(&kept, &counts, 10, seed)
    }

    fn round(&self, kept: &[bool], counts: &[f32], epochs: usize, seed: u64) -> Regression {
        let of_source = |window: &Window| {
            let count = counts[self.source[window.row]].max(1.0);
            let hard = if self.hard[window.row] {
                HARD_WEIGHT
            } else {
                1.0
            };
            (FULL_WEIGHT / count).sqrt().min(1.0) * hard
        };
        let windows = || self.windows.iter().zip(kept).filter(|(_, kept)| **kept);
        let (mut attacks, mut harmless) = (0.0_f32, 0.0_f32);
        for (window, _) in windows() {
            let sum = if self.attack[window.row] {
                &mut attacks
            } else {
                &mut harmless
            };
            *sum += of_source(window);
        }
        let balance = harmless / attacks * ATTACKS;
        let examples: Vec<Example<'_>> = windows()
            .map(|(window, _)| {
                let attack = self.attack[window.row];
                Example {
                    features: &self.features[window.features.clone()],
                    factor: window.factor,
                    attack,
                    weight: of_source(window) * if attack { balance } else { 1.0 },
                }
            })
            .collect();
        Regression::fit(&examples, epochs, seed)
    }

    fn keep_attacks(
        &self,
        regression: &Regression,
        used: &dyn Fn(usize) -> bool,
        kept: &mut [bool],
    ) {
        for (row, windows) in self.rows.iter().enumerate() {
            if !self.attack[row] || !used(row) || windows.len() < 2 {
                continue;
            }
            let logit = |window: &Window| {
                let features = &self.features[window.features.clone()];
                regression.logit(features, window.factor)
            };
            let logits: Vec<f32> = self.windows[windows.clone()].iter().map(logit).collect();
            let highest = logits.iter().copied().fold(f32::NEG_INFINITY, f32::max);
            for (kept, logit) in kept[windows.clone()].iter_mut().zip(logits) {
                *kept = logit >= highest - 0.5 || logit > 1.0;
            }
        }
    }

    pub(crate) fn summary(&self) -> String {
        format!(
            "{} rows, {} windows, {} features of {FEATURES} a token",
            self.rows.len(),
            self.windows.len(),
            self.features.len()
        )
    }
}
