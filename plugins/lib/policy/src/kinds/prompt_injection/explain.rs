//! What of a text decided that it is an attack.

use kt_detect::{examine_injection, nearest_window};
use regex_automata::{Anchored, Input};

use super::rules::ALL;
use super::score::{Injection, Judgement, REACH};
use super::views::{View, views};

/// Longest part of a text that is quoted, in bytes.
const QUOTED: usize = 300;

/// Why a text is not harmless.
pub(super) struct Reason {
    pub(super) kind: &'static str,
    /// The index of the operator's pattern that matches.
    pub(super) pattern: Option<usize>,
    pub(super) found: String,
    pub(super) score: Option<u64>,
}

impl Injection {
    /// Returns what decided about a text; `None` for a harmless one.
    pub(super) fn explain(&self, text: &str) -> Option<Reason> {
        let kind = match self.judge(text) {
            Judgement::Harmless => return None,
            Judgement::Suspected => "suspected",
            Judgement::Attack(kind) => kind,
        };
        let window = nearest_window(text, self.encoding.options());
        let score = window.as_ref().map(|w| (w.probability * 100.0) as u64);
        let views = views(text, &self.encoding);
        let own = self.own_match(text, &views).filter(|_| kind == "pattern");
        let found = match (own, kind) {
            (Some((_, found)), _) => found.to_owned(),
            (None, "suspected" | "classifier") => window.map(|w| w.text).unwrap_or_default(),
            (None, _) => self.phrases(text).join("; "),
        };
        Some(Reason {
            kind,
            pattern: own.map(|(pattern, _)| pattern),
            found: quoted(&found),
            score,
        })
    }

    /// Returns the phrases that the rules find, each once with the name of its rules.
    fn phrases(&self, text: &str) -> Vec<String> {
        let options = self.encoding.options();
        let mut views = views(text, &self.encoding);
        let plain = examine_injection(text, options).plain_texts(text, options);
        views.extend(plain.into_iter().map(View::from));
        let mut phrases: Vec<String> = Vec::new();
        for view in views {
            self.triggers.find(&view.text, |rule, trigger| {
                let end = view.text.floor_char_boundary(trigger.start + REACH);
                let input = Input::new(&view.text)
                    .anchored(Anchored::Yes)
                    .range(trigger.start..end);
                let found = self.rules[rule].find(input);
                let phrase = found.and_then(|found| view.text.get(found.range()));
                let named = phrase.map(|phrase| format!("{}: {phrase}", ALL[rule].0.name()));
                phrases.extend(named.filter(|named| !phrases.contains(named)));
            });
        }
        phrases
    }
}

fn quoted(text: &str) -> String {
    if text.len() <= QUOTED {
        return text.to_owned();
    }
    format!("{}…", &text[..text.floor_char_boundary(QUOTED)])
}
