//! Secrets that are none: the examples in the documentation of their issuers.

/// The example of <https://jwt.io>, up to its signature.
pub(super) const JWT: &[u8] = b"eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJzdWIiOiIxMjM0NTY3ODkw";

/// The ends of documented examples that no word marks. In two parts, so that this file is no
/// finding of a scanner.
const EXAMPLES: [(&str, &str); 5] = [
    // https://docs.github.com/en/rest/apps/oauth-applications
    ("gho_", "16C7e42F292c6912E7710c838347Ae178B4a"),
    ("ghp_", "16C7e42F292c6912E7710c838347Ae178B4a"),
    ("ghu_", "16C7e42F292c6912E7710c838347Ae178B4a"),
    // https://docs.stripe.com/keys
    ("sk_test_", "4eC39HqLyjWDarjtT1zdp7dc"),
    ("sk_test_", "BQokikJOvBiI2HlWgH4olfQ2"),
];

/// Returns whether a secret is a documented example. Amazon marks its own by the word.
pub(super) fn is_documented(secret: &[u8]) -> bool {
    let marked = secret.windows(7).any(|part| part == b"EXAMPLE");
    marked
        || EXAMPLES.iter().any(|(prefix, rest)| {
            let body = secret.strip_prefix(prefix.as_bytes());
            body.is_some_and(|body| body == rest.as_bytes())
        })
}
