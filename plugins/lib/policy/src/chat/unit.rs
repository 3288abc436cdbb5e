//! The texts of a document as the chain judges them, each with the way back to
//! the bytes it came from.

use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap, HashSet};
use std::ops::Range;
use std::rc::Rc;

use super::data_url::{self, DataText, encode_base64};
use super::encoding::{entity_decode, percent_decode};
use super::origin::{Form, Origin};
use super::protocol::{Direction, Role, is_protocol_number, role_of};
use crate::chain::{MarkerKind, Replacement};
use crate::json::{Edit, OffsetMap, Scalar, ScalarKind, Segment, apply_edits, scalars, unescape};

/// How deep JSON inside strings of JSON is read.
const MAX_NESTED: usize = 3;
/// Shortest number that is judged, in bytes: no shorter one is personal data
/// without a word that announces it.
pub(super) const MIN_NUMBER: usize = 9;

/// A text that is judged.
pub(super) struct Unit {
    /// Index of the message that it belongs to.
    pub(super) message: Option<usize>,
    pub(super) text: String,
    /// The key of a value of JSON in a text; empty for other texts.
    pub(super) label: Rc<str>,
    parts: Vec<(Range<usize>, Rc<Origin>)>,
    /// For a part of the content of a message, which is read joined with the others: the index
    /// of the message, or of the choice.
    part: Option<usize>,
    is_key: bool,
}

/// Members of parts that are not text, such as those of an image.
const BESIDE_TEXT: [&str; 7] = [
    "type",
    "url",
    "image_url",
    "detail",
    "filename",
    "file_data",
    "data",
];

/// The texts of a document.
#[derive(Default)]
pub(super) struct Units {
    /// Each text by itself.
    pub(super) single: Vec<Unit>,
    /// The same texts in other readings: joined, or without escapes.
    pub(super) readings: Vec<Unit>,
    /// Texts for which only what they ask for matters, not what is in them.
    pub(super) gists: Vec<Unit>,
    /// The keys of the document.
    names: Vec<Rc<str>>,
    /// The same and those that were redacted, to keep these unique; made for the first of them.
    keys: Option<HashSet<String>>,
    /// The keys with placeholders, by what they become.
    numbered_keys: HashMap<String, String>,
    /// The next number of a redacted key that occurs more than once.
    numbers: HashMap<String, usize>,
    direction: Direction,
}

