//! The table of ratios.

use crate::peer::Peers;

/// The decimals of a value that is printed as it is.
const RATIO_DECIMALS: usize = 2;

/// What one server did in the windows of one kind.
#[derive(Default, Clone)]
pub(crate) struct Samples(Vec<f64>);

impl Samples {
    pub(crate) fn push(&mut self, value: f64) {
        self.0.push(value);
    }

    fn median(&self) -> f64 {
        median(self.0.clone())
    }

    /// Returns the median of the ratios to the neighbors in time.
    fn ratio(&self, reference: &Self) -> f64 {
        let ratios = self.0.iter().zip(&reference.0).map(|(a, b)| a / b);
        median(ratios.collect())
    }
}

/// Returns the median; 0 of nothing.
pub(crate) fn median(mut values: Vec<f64>) -> f64 {
    values.retain(|value| value.is_finite());
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or_default()
}

/// Rows in the order in which they were measured.
pub(crate) struct Table {
    names: Vec<&'static str>,
    has_reference: bool,
    rows: Vec<(String, Vec<String>)>,
}

impl Table {
    pub(crate) fn new(peers: &Peers) -> Self {
        Self {
            names: peers.list.iter().map(|peer| peer.name).collect(),
            has_reference: peers.has_nginx,
            rows: Vec::new(),
        }
    }

    /// Adds a row: the first server with its unit, the others as ratios to it.
    pub(crate) fn ratios(&mut self, what: &str, unit: &str, samples: &[Samples]) {
        let reference = samples.first().cloned().unwrap_or_default();
        let cells = samples.iter().enumerate().map(|(index, own)| {
            if index > 0 && self.has_reference {
                format!("{:.RATIO_DECIMALS$}", own.ratio(&reference))
            } else {
                format!("{} {unit}", digits(own.median()))
            }
        });
        self.rows.push((what.to_owned(), cells.collect()));
    }

    /// Adds a row of values of which no ratio is meant.
    pub(crate) fn values(&mut self, what: &str, unit: &str, samples: &[Samples]) {
        let cells = samples
            .iter()
            .map(|own| format!("{} {unit}", digits(own.median())));
        self.rows.push((what.to_owned(), cells.collect()));
    }

    pub(crate) fn print(&self) {
        println!("\n| | {} |", self.names.join(" | "));
        println!("|---|{}", "---|".repeat(self.names.len()));
        for (what, cells) in &self.rows {
            println!("| {what} | {} |", cells.join(" | "));
        }
        if self.has_reference {
            println!("\nkt: ratios to nginx in the neighboring window, medians of the rounds.");
        }
    }
}

/// Returns a number with at most three digits that count.
fn digits(value: f64) -> String {
    match value {
        v if v >= 100.0 => format!("{v:.0}"),
        v if v >= 10.0 => format!("{v:.1}"),
        v => format!("{v:.2}"),
    }
}
