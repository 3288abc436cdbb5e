//! The texts of a document as the chain judges them.

use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap, HashSet};
use std::ops::Range;
use std::rc::Rc;

use super::number::integer_of;
use super::origin::{Form, Origin};
use super::plain_keys::{PlainKeys, is_plain};
use super::protocol::{Direction, Role, is_protocol_number, role_of};
use super::unit::{Part, Parts, Unit};
use crate::json::{JsonError, Scalar, ScalarKind, Segment, each_scalar, each_scalar_except};

/// How deep JSON inside strings of JSON is read.
const MAX_NESTED: usize = 3;
/// Shortest number that is judged, in bytes: no shorter one is personal data
/// without a word that announces it.
pub(super) const MIN_NUMBER: usize = 9;

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
pub(super) struct Units<'d> {
    /// Each text by itself.
    pub(super) single: Vec<Unit<'d>>,
    /// The same texts in other readings: joined, or without escapes.
    pub(super) readings: Vec<Unit<'d>>,
    /// Texts for which only what they ask for matters, not what is in them.
    pub(super) gists: Vec<Unit<'d>>,
    /// The roles of the messages, by their index, in order.
    pub(super) roles: Vec<(usize, Cow<'d, str>)>,
    /// All the texts, if only some of them are judged.
    others: Option<Box<Self>>,
    /// The keys of the document.
    pub(super) names: Vec<Cow<'d, str>>,
    /// Those of JSON in its texts, one behind the other, and where each ends.
    nested_names: (String, Vec<usize>),
    /// The same and those that were redacted, to keep these unique; made for the first of them.
    pub(super) keys: Option<HashSet<String>>,
    /// The keys with placeholders, by what they become.
    pub(super) numbered_keys: HashMap<String, String>,
    /// The next number of a redacted key that occurs more than once.
    pub(super) numbers: HashMap<String, usize>,
    direction: Direction,
    pub(super) plain_keys: PlainKeys,
}

impl<'d> Units<'d> {
    /// Takes the texts of a document.
    ///
    /// # Errors
    /// When it is not JSON that every reader reads alike.
    pub(super) fn of(document: &'d str, direction: Direction) -> Result<Self, JsonError> {
        Self::filtered(document, direction, &[], |_| true)
    }

    /// Takes the texts of the scalars of some kinds, without those of the values that stand at
    /// `known`, of which the document consists besides; each key too, if `finds` says so of the
    /// plain ones.
    ///
    /// # Errors
    /// As [`Units::of`].
    pub(super) fn with_keys(
        document: &'d str,
        direction: Direction,
        known: &[Range<usize>],
        takes: impl Fn(ScalarKind) -> bool,
        finds: impl Fn(&[(&str, &str)]) -> bool,
    ) -> Result<Self, JsonError> {
        let units = Self::filtered(document, direction, known, &takes)?;
        let texts: Vec<(&str, &str)> = units.plain_keys.texts().map(|text| (text, "")).collect();
        if texts.is_empty() || !finds(&texts) {
            return Ok(units);
        }
        let units = Self {
            direction,
            plain_keys: PlainKeys::units(),
            ..Self::default()
        };
        units.taken(document, known, takes)
    }

    fn filtered(
        document: &'d str,
        direction: Direction,
        known: &[Range<usize>],
        takes: impl Fn(ScalarKind) -> bool,
    ) -> Result<Self, JsonError> {
        let units = Self {
            direction,
            ..Self::default()
        };
        units.taken(document, known, takes)
    }

    fn taken(
        mut self,
        document: &'d str,
        known: &[Range<usize>],
        takes: impl Fn(ScalarKind) -> bool,
    ) -> Result<Self, JsonError> {
        let units = &mut self;
        each_scalar_except(document, known, |scalar| {
            if !takes(scalar.kind) {
                return;
            }
            if let Some(Segment::Key(key)) = scalar.path.last()
                && scalar.kind == ScalarKind::Key
            {
                units.names.push(key.clone());
            }
            if scalar.kind == ScalarKind::String
                && let Some(message) = message_with_role(scalar.path)
            {
                units.roles.push((message, scalar.text.clone()));
            }
            let context = Context {
                parent: None,
                depth: 0,
                message: message_of(scalar.path),
            };
            if let Some(unit) = units.unit_of(scalar, &context) {
                units.single.push(unit);
            }
        })?;
        units.join_parts();
        Ok(self)
    }

