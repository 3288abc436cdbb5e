//! Codes of JSON-RPC errors.

/// The method does not exist.
pub(crate) const METHOD_NOT_FOUND: i64 = -32601;
/// The parameters are invalid.
pub(crate) const INVALID_PARAMS: i64 = -32602;
/// The operation failed; `data` is the error object of ABI.md.
pub(crate) const APPLICATION_ERROR: i64 = -32000;
