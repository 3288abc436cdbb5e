//! Chains, their results, and made-up secrets.

use std::fmt::Write as _;

use super::super::format::{Class, Format};
use crate::chain::{Chain, Limits, PromptText};
use crate::compile::compile;
use crate::parse::parse;
use crate::source::Source;

pub(super) fn chain(settings: &str) -> Chain {
    let others = settings.trim_start_matches('{');
    let text = format!(
        "pack: {{name: t, version: 1.0.0, enabled: true}}\n\
         policies: {{chain: [secrets]}}\npolicy: {{secrets: {{streaming: strict, {others}}}\n"
    );
    let document = parse(&[Source::new("test.yaml", text)]).unwrap();
    compile(&document, &Limits::default()).unwrap()
}

/// The redacted text and the kinds of the findings.
pub(super) fn redact(chain: &Chain, text: &str) -> (String, Vec<&'static str>) {
    let evaluation = chain.inspect_prompt(&[PromptText { role: "user", text }]);
    let rewrite = evaluation.rewrites.first();
    let text = rewrite.map_or(text, |rewrite| rewrite.text.as_str());
    let kinds = evaluation.findings.iter().map(|f| f.kind).collect();
    (text.to_owned(), kinds)
}

pub(super) fn released<'t>(chain: &Chain, pieces: impl IntoIterator<Item = &'t str>) -> String {
    let mut filter = chain.response_filter();
    let mut released = String::new();
    for piece in pieces {
        released.push_str(&filter.push(piece).release);
    }
    released.push_str(&filter.finish().release);
    released
}

/// Asserts that a text gives the same however it is split in two, and character by character.
pub(super) fn assert_split_independent(chain: &Chain, text: &str) -> String {
    let (whole, _) = redact(chain, text);
    for (at, _) in text.char_indices() {
        let (left, right) = text.split_at(at);
        assert_eq!(
            released(chain, [left, right]),
            whole,
            "{left:?} | {right:?}"
        );
    }
    let single = text
        .char_indices()
        .map(|(at, c)| &text[at..at + c.len_utf8()]);
    assert_eq!(released(chain, single), whole, "{text:?}");
    whole
}

/// A reproducible sequence that looks random.
pub(super) struct Random(pub(super) u64);

impl Random {
    fn next(&mut self) -> u64 {
        // The constants of Knuth's MMIX.
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        self.0 >> 33
    }

    pub(super) fn text(&mut self, class: Class, length: usize) -> String {
        let bytes: Vec<u8> = (b'!'..=b'~').filter(|byte| class.has(*byte)).collect();
        let alnum: Vec<u8> = bytes
            .iter()
            .copied()
            .filter(u8::is_ascii_alphanumeric)
            .collect();
        let mut text = String::new();
        for at in 0..length {
            // Ends in letters and digits, and has a digit.
            let from = if at == 0 || at + 1 == length {
                &alnum
            } else {
                &bytes
            };
            let index = usize::try_from(self.next()).unwrap() % from.len();
            text.push(char::from(from[index]));
        }
        text.replace_range(length / 2..=length / 2, "7");
        text
    }

    pub(super) fn secret(&mut self, format: &Format) -> String {
        let (least, most) = format.length;
        let spread = usize::try_from(self.next()).unwrap() % (most - least + 1);
        format!(
            "{}{}",
            format.prefix,
            self.text(format.class, least + spread)
        )
    }

    pub(super) fn key(&mut self, name: &str, lines: usize, line_break: &str) -> String {
        let mut key = format!("-----BEGIN {name}-----{line_break}");
        for _ in 0..lines {
            write!(key, "{}{line_break}", self.text(Class::Alnum, 64)).unwrap();
        }
        write!(
            key,
            "{}=={line_break}-----END {name}-----",
            self.text(Class::Alnum, 22)
        )
        .unwrap();
        key
    }

    pub(super) fn jwt(&mut self) -> String {
        let part = |random: &mut Self, length| random.text(Class::Alnum, length);
        let (header, payload) = (part(self, 33), part(self, 90));
        format!("eyJ{header}.eyJ{payload}.{}", part(self, 43))
    }
}
