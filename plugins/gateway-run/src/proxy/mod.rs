//! Serving requests: routing, the policy chain, upstreams, and the response.

mod caller;
mod chat;
mod chat_request;
mod completion;
mod context;
mod decision;
mod error_response;
mod evaluation;
mod guard_policy;
mod handle;
mod held_json;
mod json_edit;
mod json_text;
mod models;
mod origin_check;
mod repeated_texts;
mod request_body;
mod request_context;
mod request_policy;
mod response_filters;
mod restoration;
mod stream;
mod text_field;
mod upstream_error;

pub(crate) use context::ProxyContext;
pub(crate) use handle::handle;
