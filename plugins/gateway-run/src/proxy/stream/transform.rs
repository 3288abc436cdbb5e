//! Transforming the events of a stream.
//!
//! Text is held back only while it could still become a match, each text apart from the others:
//! what is held of it leaves before the end of its tool call or of its choice. Another field
//! does not release it, because the text may continue after that.
//! Fields of the protocol are never held. An event that nothing changes is forwarded
//! with the same data, byte for byte.

use super::super::json_edit;
use super::super::json_text;
use super::super::response_filters::{FilterError, ResponseFilters};
use super::super::restoration::Restoration;
use super::super::text_field::{FieldKind, Segment, TextField, text_fields, without_logprobs};
use super::chunk::{generated_chunk, write_event, written};
use super::outline::{self, Outline};
use super::shape::{Shape, ShapedText};
use super::stream_error::StreamError;
use super::tool_names::ToolNames;
use serde_json::{Map, Value};
use std::collections::{BTreeMap, BTreeSet};

/// The last event of a stream.
pub(super) const DONE: &str = "[DONE]";

/// The reason of an event that is not JSON.
const NOT_JSON: &str = "an event of the upstream is not JSON";

/// The maximum number of choices; OpenAI's `n` has the same limit.
const MAX_CHOICES: usize = 128;

/// Events without the shape of an earlier one, after which none is looked for.
const MAX_MISSES: u32 = 32;

/// Members of a chunk that generated chunks repeat.
const TEMPLATE_KEYS: [&str; 6] = [
    "id",
    "object",
    "created",
    "model",
    "system_fingerprint",
    "service_tier",
];

/// Transforms the events of one stream.
pub(super) struct Transformer {
    filters: Option<ResponseFilters>,
    restoration: Option<Restoration>,
    /// Whether the usage at the end was requested by the gateway only.
    hide_usage: bool,
    template: Map<String, Value>,
    choices: BTreeMap<u64, Choice>,
    /// Prompt and completion tokens.
    usage: Option<(u64, u64)>,
    has_content: bool,
    /// Whether a text had the half of a pair of surrogates.
    has_halves: bool,
    /// Whether a pause could release text.
    awaits_pause: bool,
    /// The last event, if others may differ from it in its text only.
    shape: Option<Shape>,
    /// Events since one had the shape of an earlier one.
    misses: u32,
}

#[derive(Default)]
struct Choice {
    finished: bool,
    /// Texts that have begun, with their paths.
    open: BTreeMap<String, Vec<Segment>>,
    names: ToolNames,
}

impl Transformer {
    pub(super) fn new(filters: Option<ResponseFilters>, hide_usage: bool) -> Self {
        Self {
            filters,
            restoration: None,
            hide_usage,
            template: Map::new(),
            choices: BTreeMap::new(),
            usage: None,
            has_content: false,
            has_halves: false,
            awaits_pause: false,
            shape: None,
            misses: 0,
        }
    }

    /// Restores values of the request in the texts, after the filters.
    pub(super) fn restore(&mut self, restoration: Restoration) {
        self.restoration = Some(restoration);
    }

    /// Returns how many placeholders were restored.
    pub(super) fn restored(&self) -> usize {
        self.restoration.as_ref().map_or(0, Restoration::count)
    }

    /// Whether the output has more than the role: text, a tool call, or an end.
    pub(super) fn has_content(&self) -> bool {
        self.has_content
    }

    /// Whether every choice has finished.
    pub(super) fn is_complete(&self) -> bool {
        !self.choices.is_empty() && self.choices.values().all(|choice| choice.finished)
    }

    /// Returns the prompt and completion tokens that the upstream has reported.
    pub(super) fn usage(&self) -> Option<(u64, u64)> {
        self.usage
    }

    pub(super) fn filters(&mut self) -> Option<&mut ResponseFilters> {
        self.filters.as_mut()
    }

