//! A request for a chat completion: the members that the gateway uses, and the bodies
//! that it sends to upstreams.

use super::error_response::ErrorResponse;
use super::json_edit;
use super::json_text;
use crate::snapshot::Upstream;
use bytes::Bytes;
use kt_policy::json::{Member, find_members, members};
use serde_json::Value;

/// The maximum length of a model name, which goes into logs and records.
const MAX_MODEL_LENGTH: usize = 256;

/// The members of a request that the gateway uses.
const MEMBERS: [&str; 5] = [
    "model",
    "messages",
    "stream",
    "stream_options",
    "response_format",
];

/// A request, of which only what the gateway uses is parsed.
#[derive(Debug)]
pub(super) struct ChatRequest {
    /// The requested model; empty if the request names none.
    pub(super) model: String,
    /// Whether the caller requests a stream.
    pub(super) stream: bool,
    /// Whether the caller requests token usage at the end of the stream.
    pub(super) include_usage: bool,
    /// Whether the caller requests JSON as the text of the message.
    pub(super) expects_json: bool,
    /// The document, which is valid UTF-8.
    body: Bytes,
}

impl ChatRequest {
    /// Parses a body.
    ///
    /// # Errors
    /// 422 for a malformed request.
    pub(super) fn parse(body: Bytes) -> Result<Self, ErrorResponse> {
        let text = std::str::from_utf8(&body)
            .map_err(|_| ErrorResponse::malformed("the request body is not valid UTF-8"))?;
        // The message of a syntax error quotes nothing of the document.
        let members = find_members(text, MEMBERS).map_err(|error| {
            ErrorResponse::malformed(format!(
                "the request body cannot be parsed as JSON: {error}"
            ))
        })?;
        let [model, messages, stream, stream_options, response_format] = members;
        check_messages(messages)?;
        let [model, stream, stream_options, response_format] =
            [model, stream, stream_options, response_format].map(|member| Some(member?.text));
        Ok(Self {
            model: model.map_or(Ok(String::new()), parse_model)?,
            stream: stream == Some("true"),
            include_usage: member(stream_options, "include_usage") == Some("true"),
            expects_json: expects_json(member(response_format, "type")),
            body,
        })
    }

    /// Whether the usage at the end of a stream is not for the caller.
    pub(super) fn hides_usage(&self) -> bool {
        self.stream && !self.include_usage
    }

    /// Returns the document.
    pub(super) fn text(&self) -> &str {
        std::str::from_utf8(&self.body).unwrap_or_default()
    }

    /// Takes over a document that a policy has changed.
    ///
    /// # Errors
    /// When it is not valid.
    pub(super) fn update(&mut self, text: String) -> Result<(), ErrorResponse> {
        *self = Self::parse(Bytes::from(text))
            .map_err(|_| ErrorResponse::malformed("the request body cannot be redacted"))?;
        Ok(())
    }

    /// Returns the body for an upstream. Everything but the model and the request for
    /// token usage is as the caller sent it.
    pub(super) fn body_for(&self, upstream: &Upstream) -> Bytes {
        let mut edits = Vec::new();
        let served = upstream.target.served_model(&self.model);
        if served != self.model {
            edits.extend(json_edit::set_member(
                self.text(),
                "model",
                Value::from(served).to_string(),
            ));
        }
        if self.stream && upstream.has_stream_usage() && !self.include_usage {
            edits.extend(self.request_usage());
        }
        if edits.is_empty() {
            return self.body.clone();
        }
        Bytes::from(json_edit::apply(self.text(), edits))
    }
}

impl ChatRequest {
    /// Returns the edit that requests token usage at the end of the stream.
    fn request_usage(&self) -> Option<json_edit::Edit> {
        let [options] = members(self.text(), ["stream_options"]).ok()?;
        let mut options = match options.map(json_text::parse) {
            Some(Ok(Value::Object(options))) => options,
            _ => serde_json::Map::new(),
        };
        options.insert("include_usage".to_owned(), Value::Bool(true));
        let options = Value::Object(options).to_string();
        json_edit::set_member(self.text(), "stream_options", options)
    }
}

/// Returns the text of a member of an object.
fn member<'d>(object: Option<&'d str>, name: &str) -> Option<&'d str> {
    let [value] = members(object?, [name]).ok()?;
    value
}

fn check_messages(messages: Option<Member<'_>>) -> Result<(), ErrorResponse> {
    let message = match messages {
        None => "`messages` is missing",
        Some(messages) if messages.is_array_of_objects => return Ok(()),
        Some(_) => "`messages` must be an array of objects",
    };
    Err(ErrorResponse::malformed_param("messages", message))
}

fn expects_json(format: Option<&str>) -> bool {
    let format = format.and_then(|json| serde_json::from_str::<String>(json).ok());
    matches!(format.as_deref(), Some("json_object" | "json_schema"))
}

fn parse_model(json: &str) -> Result<String, ErrorResponse> {
    let error = |message| ErrorResponse::malformed_param("model", message);
    let quoted = json
        .strip_prefix('"')
        .and_then(|rest| rest.strip_suffix('"'));
    let model = match quoted {
        Some(model) if !model.contains('\\') => model.to_owned(),
        _ => match json_text::parse(json) {
            Ok(Value::Null) => return Ok(String::new()),
            Ok(Value::String(model)) => model,
            _ => return Err(error("`model` must be a string")),
        },
    };
    let is_printable = |text: &str| text.bytes().all(|b| b == b' ' || b.is_ascii_graphic());
    let has_control = |text: &str| !is_printable(text) && text.chars().any(char::is_control);
    if model.len() > MAX_MODEL_LENGTH || has_control(&model) {
        return Err(error("`model` is not a valid model name"));
    }
    Ok(model)
}