impl Units {
    /// Takes the texts of a document out of its scalars.
    pub(super) fn of(scalars: &[Scalar<'_>], direction: Direction) -> Self {
        let mut units = Self {
            direction,
            ..Self::default()
        };
        for scalar in scalars {
            units.add(scalar, None, 0, None);
        }
        units.join_parts();
        units
    }

    fn add(
        &mut self,
        scalar: &Scalar<'_>,
        parent: Option<&Rc<Origin>>,
        depth: usize,
        message: Option<usize>,
    ) {
        // Only the outer document is a chat completion; inside a string every
        // key may be anybody's.
        let outer = parent.is_none();
        let message = message.or_else(|| message_of(&scalar.path));
        let part = match scalar.kind {
            ScalarKind::String if outer => part_of(&scalar.path),
            _ => None,
        };
        let (form, role) = match scalar.kind {
            ScalarKind::Key => {
                if let Some(Segment::Key(key)) = scalar.path.last() {
                    self.names.push(Rc::clone(key));
                }
                let plain = scalar
                    .text
                    .bytes()
                    .all(|b| b.is_ascii_lowercase() || b == b'_');
                if plain {
                    return;
                }
                (Form::String, Role::Text)
            }
            ScalarKind::Number => {
                let is_protocol = outer && is_protocol_number(&scalar.path, self.direction);
                if scalar.text.len() < MIN_NUMBER || is_protocol {
                    return;
                }
                (Form::Number, Role::Text)
            }
            ScalarKind::String if outer => (Form::String, role_of(&scalar.path, &scalar.text)),
            ScalarKind::String => (Form::String, Role::Text),
        };
        if role == Role::Protocol || scalar.text.is_empty() {
            return;
        }
        let origin = Rc::new(Origin {
            form,
            map: scalar.map.clone(),
            range: scalar.range.clone(),
            parent: parent.cloned(),
            rewrite: role == Role::Text,
        });
        let label = match scalar.path.last() {
            Some(Segment::Key(key)) if !outer && scalar.kind != ScalarKind::Key => Rc::clone(key),
            _ => Rc::default(),
        };
        if scalar.kind == ScalarKind::String {
            if self.add_data_url(&scalar.text, &origin, message) {
                return;
            }
            if depth < MAX_NESTED && self.add_nested(&scalar.text, &origin, depth, message) {
                return;
            }
            self.add_decoded(&scalar.text, &origin, message);
        }
        self.single.push(Unit {
            message,
            text: scalar.text.to_string(),
            label,
            parts: vec![(0..scalar.text.len(), origin)],
            part,
            is_key: scalar.kind == ScalarKind::Key,
        });
    }

    /// Reads a text that is JSON itself; `false` when it is not.
    fn add_nested(
        &mut self,
        text: &str,
        origin: &Rc<Origin>,
        depth: usize,
        message: Option<usize>,
    ) -> bool {
        if !text.trim_start().starts_with(['{', '[', '"']) {
            return false;
        }
        let Ok(inner) = scalars(text) else {
            return false;
        };
        let first = self.single.len();
        for scalar in &inner {
            self.add(scalar, Some(origin), depth + 1, message);
        }
        // An attack may be spread over several values.
        let texts: Vec<&str> = self.single[first..].iter().map(|u| &*u.text).collect();
        if texts.len() > 1 {
            self.gists.push(Unit {
                message,
                text: texts.join("\n"),
                label: Rc::default(),
                parts: Vec::new(),
                part: None,
                is_key: false,
            });
        }
        true
    }

    /// Adds the readings of a text without the escapes of JSON, of URLs and of HTML, if it has any.
    fn add_decoded(&mut self, text: &str, origin: &Rc<Origin>, message: Option<usize>) {
        let unescaped = match unescape(text) {
            (Cow::Owned(unescaped), map) if unescaped != text => Some((unescaped, map)),
            _ => None,
        };
        let readings = [unescaped, percent_decode(text), entity_decode(text)];
        for (decoded, map) in readings.into_iter().flatten() {
            let origin = Origin {
                form: Form::Unescaped,
                map,
                range: 0..text.len(),
                parent: Some(Rc::clone(origin)),
                rewrite: origin.rewrite,
            };
            self.readings.push(Unit {
                message,
                parts: vec![(0..decoded.len(), Rc::new(origin))],
                text: decoded,
                label: Rc::default(),
                part: None,
                is_key: false,
            });
        }
    }

    /// Reads the text of a `data:` URL; `false` when the URL itself is text as well.
    fn add_data_url(&mut self, url: &str, origin: &Rc<Origin>, message: Option<usize>) -> bool {
        let (text, start, form, map) = match data_url::decode(url) {
            None => return false,
            Some(DataText::Percent { text, start, map }) => (text, start, Form::Percent, map),
            Some(DataText::Base64 { text, start }) => {
                let form = Form::Base64(text.clone());
                (text, start, form, OffsetMap::default())
            }
        };
        let is_whole = matches!(form, Form::Base64(_));
        if is_whole {
            self.single.push(Unit {
                message,
                text: url[..start].to_owned(),
                label: Rc::default(),
                parts: vec![(0..start, Rc::clone(origin))],
                part: None,
                is_key: false,
            });
        }
        let origin = Origin {
            form,
            map,
            range: start..url.len(),
            parent: Some(Rc::clone(origin)),
            rewrite: origin.rewrite,
        };
        let unit = Unit {
            message,
            parts: vec![(0..text.len(), Rc::new(origin))],
            text,
            label: Rc::default(),
            part: None,
            is_key: false,
        };
        if is_whole {
            self.single.push(unit);
        } else {
            self.readings.push(unit);
        }
        is_whole
    }

    /// Adds the parts of each message joined: a text that is split into parts is the same text
    /// to the model, whatever stands between them, and whether they end with a blank or not.
    fn join_parts(&mut self) {
        let mut joined = self.joined_parts("");
        let blank = |text: &str| text.contains(|c: char| c.is_whitespace());
        let spaced = self.joined_parts(" ").into_iter();
        // Words that end with a blank are the same words with another one.
        joined.extend(spaced.filter(|unit| {
            let text = &unit.text;
            unit.parts.windows(2).any(|pair| {
                let (end, start) = (pair[0].0.end, pair[1].0.start);
                end < start && !blank(&text[text.floor_char_boundary(end.saturating_sub(1))..end])
            })
        }));
        self.readings.extend(joined);
    }

    /// Returns the parts of each message that has several, joined by a text.
    fn joined_parts(&self, between: &str) -> Vec<Unit> {
        let mut joined: BTreeMap<usize, Unit> = BTreeMap::new();
        for unit in &self.single {
            let Some(owner) = unit.part else {
                continue;
            };
            let whole = joined.entry(owner).or_insert_with(|| Unit {
                message: unit.message,
                text: String::new(),
                label: Rc::default(),
                parts: Vec::new(),
                part: None,
                is_key: false,
            });
            if !whole.text.is_empty() {
                whole.text.push_str(between);
            }
            let start = whole.text.len();
            whole.text.push_str(&unit.text);
            for (range, origin) in &unit.parts {
                let range = range.start + start..range.end + start;
                whole.parts.push((range, Rc::clone(origin)));
            }
        }
        let joined = joined.into_values();
        joined.filter(|unit| unit.parts.len() > 1).collect()
    }

    /// Returns the edits of the document that put `spans` of a unit in place.
    pub(super) fn edits(&mut self, unit: &Unit, spans: &[Replacement]) -> Vec<Edit> {
        let mut edits = Vec::new();
        if let [(_, origin)] = unit.parts.as_slice()
            && let Form::Base64(text) = &origin.form
        {
            let text = encode_base64(&replace_spans(text, spans));
            return origin.whole(text).into_iter().collect();
        }
        for (index, replacement) in spans.iter().enumerate() {
            let mut replacement = replacement.clone();
            if unit.is_key && index == 0 {
                replacement.marker = self.unique(unit, spans, &replacement);
            }
            let span = &replacement.range;
            for (part, origin) in unit.parts_of(span) {
                let start = span.start.max(part.start) - part.start;
                let end = span.end.min(part.end) - part.start;
                let is_number = matches!(origin.form, Form::Number);
                let text = match () {
                    // What covers several parts is replaced in the first.
                    () if span.start < part.start => String::new(),
                    () if is_number => replacement.number(),
                    () => replacement.marker.clone(),
                };
                edits.extend(origin.edit(start..end, text));
            }
        }
        edits
    }

    /// A marker with which the key stays different from all others.
    fn unique(&mut self, unit: &Unit, spans: &[Replacement], first: &Replacement) -> String {
        let marker = &first.marker;
        let rest = |marker: &str| {
            let mut spans = spans.to_vec();
            if let Some(first) = spans.first_mut() {
                marker.clone_into(&mut first.marker);
            }
            replace_spans(&unit.text, &spans)
        };
        let key = rest(marker);
        if first.kind != MarkerKind::Plain && self.takes_numbered(&key, unit) {
            return marker.clone();
        }
        // From the number after the last one: thousands of keys may become the same.
        let mut number = self.numbers.get(&key).copied().unwrap_or(1);
        let mut candidate = marker.to_owned();
        if number > 1 {
            candidate = format!("{marker}_{number}");
        }
        while !self.take_key(rest(&candidate)) {
            number += 1;
            candidate = format!("{marker}_{number}");
        }
        self.numbers.insert(key, number + 1);
        candidate
    }

    /// Takes a key; returns whether it was free.
    fn take_key(&mut self, key: String) -> bool {
        let names = self.names.iter();
        let keys = self
            .keys
            .get_or_insert_with(|| names.map(ToString::to_string).collect());
        keys.insert(key)
    }

    /// Whether a key with placeholders can become `key`: the same value has the same
    /// placeholder, so that only a key that the document already has can be in the way.
    fn takes_numbered(&mut self, key: &str, unit: &Unit) -> bool {
        if let Some(original) = self.numbered_keys.get(key) {
            return *original == unit.text;
        }
        let is_free = self.take_key(key.to_owned());
        if is_free {
            self.numbered_keys.insert(key.to_owned(), unit.text.clone());
        }
        is_free
    }

    /// Returns every text.
    pub(super) fn texts(&self) -> impl Iterator<Item = &str> {
        let units = self.single.iter().chain(&self.readings);
        units.map(|unit| unit.text.as_str())
    }
}

impl Unit {
    /// Returns the parts that a range of the text reaches into; they are in order.
    fn parts_of(&self, range: &Range<usize>) -> impl Iterator<Item = &(Range<usize>, Rc<Origin>)> {
        let first = self
            .parts
            .partition_point(|(part, _)| part.end <= range.start);
        let end = range.end;
        let parts = self.parts[first..].iter();
        parts.take_while(move |(part, _)| part.start < end)
    }