    /// Returns the text of an event at the beginning of `bytes`, if it differs from an earlier one
    /// in nothing else: then only its text is to be filtered.
    pub(super) fn shaped<'b>(&self, bytes: &'b [u8]) -> Option<ShapedText<'b>> {
        self.shape.as_ref()?.read(bytes)
    }

    /// Filters the text of such an event; returns the inside of its string if it changes.
    ///
    /// # Errors
    /// When the stream ends here.
    pub(super) fn shaped_text(&mut self, text: &str) -> Result<Option<String>, StreamError> {
        self.misses = 0;
        let channel = self.shape.as_ref().and_then(Shape::channel);
        let (Some(channel), Some(filters)) = (channel, &mut self.filters) else {
            self.has_content = true;
            return Ok(None);
        };
        if text.is_empty() {
            return Ok(None);
        }
        let mut released = filters.push(channel, text)?;
        self.awaits_pause = filters.is_holding();
        if let Some(restoration) = &mut self.restoration {
            released = restoration.push_more(channel, released);
        }
        self.has_content |= !released.is_empty();
        Ok((released != text).then(|| {
            let string = Value::String(released).to_string();
            string[1..string.len() - 1].to_owned()
        }))
    }

    /// Transforms an event, and appends the result to `out`.
    ///
    /// # Errors
    /// When the stream ends here.
    pub(super) fn event(&mut self, data: &str, out: &mut Vec<u8>) -> Result<(), StreamError> {
        self.shape = None;
        self.misses = self.misses.saturating_add(1);
        let Ok(outline) = Outline::read(data) else {
            if self.filters.is_some() {
                return Err(StreamError::Malformed(NOT_JSON));
            }
            self.has_content = true;
            write_event(out, data);
            return Ok(());
        };
        if outline.is_error {
            let document = json_text::parse(data).unwrap_or_default();
            return Err(StreamError::Upstream(document));
        }
        // Some hosts send the cumulative usage with every chunk: the last one counts.
        self.usage = outline.usage.or(self.usage);
        if self.hide_usage && outline.is_usage_only {
            return Ok(());
        }
        let finished = self.note_choices(&outline.choices)?;
        self.has_content |= !finished.is_empty();
        let has_shape = finished.is_empty()
            && outline.usage.is_none()
            && outline.choices.len() == 1
            && self.misses < MAX_MISSES;
        let Some(mut filters) = self.filters.take() else {
            self.has_content = true;
            if has_shape {
                self.shape = Shape::of_content(data);
            }
            write_event(out, data);
            return Ok(());
        };
        let result = self.filter(&mut filters, data, &finished, out);
        let result = result.map(|shape| self.shape = shape.filter(|_| has_shape));
        self.awaits_pause = filters.is_holding();
        self.filters = Some(filters);
        result
    }

    /// Whether a pause of the upstream could release text.
    pub(super) fn awaits_pause(&self) -> bool {
        self.awaits_pause
    }

    /// Releases what need not wait any longer, because the upstream has paused.
    ///
    /// # Errors
    /// When a policy blocks it.
    pub(super) fn pause(&mut self, out: &mut Vec<u8>) -> Result<(), StreamError> {
        self.awaits_pause = false;
        let Some(mut filters) = self.filters.take() else {
            return Ok(());
        };
        let mut open = self.choices.values().flat_map(|choice| &choice.open);
        let result = open.try_for_each(|(channel, path)| {
            let mut text = filters.pause(channel)?;
            if let Some(restoration) = &mut self.restoration {
                text = restoration.push_more(channel, text);
            }
            if text.is_empty() {
                return Ok(());
            }
            self.has_content = true;
            let chunk = generated_chunk(&self.template, path, text);
            write_filtered(&mut filters, &written(chunk, self.has_halves), out)?;
            Ok(())
        });
        self.filters = Some(filters);
        result
    }

    /// Releases what is held back at the end of the stream.
    ///
    /// # Errors
    /// When a policy blocks it.
    pub(super) fn finish(&mut self, out: &mut Vec<u8>) -> Result<(), StreamError> {
        let Some(mut filters) = self.filters.take() else {
            return Ok(());
        };
        let indexes: Vec<u64> = self.choices.keys().copied().collect();
        let result = indexes.into_iter().try_for_each(|index| {
            self.check_names(&filters, index, |_| true)?;
            self.flush(&mut filters, index, |_| true, out)
        });
        self.filters = Some(filters);
        result
    }

    /// Records the choices of a chunk, and returns those that it finishes.
    fn note_choices(&mut self, choices: &[outline::Choice]) -> Result<Vec<u64>, StreamError> {
        let mut finished = Vec::new();
        for choice in choices {
            if self.choices.len() >= MAX_CHOICES && !self.choices.contains_key(&choice.index) {
                return Err(StreamError::Filter(FilterError::TooLarge));
            }
            let state = self.choices.entry(choice.index).or_default();
            if choice.is_finished {
                state.finished = true;
                finished.push(choice.index);
            }
        }
        Ok(finished)
    }

    /// Keeps the members that generated chunks repeat.
    fn keep_template(&mut self, chunk: &Value) {
        let choices = chunk.get("choices").and_then(Value::as_array);
        if choices.is_some_and(|choices| !choices.is_empty()) {
            self.template = TEMPLATE_KEYS
                .iter()
                .filter_map(|key| Some(((*key).to_owned(), chunk.get(key)?.clone())))
                .collect();
        }
    }

    fn filter(
        &mut self,
        filters: &mut ResponseFilters,
        data: &str,
        finished: &[u64],
        out: &mut Vec<u8>,
    ) -> Result<Option<Shape>, StreamError> {
        let (chunk, has_halves) =
            json_text::parse_with_halves(data).map_err(|_| StreamError::Malformed(NOT_JSON))?;
        let chunk = &chunk;
        self.has_halves |= has_halves;
        self.keep_template(chunk);
        let fields = text_fields(chunk);
        self.flush_before(filters, &fields, finished, out)?;
        let mut changed = without_logprobs(chunk);
        let mut has_shape = changed.is_none();
        for field in &fields {
            if field.is_tool_name() {
                self.name_fragment(field)?;
            }
            let text = match field.kind() {
                FieldKind::Protocol => {
                    self.has_content |= field.is_tool_call_id();
                    continue;
                }
                FieldKind::Name => {
                    filters.check(&field.text)?;
                    continue;
                }
                FieldKind::Word => filters.complete(&field.text)?,
                FieldKind::Complete => self.complete(filters, field)?,
                FieldKind::Fragment => self.fragment(filters, field, finished)?,
            };
            self.has_content |= !text.is_empty();
            if text != field.text {
                let changed = changed.get_or_insert_with(|| chunk.clone());
                field.replace(changed, text);
            }
        }
        for index in finished {
            self.check_names(filters, *index, |_| true)?;
        }
        let changed = changed.map(|changed| json_edit::update(data, chunk, &changed));
        let event = changed.map(|event| written(event, self.has_halves));
        has_shape &= !write_filtered(filters, event.as_deref().unwrap_or(data), out)?;
        Ok(has_shape.then(|| Shape::of_text(data, &fields)).flatten())
    }

    fn name_fragment(&mut self, field: &TextField) -> Result<(), StreamError> {
        let choice = self.choices.get_mut(&field.choice().unwrap_or(0));
        let fits = choice.is_none_or(|c| c.names.push(field.channel(), &field.text));
        fits.then_some(())
            .ok_or(StreamError::Filter(FilterError::TooLarge))
    }

    /// Checks the names of tools of a choice that have ended and came in several fragments.
    fn check_names(
        &mut self,
        filters: &ResponseFilters,
        index: u64,
        has_ended: impl Fn(&str) -> bool,
    ) -> Result<(), StreamError> {
        let choice = self.choices.get_mut(&index);
        let names = choice.map(|choice| choice.names.take(has_ended));
        for name in names.unwrap_or_default() {
            filters.check(&name)?;
        }
        Ok(())
    }

    fn complete(
        &mut self,
        filters: &mut ResponseFilters,
        field: &TextField,
    ) -> Result<String, StreamError> {
        let text = filters.complete_of(&field.channel(), &field.text)?;
        Ok(match &mut self.restoration {
            Some(restoration) => restoration.complete(field, text),
            None => text,
        })
    }

    fn fragment(
        &mut self,
        filters: &mut ResponseFilters,
        field: &TextField,
        finished: &[u64],
    ) -> Result<String, StreamError> {
        let channel = field.channel();
        let mut text = if field.is_arguments() {
            filters.push_json(&channel, &field.text)?
        } else {
            filters.push(&channel, &field.text)?
        };
        let index = field.choice().unwrap_or(0);
        let is_finished = finished.contains(&index);
        if is_finished {
            text.push_str(&filters.flush(&channel)?);
        }
        if let Some(restoration) = &mut self.restoration {
            text = restoration.push(field, &channel, text);
            if is_finished {
                text.push_str(&restoration.flush(&channel, String::new()));
            }
        }
        if is_finished {
            return Ok(text);
        }
        // Texts outside of choices are ended as those of the first.
        let choice = self.choices.entry(index).or_default();
        choice.open.insert(channel, field.path.clone());
        Ok(text)
    }

    /// Flushes the texts that end before this chunk, or with it.
    fn flush_before(
        &mut self,
        filters: &mut ResponseFilters,
        fields: &[TextField],
        finished: &[u64],
        out: &mut Vec<u8>,
    ) -> Result<(), StreamError> {
        let mut indexes: Vec<u64> = fields.iter().filter_map(TextField::choice).collect();
        indexes.sort_unstable();
        indexes.dedup();
        for index in indexes {
            let of_choice = || fields.iter().filter(|f| f.choice() == Some(index));
            // A new id begins another call, whatever its index: Gemini gives parallel
            // calls the same one.
            let new_calls: Vec<String> = of_choice()
                .filter(|f| f.is_tool_call_id())
                .map(|f| f.channel().trim_end_matches("id").to_owned())
                .collect();
            let begins_call =
                |channel: &str| new_calls.iter().any(|call| channel.starts_with(call));
            let names: BTreeSet<String> = of_choice()
                .filter(|f| f.is_tool_name())
                .map(TextField::channel)
                .collect();
            let has_ended = |channel: &str| begins_call(channel) || !names.contains(channel);
            self.check_names(filters, index, has_ended)?;
            let is_finished = finished.contains(&index);
            if new_calls.is_empty() && !is_finished {
                continue;
            }
            let fragments: BTreeSet<String> = of_choice()
                .filter(|f| is_finished && f.kind() == FieldKind::Fragment)
                .map(TextField::channel)
                .collect();
            let is_due = |channel: &str| {
                begins_call(channel) || (is_finished && !fragments.contains(channel))
            };
            self.flush(filters, index, is_due, out)?;
            for call in &new_calls {
                filters.end_texts(call);
                if let Some(restoration) = &mut self.restoration {
                    restoration.end_texts(call);
                }
            }
        }
        Ok(())
    }

    /// Writes what is held of the texts of a choice as chunks of their own.
    fn flush(
        &mut self,
        filters: &mut ResponseFilters,
        index: u64,
        is_due: impl Fn(&str) -> bool,
        out: &mut Vec<u8>,
    ) -> Result<(), StreamError> {
        let Some(choice) = self.choices.get_mut(&index) else {
            return Ok(());
        };
        let due: Vec<String> = choice.open.keys().filter(|c| is_due(c)).cloned().collect();
        for channel in due {
            let mut text = filters.flush(&channel)?;
            if let Some(restoration) = &mut self.restoration {
                text = restoration.flush(&channel, text);
            }
            let path = choice.open.remove(&channel);
            if let Some(path) = path.filter(|_| !text.is_empty()) {
                self.has_content = true;
                let chunk = generated_chunk(&self.template, &path, text);
                write_filtered(filters, &written(chunk, self.has_halves), out)?;
            }
        }
        Ok(())
    }
}

/// Appends an event whose strings have been filtered; returns whether its keys or numbers change.
fn write_filtered(
    filters: &mut ResponseFilters,
    event: &str,
    out: &mut Vec<u8>,
) -> Result<bool, StreamError> {
    let changed = filters.keys_and_numbers(event)?;
    write_event(out, changed.as_deref().unwrap_or(event));
    Ok(changed.is_some())
}

#[cfg(test)]
#[path = "transform_tests.rs"]
mod tests;
