//! One text of a stream that guards judge in windows.

use kt_policy::{Judged, Replacement};
use std::ops::Range;

/// A text as it arrives. Offsets are bytes of the whole text.
///
/// Up to `decided` everything is final: what is redacted there has its replacement. The text
/// before that is kept for a while, as the context of what follows.
#[derive(Debug, Default)]
pub(super) struct JudgedText {
    text: String,
    /// The offset of the beginning of `text`.
    base: usize,
    decided: usize,
    redactions: Vec<Replacement>,
}

impl JudgedText {
    /// Appends a fragment; returns its bytes in the whole text.
    pub(super) fn push(&mut self, fragment: &str) -> Range<usize> {
        let start = self.base + self.text.len();
        self.text.push_str(fragment);
        start..start + fragment.len()
    }

    /// Returns the text that is judged next, with its context.
    pub(super) fn text(&self) -> &str {
        &self.text
    }

    /// Returns the number of bytes that are not decided.
    pub(super) fn open_bytes(&self) -> usize {
        self.base + self.text.len() - self.decided
    }

    /// Returns the offset up to which text is final.
    pub(super) fn decided(&self) -> usize {
        self.decided
    }

    /// Limits the judgments on [`text`](Self::text) to what they decide now, which excludes the
    /// last `overlap` characters unless the text has ended, and what is found across that end: it
    /// may go on, unless more than `most` bytes wait. Returns the offset up to which they decide.
    pub(super) fn limit(
        &self,
        judged: &mut [&mut Judged],
        (overlap, most): (usize, usize),
        ended: bool,
    ) -> usize {
        let decided = self.decided - self.base;
        let mut cut = self.text.len();
        let mut end = cut;
        if !ended {
            let mut tail = self.text.char_indices().rev();
            cut = match overlap.checked_sub(1).map(|last| tail.nth(last)) {
                None => cut,
                Some(found) => found.map_or(0, |(at, _)| at),
            };
            cut = cut.max(decided);
            end = cut;
            let spans = judged.iter().flat_map(|judged| &judged.spans);
            let mut spans: Vec<&Range<usize>> = spans.map(|(range, _)| range).collect();
            // The last first: the end may move in front of others.
            spans.sort_by_key(|range| std::cmp::Reverse(range.start));
            for range in spans {
                if range.start < cut && cut < range.end {
                    cut = range.start.max(decided);
                }
            }
        }
        // Where everything is found, text must neither pile up nor be judged again and again.
        let splits = cut == decided && self.open_bytes() > most;
        if splits {
            cut = end;
        }
        for judged in judged {
            judged.spans.retain_mut(|(range, _)| {
                range.start = range.start.max(decided);
                if splits {
                    range.end = range.end.min(cut);
                }
                range.start < range.end && range.start < cut
            });
        }
        self.base + cut
    }

    /// Decides the text up to an offset, with what is replaced in [`text`](Self::text).
    pub(super) fn decide(&mut self, to: usize, spans: Vec<Replacement>) {
        self.decided = to;
        let whole = spans.into_iter().map(|mut span| {
            span.range = span.range.start + self.base..span.range.end + self.base;
            span
        });
        self.redactions.extend(whole);
    }

    /// Returns a part that is decided as it is to be sent, and keeps `context` characters before
    /// its end.
    pub(super) fn release(&mut self, part: &Range<usize>, context: usize) -> String {
        let mut sent = String::new();
        let mut position = part.start;
        for redaction in &self.redactions {
            let range = &redaction.range;
            if range.end <= part.start || part.end <= range.start {
                continue;
            }
            if position < range.start {
                sent.push_str(&self.text[position - self.base..range.start - self.base]);
            }
            // What covers several parts is replaced in the first.
            if part.start <= range.start {
                sent.push_str(&redaction.marker);
            }
            position = range.end.min(part.end);
        }
        sent.push_str(&self.text[position - self.base..part.end - self.base]);
        self.forget(part.end, context);
        sent
    }

