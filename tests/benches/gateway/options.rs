//! The arguments of the benchmark.

use std::time::Duration;

/// What can be measured.
const PARTS: [&str; 6] = ["load", "streams", "memory", "workers", "hostile", GUARDS];
/// The part that needs no servers.
const GUARDS: &str = "guards";

/// The parsed arguments.
pub(crate) struct Options {
    /// The parts to measure; empty for all.
    parts: Vec<String>,
    /// How long mixed load runs instead.
    pub(crate) soak: Option<Duration>,
}

impl Options {
    /// Parses the arguments; `--bench` is what cargo adds.
    ///
    /// # Errors
    /// For an argument that is not known.
    pub(crate) fn parse(arguments: &[String]) -> Result<Self, String> {
        let mut options = Self {
            parts: Vec::new(),
            soak: None,
        };
        let mut rest = arguments.iter().filter(|argument| *argument != "--bench");
        while let Some(argument) = rest.next() {
            if argument == "--soak" {
                let value = rest
                    .next()
                    .ok_or("`--soak` needs a duration, such as 10m")?;
                options.soak = Some(duration(value)?);
            } else if PARTS.contains(&argument.as_str()) {
                options.parts.push(argument.clone());
            } else {
                let parts = PARTS.join(", ");
                return Err(format!(
                    "unknown argument `{argument}`: use {parts} or `--soak 10m`"
                ));
            }
        }
        Ok(options)
    }

    /// Returns whether a part is to be measured on servers.
    pub(crate) fn needs_servers(&self) -> bool {
        self.parts.is_empty() || self.parts.iter().any(|part| part != GUARDS)
    }

    pub(crate) fn includes(&self, part: &str) -> bool {
        self.parts.is_empty() || self.parts.iter().any(|known| known == part)
    }
}

fn duration(value: &str) -> Result<Duration, String> {
    let unit = value.trim_start_matches(|c: char| c.is_ascii_digit());
    let number = value.strip_suffix(unit).and_then(|n| n.parse::<u64>().ok());
    match (number, unit) {
        (Some(n), "s") => Ok(Duration::from_secs(n)),
        (Some(n), "m") => Ok(Duration::from_secs(n * 60)),
        _ => Err(format!("`{value}` is not a duration, such as 30s or 10m")),
    }
}
