//! How much of a streamed answer arrives late: with a later token than its own.

use kt_policy::{Limits, Source, compile, parse};

/// Parts of the names that [`Terms`] makes.
const SYLLABLES: [&str; 16] = [
    "ba", "cor", "del", "fen", "gru", "hal", "jin", "kor", "lum", "mar", "nov", "pel", "quo",
    "ris", "tav", "vel",
];
/// Ordinary words, with which names of projects begin.
const ORDINARY: [&str; 20] = [
    "project", "team", "plan", "new", "blue", "red", "north", "south", "first", "open", "data",
    "cloud", "web", "smart", "global", "black", "white", "green", "net", "big",
];

/// Tokens, and those whose text was complete only with a later one.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Late {
    /// All tokens.
    pub tokens: usize,
    /// Those that came late.
    pub late: usize,
}

impl Late {
    /// The share of tokens that came late, in percent.
    #[must_use]
    pub fn percent(self) -> f64 {
        100.0 * self.late as f64 / self.tokens.max(1) as f64
    }
}

/// The blocked terms of a chain that is measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Terms {
    /// No `dlp-filter`.
    None,
    /// 500 names that no language has.
    Names,
    /// 500 names, each behind one of 20 ordinary words, as in `project Velnov`.
    OrdinaryFirst,
}

impl Terms {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::None, Self::Names, Self::OrdinaryFirst];

    fn list(self) -> Vec<String> {
        let name = |n: usize| {
            let part = |place: u32| SYLLABLES[n * 7 / 16_usize.pow(place) % 16];
            format!("{}{}{}", part(0), part(1), SYLLABLES[n % 16])
        };
        let names = (0..500).map(name);
        match self {
            Self::None => Vec::new(),
            Self::Names => names.collect(),
            Self::OrdinaryFirst => names
                .enumerate()
                .map(|(n, name)| format!("{} {name}", ORDINARY[n % ORDINARY.len()]))
                .collect(),
        }
    }

    fn document(self) -> String {
        let terms: String = self
            .list()
            .iter()
            .map(|t| format!("      - {t}\n"))
            .collect();
        let (kind, settings) = match self {
            Self::None => ("", String::new()),
            _ => (
                ", dlp-filter",
                format!("  dlp-filter:\n    action: redact\n    blocked_terms:\n{terms}"),
            ),
        };
        format!(
            "pack: {{name: measure, version: 1.0.0, enabled: true}}\n\
             policies: {{chain: [pii-detector, secrets{kind}]}}\n\
             policy:\n  pii-detector: {{action: redact}}\n  secrets: {{action: redact}}\n{settings}"
        )
    }
}

/// Measures answers, each in the tokens in which it is streamed, without pauses.
///
/// # Errors
/// The document of the policies is not valid.
pub fn measure_late(answers: &[Vec<String>], terms: Terms) -> Result<Late, String> {
    let document = terms.document();
    let document = parse(&[Source::new("measure.yaml", &document)]).map_err(|p| p.to_string())?;
    let chain = compile(&document, &Limits::default()).map_err(|p| p.to_string())?;
    let mut late = Late::default();
    for answer in answers {
        let mut filter = chain.response_filter();
        for token in answer {
            drop(filter.push(token));
            late.tokens += 1;
            late.late += usize::from(filter.held_bytes() > 0);
        }
    }
    Ok(late)
}