    fn forget(&mut self, sent: usize, context: usize) {
        self.redactions.retain(|r| r.range.end > sent);
        let before = &self.text[..sent - self.base];
        let from = before.char_indices().rev().nth(context);
        let Some((from, _)) = from else {
            return;
        };
        self.text.drain(..from);
        self.base += from;
    }
}

#[cfg(test)]
mod tests {
    use super::JudgedText;
    use kt_policy::{Judged, MarkerKind, NumberRedaction, Replacement};

    /// Finds a word, as a guard does.
    fn find(text: &str, word: &str) -> Judged {
        let found = text.match_indices(word);
        Judged {
            spans: found
                .map(|(at, _)| (at..at + word.len(), "W".to_owned()))
                .collect(),
            block: None,
        }
    }

    /// Sends pieces through a text, judging it after each one.
    fn sent(pieces: &[&str], overlap: usize) -> String {
        let mut text = JudgedText::default();
        let mut waiting = Vec::new();
        let mut sent = String::new();
        for (n, piece) in pieces.iter().enumerate() {
            waiting.push(text.push(piece));
            let mut judged = find(text.text(), "secret");
            let ended = n + 1 == pieces.len();
            let to = text.limit(&mut [&mut judged], (overlap, 10_000), ended);
            let replacement = |(range, _)| Replacement {
                range,
                marker: "[W]".to_owned(),
                numbers: NumberRedaction::Marker,
                kind: MarkerKind::Plain,
            };
            text.decide(to, judged.spans.into_iter().map(replacement).collect());
            while let Some(part) = waiting.first().filter(|part| part.end <= text.decided()) {
                let part = part.clone();
                waiting.remove(0);
                sent.push_str(&text.release(&part, 3));
            }
        }
        assert!(waiting.is_empty());
        sent
    }

    #[test]
    fn a_word_is_redacted_however_the_text_is_split() {
        let text = "é the secret, and secretsecret: a secret";
        let expected = "é the [W], and [W][W]: a [W]";
        let cuts: Vec<usize> = text.char_indices().map(|(at, _)| at).collect();
        for first in &cuts {
            for second in cuts.iter().filter(|second| *second >= first) {
                let pieces = [&text[..*first], &text[*first..*second], &text[*second..]];
                assert_eq!(sent(&pieces, 6), expected, "{pieces:?}");
            }
        }
        let single: Vec<&str> = cuts
            .iter()
            .map(|at| {
                let length = text[*at..].chars().next().map_or(0, char::len_utf8);
                &text[*at..*at + length]
            })
            .collect();
        assert_eq!(sent(&single, 6), expected);
    }

    #[test]
    fn text_that_is_found_as_a_whole_does_not_pile_up() {
        let mut text = JudgedText::default();
        let mut sent = String::new();
        for n in 1..=100 {
            let part = text.push("0123456789");
            let mut judged = Judged {
                spans: vec![(0..text.text().len(), "W".to_owned())],
                block: None,
            };
            let to = text.limit(&mut [&mut judged], (20, 200), n == 100);
            let replacement = |(range, _)| Replacement {
                range,
                marker: "[W]".to_owned(),
                numbers: NumberRedaction::Marker,
                kind: MarkerKind::Plain,
            };
            text.decide(to, judged.spans.into_iter().map(replacement).collect());
            assert!(text.open_bytes() <= 210, "{}", text.open_bytes());
            if part.end <= text.decided() {
                sent.push_str(&text.release(&(0..part.end), 0));
            }
        }
        assert!(!sent.contains(|c: char| c.is_ascii_digit()), "{sent}");
    }

    #[test]
    fn the_rest_of_what_began_in_sent_text_is_redacted() {
        // An overlap shorter than the word: its beginning has left.
        let single: Vec<&str> = "a secret.".split_inclusive("").collect();
        let sent = sent(&single, 2);
        assert!(!sent.contains("secret"), "{sent}");
        assert!(sent.ends_with('.'), "{sent}");
    }
}
