//! The messages of process plugins: JSON-RPC 2.0, one object per line. ABI.md, section
//! "Process plugins", is the specification.

#![forbid(unsafe_code)]

mod error_codes;
mod line_reader;
mod line_writer;
mod message;
mod params;

pub(crate) use error_codes::{APPLICATION_ERROR, INVALID_PARAMS, METHOD_NOT_FOUND};
pub(crate) use line_reader::LineReader;
pub(crate) use line_writer::LineWriter;
pub(crate) use message::{Message, RpcError, error_response, notification, request, response};
pub(crate) use params::{
    CallId, CancelParams, CompleteParams, EmitParams, InitializeParams, InitializeResult,
    InterfaceCallParams, LogParams, OpenParams, OpenResult, PromptParams, ProviderCallParams,
    ProviderId, ProvidersParams, RunParams, cancel_reason, cancel_word, compact, emit_kind,
};

/// The version of the protocol.
pub(crate) const PROTOCOL: u32 = 1;
/// The maximum size of a line, in both directions.
pub(crate) const MAX_LINE: usize = 64 << 20;