    /// Returns the text of a scalar, unless its parts were added instead; adds its other readings.
    fn unit_of<'s>(
        &mut self,
        mut scalar: Scalar<'s, '_>,
        context: &Context<'_>,
    ) -> Option<Unit<'s>> {
        // Only the outer document is a chat completion; inside a string every
        // key may be anybody's.
        let outer = context.parent.is_none();
        let part = match scalar.kind {
            ScalarKind::String if outer => part_of(scalar.path),
            _ => None,
        };
        let (form, role) = match scalar.kind {
            ScalarKind::Key => {
                if is_plain(&scalar.text) {
                    self.plain_keys.add(context.message, &scalar.text);
                    if !self.plain_keys.are_units {
                        return None;
                    }
                }
                (Form::String, Role::Text)
            }
            ScalarKind::Number => {
                let is_short = scalar.text.len() < MIN_NUMBER;
                let digits = scalar.text.len();
                if is_short || (outer && is_protocol_number(scalar.path, digits, self.direction)) {
                    return None;
                }
                if let Some(integer) = integer_of(&scalar.text) {
                    scalar.text = integer.into();
                }
                (Form::Number, Role::Text)
            }
            ScalarKind::String if outer => (Form::String, role_of(scalar.path, &scalar.text)),
            ScalarKind::String => (Form::String, Role::Text),
        };
        if role == Role::Protocol || scalar.text.is_empty() {
            return None;
        }
        let label = match scalar.path.last() {
            Some(Segment::Key(key)) if !outer && scalar.kind != ScalarKind::Key => {
                Box::from(&**key)
            }
            _ => Box::default(),
        };
        let message = context.message;
        let text = scalar.text;
        let origin = Rc::new(Origin {
            form,
            map: scalar.map,
            range: scalar.range,
            parent: context.parent.cloned(),
            rewrite: role != Role::Name,
        });
        if scalar.kind == ScalarKind::String {
            if self.add_data_url(&text, &origin, message) {
                return None;
            }
            if self.add_nested(&text, &origin, context) {
                return None;
            }
            self.add_decoded(&text, &origin, message);
        }
        let parts = Parts::One((0..text.len(), origin));
        Some(Unit {
            label,
            part: part.filter(|_| role != Role::Word),
            is_key: scalar.kind == ScalarKind::Key,
            is_decoded: role == Role::Word,
            ..Unit::new(message, text, parts)
        })
    }

    /// Reads a text that is JSON itself; `false` when it is not.
    fn add_nested(&mut self, text: &str, origin: &Rc<Origin>, context: &Context<'_>) -> bool {
        let begins = text.trim_start().starts_with(['{', '[', '"']);
        if !begins || context.depth >= MAX_NESTED {
            return false;
        }
        let message = context.message;
        let inner = Context {
            parent: Some(origin),
            depth: context.depth + 1,
            message,
        };
        let before = (self.single.len(), self.readings.len());
        let others = (self.gists.len(), self.nested_names.1.len());
        let read = each_scalar(text, |scalar| {
            if let Some(Segment::Key(key)) = scalar.path.last()
                && scalar.kind == ScalarKind::Key
            {
                let (names, ends) = &mut self.nested_names;
                names.push_str(key);
                ends.push(names.len());
            }
            if let Some(unit) = self.unit_of(scalar, &inner) {
                self.single.push(unit.into_owned());
            }
        });
        if read.is_err() {
            self.single.truncate(before.0);
            self.readings.truncate(before.1);
            self.gists.truncate(others.0);
            let (names, ends) = &mut self.nested_names;
            ends.truncate(others.1);
            names.truncate(ends.last().copied().unwrap_or_default());
            return false;
        }
        // An attack may be spread over several values, with or without their keys.
        let has_keys = self.single[before.0..].iter().any(|unit| unit.is_key);
        for with_keys in [true, false] {
            let units = self.single[before.0..].iter();
            let units = units.filter(|unit| with_keys || !unit.is_key);
            let texts: Vec<&str> = units.map(|unit| &*unit.text).collect();
            if texts.len() > 1 && (with_keys || has_keys) {
                let text = texts.join("\n");
                let parts = Parts::Several(Vec::new());
                self.gists.push(Unit::new(message, text, parts));
            }
        }
        true
    }

    /// Adds the plain keys to the texts that may ask for something: one a line, they may be words of
    /// an attack.
    pub(super) fn add_key_gists(&mut self) {
        let texts = self.plain_keys.take_sentences().into_iter();
        let gist = |(message, text)| Unit::new(message, text, Parts::Several(Vec::new()));
        self.gists.extend(texts.map(gist));
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
            unit.parts.as_slice().windows(2).any(|pair| {
                let (end, start) = (pair[0].0.end, pair[1].0.start);
                end < start && !blank(&text[text.floor_char_boundary(end.saturating_sub(1))..end])
            })
        }));
        self.readings.extend(joined);
    }

    /// Returns the parts of each message that has several, joined by a text.
    fn joined_parts(&self, between: &str) -> Vec<Unit<'d>> {
        let mut joined: BTreeMap<usize, (Option<usize>, String, Vec<Part>)> = BTreeMap::new();
        for unit in &self.single {
            let Some(owner) = unit.part else {
                continue;
            };
            let empty = || (unit.message, String::new(), Vec::new());
            let (_, text, parts) = joined.entry(owner).or_insert_with(empty);
            if !text.is_empty() {
                text.push_str(between);
            }
            let start = text.len();
            text.push_str(&unit.text);
            for (range, origin) in unit.parts.as_slice() {
                let range = range.start + start..range.end + start;
                parts.push((range, Rc::clone(origin)));
            }
        }
        let joined = joined.into_values();
        let joined = joined.filter(|(_, _, parts)| parts.len() > 1);
        let whole = |(message, text, parts)| Unit::new(message, text, Parts::Several(parts));
        joined.map(whole).collect()
    }

    /// Adds those that are not judged, beside which markers must be unique.
    pub(super) fn set_others(&mut self, all: Self) {
        self.others = Some(Box::new(all));
    }

    fn all(&self) -> &Self {
        self.others.as_deref().unwrap_or(self)
    }

    /// Returns every key.
    pub(super) fn all_names(&self) -> impl Iterator<Item = &str> {
        let all = self.all();
        let (names, ends) = &all.nested_names;
        let starts = std::iter::once(0).chain(ends.iter().copied());
        let nested = starts.zip(ends).map(|(start, end)| &names[start..*end]);
        all.names.iter().map(|name| &**name).chain(nested)
    }

    /// Returns every text.
    pub(super) fn texts(&self) -> impl Iterator<Item = &str> {
        let all = self.all();
        let units = all.single.iter().chain(&all.readings);
        units.map(|unit| &*unit.text)
    }
}

/// Where a text stands.
struct Context<'o> {
    /// The text that it is in.
    parent: Option<&'o Rc<Origin>>,
    /// In how many such texts.
    depth: usize,
    message: Option<usize>,
}

/// The index of the message whose role stands at a path.
fn message_with_role(path: &[Segment<'_>]) -> Option<usize> {
    match path {
        [
            Segment::Key(first),
            Segment::Index(index),
            Segment::Key(key),
        ] if &**first == "messages" && &**key == "role" => Some(*index),
        _ => None,
    }
}

/// The index of the message that a value belongs to.
fn message_of(path: &[Segment<'_>]) -> Option<usize> {
    match path {
        [Segment::Key(first), Segment::Index(index), ..] if &**first == "messages" => Some(*index),
        _ => None,
    }
}

/// The index of the message, or of the choice, whose content has a value as text.
fn part_of(path: &[Segment<'_>]) -> Option<usize> {
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