    /// Returns where a range of the text begins in the document; `None` if it cannot be changed.
    pub(super) fn position(&self, range: &Range<usize>) -> Option<usize> {
        let (part, origin) = self.parts_of(range).next()?;
        let start = range.start.max(part.start) - part.start;
        let end = range.end.min(part.end) - part.start;
        let edit = origin.edit(start..end, String::new())?;
        Some(edit.range.start)
    }

    /// Returns what is replaced with a range of the text: of a number all of it.
    pub(super) fn value(&self, range: &Range<usize>) -> &str {
        let is_number =
            matches!(self.parts.as_slice(), [(_, origin)] if matches!(origin.form, Form::Number));
        if is_number {
            return &self.text;
        }
        self.text.get(range.clone()).unwrap_or_default()
    }
}

fn replace_spans(text: &str, spans: &[Replacement]) -> String {
    let edit = |replacement: &Replacement| Edit {
        range: replacement.range.clone(),
        text: replacement.marker.clone(),
    };
    apply_edits(text, spans.iter().map(edit).collect())
}

/// The index of the message that a value belongs to.
fn message_of(path: &[Segment]) -> Option<usize> {
    match path {
        [Segment::Key(first), Segment::Index(index), ..] if &**first == "messages" => Some(*index),
        _ => None,
    }
}

/// The index of the message, or of the choice, whose content has a value as text.
fn part_of(path: &[Segment]) -> Option<usize> {
    let (owner, content) = match path {
        [Segment::Key(first), Segment::Index(owner), content @ ..] if &**first == "messages" => {
            (owner, content)
        }
        [
            Segment::Key(first),
            Segment::Index(owner),
            Segment::Key(message),
            content @ ..,
        ] if &**first == "choices" && &**message == "message" => (owner, content),
        _ => return None,
    };
    let [Segment::Key(key), Segment::Index(_), part @ ..] = content else {
        return None;
    };
    let is_text =
        !matches!(part.last(), Some(Segment::Key(last)) if BESIDE_TEXT.contains(&&**last));
    (&**key == "content" && is_text).then_some(*owner)
}
