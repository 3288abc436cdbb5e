//! The stable codes of problems. A code never changes its meaning.

/// A policy kind that does not exist.
pub(crate) const UNKNOWN_KIND: &str = "E001";
/// A key that does not exist at this place.
pub(crate) const UNKNOWN_KEY: &str = "E002";
/// A kind in `policies.chain` without its block under `policy`.
pub(crate) const NO_BLOCK: &str = "E003";
/// A value of the wrong type.
pub(crate) const WRONG_TYPE: &str = "E004";
/// A required key is missing.
pub(crate) const MISSING: &str = "E005";
/// A value of the right type that is not acceptable.
pub(crate) const BAD_VALUE: &str = "E006";
/// A word that is not one of the allowed ones.
pub(crate) const UNKNOWN_WORD: &str = "E007";
/// An id or a list item that occurs twice.
pub(crate) const DUPLICATE: &str = "E008";
/// A reference to something that does not exist.
pub(crate) const BAD_REFERENCE: &str = "E009";
/// The text is not YAML.
pub(crate) const SYNTAX: &str = "E010";
/// The same key twice in one mapping.
pub(crate) const DUPLICATE_KEY: &str = "E011";
/// A pattern that is not a regular expression, or one that cannot be used.
pub(crate) const BAD_PATTERN: &str = "E012";
/// A secret that stands in the file, or a reference of the wrong shape.
pub(crate) const SECRET: &str = "E013";
/// An address that is not an http(s) address.
pub(crate) const BAD_URL: &str = "E014";
/// Something that exists but is not enforced by this version.
pub(crate) const UNSUPPORTED: &str = "E015";
/// The source is too big, too deep or expands too far.
pub(crate) const BUDGET: &str = "E016";
/// The automaton of a pattern is bigger than the gateway allows.
pub(crate) const AUTOMATON: &str = "E017";
/// An upstream port that the gateway does not allow.
pub(crate) const PORT: &str = "E018";
/// A pattern all of whose matches are longer than a match can be.
pub(crate) const NEVER_MATCHES: &str = "E019";

/// A policy block that is not in the chain.
pub(crate) const W_NOT_CHAINED: &str = "W001";
/// The pack is switched off.
pub(crate) const W_DISABLED: &str = "W002";
/// No upstream is configured.
pub(crate) const W_NO_TARGET: &str = "W003";
/// The audit logger is not the last of the chain.
pub(crate) const W_AUDIT_ORDER: &str = "W004";
