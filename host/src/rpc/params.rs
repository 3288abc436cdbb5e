//! Parameters and results of the methods.

use kt_plugin_api::abi::{cancel, emit};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use serde_json::value::RawValue;

/// Parameters of `initialize`.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct InitializeParams {
    pub(crate) protocol: u32,
    pub(crate) host_version: String,
    /// Version of the plugin API: `1.0`.
    pub(crate) abi: String,
    /// The plugin that the host expects.
    pub(crate) name: String,
    pub(crate) version: String,
    /// The most verbose level that the host logs, or `off`.
    pub(crate) log_level: String,
    #[serde(default)]
    pub(crate) features: Vec<String>,
}

/// Result of `initialize`.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct InitializeResult {
    pub(crate) protocol: u32,
    pub(crate) name: String,
    pub(crate) version: String,
    #[serde(default)]
    pub(crate) features: Vec<String>,
}

/// The call that a message belongs to.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct CallId {
    pub(crate) call: u64,
}

/// Parameters of `command/run`.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct RunParams {
    pub(crate) call: u64,
    pub(crate) invocation: Box<RawValue>,
    #[serde(default)]
    pub(crate) deadline_unix_ms: u64,
}

/// Parameters of `command/complete`.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct CompleteParams {
    pub(crate) call: u64,
    pub(crate) request: Box<RawValue>,
    #[serde(default)]
    pub(crate) deadline_unix_ms: u64,
}

/// Parameters of `interface/call`.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct InterfaceCallParams {
    pub(crate) call: u64,
    pub(crate) interface: String,
    pub(crate) name: String,
    pub(crate) method: String,
    pub(crate) request: Box<RawValue>,
    #[serde(default)]
    pub(crate) deadline_unix_ms: u64,
}

/// Parameters of `cancel`.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct CancelParams {
    pub(crate) call: u64,
    pub(crate) reason: String,
}

/// Parameters of `emit`.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct EmitParams {
    pub(crate) call: u64,
    pub(crate) kind: String,
    pub(crate) value: Box<RawValue>,
}

/// Parameters of `log`.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct LogParams {
    pub(crate) level: String,
    #[serde(default)]
    pub(crate) target: String,
    #[serde(default)]
    pub(crate) message: String,
    #[serde(default, skip_serializing_if = "Value::is_null")]
    pub(crate) fields: Value,
}

/// Parameters of `prompt`.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct PromptParams {
    pub(crate) call: u64,
    pub(crate) kind: String,
    pub(crate) question: String,
}

/// Parameters of `providers/list`.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct ProvidersParams {
    pub(crate) call: u64,
    pub(crate) interface: String,
}

/// Parameters of `provider/open`.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct OpenParams {
    pub(crate) call: u64,
    pub(crate) interface: String,
    /// Empty for the best available one.
    #[serde(default)]
    pub(crate) name: String,
}

/// Result of `provider/open`.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct OpenResult {
    pub(crate) provider: u64,
    pub(crate) name: String,
    pub(crate) plugin: String,
    pub(crate) version: String,
}

/// Parameters of `provider/call`.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct ProviderCallParams {
    pub(crate) call: u64,
    pub(crate) provider: u64,
    pub(crate) method: String,
    pub(crate) request: Box<RawValue>,
    #[serde(default)]
    pub(crate) deadline_unix_ms: u64,
    #[serde(default)]
    pub(crate) ignore_cancellation: bool,
}

/// Parameters of `provider/close`.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct ProviderId {
    pub(crate) call: u64,
    pub(crate) provider: u64,
}

/// Returns the word for a reason of a cancellation.
pub(crate) fn cancel_word(reason: i32) -> &'static str {
    match reason {
        cancel::INTERRUPT => "interrupt",
        cancel::TERMINATE => "terminate",
        _ => "deadline",
    }
}

/// Returns the reason of a cancellation; unknown words mean the deadline.
pub(crate) fn cancel_reason(word: &str) -> i32 {
    match word {
        "interrupt" => cancel::INTERRUPT,
        "terminate" => cancel::TERMINATE,
        _ => cancel::DEADLINE,
    }
}

/// Returns the kind of `emit`; `None` for a word of a later version.
pub(crate) fn emit_kind(word: &str) -> Option<u32> {
    Some(match word {
        "event" => emit::EVENT,
        "progress" => emit::PROGRESS,
        "warning" => emit::WARNING,
        "partial-result" => emit::PARTIAL_RESULT,
        _ => return None,
    })
}

/// Returns JSON as a value of a message. Outside of strings, line feeds are white space;
/// within them, they are escaped.
///
/// # Errors
/// If the text is not valid JSON.
pub(crate) fn compact(json: &str) -> Result<Box<RawValue>, serde_json::Error> {
    let json = if json.contains(['\n', '\r']) {
        json.replace(['\n', '\r'], " ")
    } else {
        json.to_owned()
    };
    RawValue::from_string(json)
}

#[cfg(test)]
mod tests {
    use super::compact;

    #[test]
    fn a_value_is_one_line_and_keeps_its_meaning() {
        let json = compact("{\n  \"a\": \"b\\nc\",\r\n  \"d\": 1\n}").unwrap();
        assert!(!json.get().contains('\n'));
        let value: serde_json::Value = serde_json::from_str(json.get()).unwrap();
        assert_eq!(value["a"], "b\nc");
        assert!(compact("}{").is_err() && compact("").is_err());
    }
}
