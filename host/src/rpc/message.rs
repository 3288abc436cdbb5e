//! JSON-RPC messages.

use kt_plugin_api::Error;
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::Value;
use serde_json::value::RawValue;

/// A message of the other side. Unknown keys are ignored.
pub(crate) enum Message<'a> {
    /// A request, or a notification if it has no id.
    Request {
        id: Option<Value>,
        method: String,
        params: &'a str,
    },
    /// The response to a request with this id.
    Response {
        id: u64,
        result: Result<&'a str, RpcError>,
    },
}

/// A JSON-RPC error.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct RpcError {
    pub(crate) code: i64,
    #[serde(default)]
    pub(crate) message: String,
    /// The error object of ABI.md.
    #[serde(default)]
    pub(crate) data: Option<Box<RawValue>>,
}

#[derive(Deserialize)]
struct Wire<'a> {
    #[serde(default)]
    id: Option<Value>,
    #[serde(default)]
    method: Option<String>,
    #[serde(borrow, default, deserialize_with = "present")]
    params: Option<&'a RawValue>,
    #[serde(borrow, default, deserialize_with = "present")]
    result: Option<&'a RawValue>,
    #[serde(default)]
    error: Option<RpcError>,
}

/// Distinguishes `null`, which is a result, from an absent key.
fn present<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<&'de RawValue>, D::Error> {
    <&RawValue>::deserialize(deserializer).map(Some)
}

impl<'a> Message<'a> {
    /// Parses a line.
    ///
    /// # Errors
    /// What is wrong with it.
    pub(crate) fn parse(line: &'a [u8]) -> Result<Self, String> {
        let wire: Wire<'a> = serde_json::from_slice(line).map_err(|e| e.to_string())?;
        if let Some(method) = wire.method {
            return Ok(Self::Request {
                id: wire.id.filter(|id| !id.is_null()),
                method,
                params: wire.params.map_or("null", RawValue::get),
            });
        }
        let result = match (wire.result, wire.error) {
            (_, Some(error)) => Err(error),
            (Some(result), None) => Ok(result.get()),
            (None, None) => return Err("it has no `method`, `result` or `error`".to_owned()),
        };
        let id = wire.id.unwrap_or_default();
        match id.as_u64() {
            Some(id) => Ok(Self::Response { id, result }),
            None => Err(format!("it is a response to the unknown request {id}")),
        }
    }
}

#[derive(Serialize)]
struct Outgoing<'a, P: Serialize> {
    jsonrpc: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<&'a Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    method: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    params: Option<&'a P>,
    #[serde(skip_serializing_if = "Option::is_none")]
    result: Option<&'a P>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<&'a RpcError>,
}

impl<P: Serialize> Outgoing<'_, P> {
    const EMPTY: Self = Self {
        jsonrpc: "2.0",
        id: None,
        method: None,
        params: None,
        result: None,
        error: None,
    };

    fn line(&self) -> String {
        // Maps with keys that are not strings do not occur.
        serde_json::to_string(self).unwrap_or_default()
    }
}

/// Returns the line of a request.
pub(crate) fn request(id: u64, method: &'static str, params: &impl Serialize) -> String {
    Outgoing {
        id: Some(&id.into()),
        method: Some(method),
        params: Some(params),
        ..Outgoing::EMPTY
    }
    .line()
}

/// Returns the line of a notification.
pub(crate) fn notification(method: &'static str, params: &impl Serialize) -> String {
    Outgoing {
        method: Some(method),
        params: Some(params),
        ..Outgoing::EMPTY
    }
    .line()
}

/// Returns the line of a response with a result.
pub(crate) fn response(id: &Value, result: &impl Serialize) -> String {
    Outgoing {
        id: Some(id),
        result: Some(result),
        ..Outgoing::EMPTY
    }
    .line()
}

/// Returns the line of a response with an error.
pub(crate) fn error_response(id: &Value, code: i64, error: &Error) -> String {
    let data = serde_json::value::to_raw_value(error).ok();
    Outgoing::<()> {
        id: Some(id),
        error: Some(&RpcError {
            code,
            message: error.message.clone(),
            data,
        }),
        ..Outgoing::EMPTY
    }
    .line()
}

#[cfg(test)]
mod tests {
    use super::{Message, error_response, notification, request, response};
    use kt_plugin_api::{Class, Error};
    use serde_json::json;

    #[test]
    fn lines_have_the_form_of_the_specification() {
        let id = json!("a");
        assert_eq!(
            request(7, "shutdown", &json!({})),
            r#"{"jsonrpc":"2.0","id":7,"method":"shutdown","params":{}}"#
        );
        assert_eq!(
            notification("reload", &json!({})),
            r#"{"jsonrpc":"2.0","method":"reload","params":{}}"#
        );
        assert_eq!(
            response(&id, &json!(null)),
            r#"{"jsonrpc":"2.0","id":"a","result":null}"#
        );
        let error = Error::new(Class::Conflict, "x", "taken");
        let line = error_response(&id, -32000, &error);
        assert!(line.contains(r#""error":{"code":-32000,"message":"taken","data":{"id":"x""#));
    }

    #[test]
    fn messages_are_distinguished() {
        let parse = |line: &'static str| Message::parse(line.as_bytes());
        assert!(matches!(
            parse(r#"{"id":1,"result":null,"later":1}"#),
            Ok(Message::Response {
                id: 1,
                result: Ok("null")
            })
        ));
        assert!(matches!(
            parse(r#"{"id":"a","method":"m"}"#),
            Ok(Message::Request {
                id: Some(_),
                params: "null",
                ..
            })
        ));
        assert!(matches!(
            parse(r#"{"method":"m","params":{"a":1}}"#),
            Ok(Message::Request {
                id: None,
                params: r#"{"a":1}"#,
                ..
            })
        ));
        for wrong in ["}{", "1", "{}", r#"{"id":1}"#, r#"{"id":"x","result":1}"#] {
            assert!(parse(wrong).is_err(), "{wrong}");
        }
    }
}
