//! Sentences from a grammar: `NAME = one | other {NAME}`. In alternatives `\n`
//! is a line end and `¦` a vertical bar; braces around anything but a name
//! stand for themselves.

use std::collections::BTreeMap;

use crate::random::Random;

/// A grammar.
pub(crate) struct Grammar<'g> {
    rules: BTreeMap<&'g str, Vec<&'g str>>,
}

/// Expansions within expansions.
const DEPTH: usize = 12;

impl<'g> Grammar<'g> {
    pub(crate) fn new(texts: &[&'g str]) -> Self {
        let lines = texts.iter().flat_map(|text| text.lines());
        let rules = lines.filter(|line| !line.starts_with('#'));
        let rules = rules.filter_map(|line| {
            let (name, alternatives) = line.split_once(" = ")?;
            let alternatives = alternatives.split(" |").map(|text| {
                let text = text.strip_prefix(' ').unwrap_or(text);
                text.strip_suffix(' ').unwrap_or(text)
            });
            Some((name, alternatives.collect()))
        });
        Self {
            rules: rules.collect(),
        }
    }

    /// Returns the names that end like this, without the end.
    pub(crate) fn prefixes(&self, end: &str) -> Vec<&'g str> {
        let names = self.rules.keys();
        names.filter_map(|name| name.strip_suffix(end)).collect()
    }

    /// Returns a random expansion of a name.
    pub(crate) fn expand(&self, name: &str, random: &mut Random) -> String {
        let mut out = String::new();
        self.add(name, random, 0, &mut out);
        out.replace("\\n", "\n").replace('¦', "|")
    }

    fn add(&self, name: &str, random: &mut Random, depth: usize, out: &mut String) {
        let Some(alternatives) = self.rules.get(name).filter(|_| depth < DEPTH) else {
            return;
        };
        let mut rest = alternatives[random.below(alternatives.len())];
        while let Some(open) = rest.find('{') {
            out.push_str(&rest[..open]);
            rest = &rest[open + 1..];
            let inner = rest.find('}').map(|end| (&rest[..end], &rest[end + 1..]));
            match inner.filter(|(name, _)| self.rules.contains_key(name)) {
                Some((name, after)) => {
                    self.add(name, random, depth + 1, out);
                    rest = after;
                }
                None => out.push('{'),
            }
        }
        out.push_str(rest);
    }
}
