//! The stable codes of problems. A code never changes its meaning.

/// A policy kind that does not exist.
pub(crate) const UNKNOWN_KIND: &str = "E001";
/// A key that does not exist in this mapping.
pub(crate) const UNKNOWN_KEY: &str = "E002";
/// A kind in `policies.chain` without its block under `policy`.
pub(crate) const MISSING_BLOCK: &str = "E003";
/// A value of the wrong type.
pub(crate) const WRONG_TYPE: &str = "E004";
/// A required key is missing.
pub(crate) const MISSING: &str = "E005";
/// A value of the right type that is not valid.
pub(crate) const INVALID_VALUE: &str = "E006";
/// A value that is not one of the allowed words.
pub(crate) const UNKNOWN_VALUE: &str = "E007";
/// A duplicate id or list item.
pub(crate) const DUPLICATE: &str = "E008";
/// A reference to something that does not exist.
pub(crate) const INVALID_REFERENCE: &str = "E009";
/// A syntax error in the YAML.
pub(crate) const SYNTAX: &str = "E010";
/// A duplicate key in a mapping.
pub(crate) const DUPLICATE_KEY: &str = "E011";
/// A pattern that is not a regular expression, or is not usable.
pub(crate) const INVALID_PATTERN: &str = "E012";
/// A secret in the file, or an invalid reference to a secret.
pub(crate) const SECRET: &str = "E013";
/// An invalid upstream address.
pub(crate) const INVALID_URL: &str = "E014";
/// A setting that this version does not enforce.
pub(crate) const UNSUPPORTED: &str = "E015";
/// A source that is too large, too deep, or expands too far.
pub(crate) const BUDGET: &str = "E016";
/// A pattern whose automaton is larger than the gateway allows.
pub(crate) const AUTOMATON: &str = "E017";
/// An upstream port that the gateway does not allow.
pub(crate) const PORT: &str = "E018";
/// A pattern whose matches are all longer than the limit of a match.
pub(crate) const NEVER_MATCHES: &str = "E019";
/// A pattern whose counted repetitions allow a match longer than a match can be.
pub(crate) const TOO_LONG: &str = "E020";

/// A policy block that is not in the chain.
pub(crate) const W_NOT_CHAINED: &str = "W001";
/// The pack is disabled.
pub(crate) const W_DISABLED: &str = "W002";
/// No upstream is configured.
pub(crate) const W_NO_TARGET: &str = "W003";
/// The audit logger is not the last of the chain.
pub(crate) const W_AUDIT_ORDER: &str = "W004";
/// A provider whose own API is not supported yet.
pub(crate) const W_COMPATIBLE_API: &str = "W005";
/// A pattern with matches that are too long to be found.
pub(crate) const W_LONG_GAP: &str = "W006";
/// A statement about the data of an upstream that no policy reads.
pub(crate) const W_DATA_POLICY: &str = "W007";
