//! A request for a chat completion: the fields that the gateway uses, and the bodies
//! that it sends to upstreams.

use super::error_response::ErrorResponse;
use super::json_edit;
use super::json_text;
use crate::snapshot::Upstream;
use bytes::Bytes;
use serde_json::Value;

/// The maximum length of a model name, which goes into logs and records.
const MAX_MODEL_LENGTH: usize = 256;

/// A parsed request.
#[derive(Debug)]
pub(super) struct ChatRequest {
    /// The requested model; empty if the request names none.
    pub(super) model: String,
    /// Whether the caller requests a stream.
    pub(super) stream: bool,
    /// Whether the caller requests token usage at the end of the stream.
    pub(super) include_usage: bool,
    pub(super) value: Value,
    text: String,
}

impl ChatRequest {
    /// Parses a body.
    ///
    /// # Errors
    /// 422 for a malformed request.
    pub(super) fn parse(body: Bytes) -> Result<Self, ErrorResponse> {
        let text = String::from_utf8(body.into())
            .map_err(|_| ErrorResponse::malformed("the request body is not valid UTF-8"))?;
        // The message of a syntax error quotes nothing of the document.
        let value = json_text::parse(&text).map_err(|error| {
            ErrorResponse::malformed(format!(
                "the request body cannot be parsed as JSON: {error}"
            ))
        })?;
        match value.get("messages") {
            Some(Value::Array(messages)) if messages.iter().all(Value::is_object) => {}
            Some(_) => {
                let message = "`messages` must be an array of objects";
                return Err(ErrorResponse::malformed_param("messages", message));
            }
            None => {
                return Err(ErrorResponse::malformed_param(
                    "messages",
                    "`messages` is missing",
                ));
            }
        }
        let flag = |pointer| value.pointer(pointer).and_then(Value::as_bool);
        Ok(Self {
            model: model(&value)?,
            stream: flag("/stream").unwrap_or(false),
            include_usage: flag("/stream_options/include_usage").unwrap_or(false),
            value,
            text,
        })
    }

    /// Whether the usage at the end of a stream is not for the caller.
    pub(super) fn hides_usage(&self) -> bool {
        self.stream && !self.include_usage
    }

    /// Whether the caller requests JSON as the text of the message.
    pub(super) fn expects_json(&self) -> bool {
        let kind = self.value.pointer("/response_format/type");
        matches!(
            kind.and_then(Value::as_str),
            Some("json_object" | "json_schema")
        )
    }

    /// Returns the document.
    pub(super) fn text(&self) -> &str {
        &self.text
    }

    /// Takes over a document that a policy has changed.
    ///
    /// # Errors
    /// When it is not valid.
    pub(super) fn update(&mut self, text: String) -> Result<(), ErrorResponse> {
        self.value = json_text::parse(&text)
            .map_err(|_| ErrorResponse::malformed("the request body cannot be redacted"))?;
        self.text = text;
        Ok(())
    }

    /// Returns the body for an upstream. Everything but the model and the request for
    /// token usage is as the caller sent it.
    pub(super) fn body_for(&self, upstream: &Upstream) -> Bytes {
        let mut edits = Vec::new();
        let served = upstream.target.served_model(&self.model);
        if served != self.model {
            edits.extend(json_edit::set_member(
                &self.text,
                "model",
                Value::from(served).to_string(),
            ));
        }
        if self.stream && upstream.has_stream_usage() && !self.include_usage {
            edits.extend(self.request_usage());
        }
        if edits.is_empty() {
            return Bytes::copy_from_slice(self.text.as_bytes());
        }
        Bytes::from(json_edit::apply(&self.text, edits))
    }
}

impl ChatRequest {
    /// Returns the edit that requests token usage at the end of the stream.
    fn request_usage(&self) -> Option<json_edit::Edit> {
        let mut options = match self.value.get("stream_options") {
            Some(Value::Object(options)) => options.clone(),
            _ => serde_json::Map::new(),
        };
        options.insert("include_usage".to_owned(), Value::Bool(true));
        let options = Value::Object(options).to_string();
        json_edit::set_member(&self.text, "stream_options", options)
    }
}

fn model(request: &Value) -> Result<String, ErrorResponse> {
    let model = match request.get("model") {
        None | Some(Value::Null) => return Ok(String::new()),
        Some(Value::String(model)) => model,
        Some(_) => {
            return Err(ErrorResponse::malformed_param(
                "model",
                "`model` must be a string",
            ));
        }
    };
    if model.len() > MAX_MODEL_LENGTH || model.chars().any(char::is_control) {
        let message = "`model` is not a valid model name";
        return Err(ErrorResponse::malformed_param("model", message));
    }
    Ok(model.clone())
}
