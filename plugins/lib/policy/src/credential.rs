//! References to credentials, and how they are sent. Whatever may be a credential itself is never
//! quoted.

use crate::decode::{Diagnostics, Field, Keys, LengthRange, Mapping, NodeKind};
use crate::model::SecretRef;
use crate::problem::{code, looks_like_secret};
use crate::source::SourceLocation;

/// The keys of a reference.
pub(crate) const SECRET_KEYS: Keys = Keys {
    known: &["env", "store"],
    unsupported: &[],
};
/// What to write instead of a secret.
pub(crate) const SECRET_HELP: &str = "use secret_key_ref: {env: NAME} or {store: NAME}";

const ID: LengthRange = LengthRange { min: 1, max: 100 };
const SHORT: LengthRange = LengthRange { min: 0, max: 100 };

pub(crate) fn reject_credential(field: &Field<'_>, diagnostics: &mut Diagnostics<'_>) {
    let message = format!("`{}` must not contain credentials", field.path);
    diagnostics
        .report(code::SECRET, field.location, &field.path, message)
        .help(SECRET_HELP);
}

/// Reads the name of the header that contains a credential.
pub(crate) fn read_header(field: &Field<'_>, diagnostics: &mut Diagnostics<'_>) -> Option<String> {
    let text = field.bounded_string(&ID, diagnostics)?;
    let token = |b: u8| b.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&b);
    if looks_like_secret(&text) {
        reject_credential(field, diagnostics);
        return None;
    }
    if text.bytes().all(token) {
        return Some(text);
    }
    field.reject(
        format!("`{}` is not a header name", field.path),
        diagnostics,
    );
    None
}

/// Reads the scheme before the credential, which must not contain the credential itself.
pub(crate) fn read_scheme(field: &Field<'_>, diagnostics: &mut Diagnostics<'_>) -> Option<String> {
    let text = field.bounded_string(&SHORT, diagnostics)?;
    let one_word = !text.chars().any(|c| c.is_whitespace() || c.is_control());
    if one_word && !looks_like_secret(&text) {
        return Some(text);
    }
    let message = format!(
        "`{}` must be one word without credentials, such as `Bearer`",
        field.path
    );
    diagnostics
        .report(code::SECRET, field.location, &field.path, message)
        .help(SECRET_HELP);
    None
}

/// Reads a reference to a secret; `key` is the location of its key.
pub(crate) fn read_secret_ref(
    field: &Field<'_>,
    key: SourceLocation,
    diagnostics: &mut Diagnostics<'_>,
) -> Option<SecretRef> {
    if !matches!(field.node.kind, NodeKind::Mapping(_)) {
        let actual = field.node.kind.type_name();
        let message = format!("`{}` must be a mapping, not {actual}", field.path);
        diagnostics
            .report(code::SECRET, key, &field.path, message)
            .help(SECRET_HELP);
        return None;
    }
    let inner = Mapping::open(
        field.node,
        &field.path,
        field.location,
        Some(&SECRET_KEYS),
        diagnostics,
    )?;
    let env = inner.field("env", diagnostics);
    let store = inner.field("store", diagnostics);
    match (env, store) {
        (Some(env), None) => name(&env, diagnostics).map(SecretRef::Env),
        (None, Some(store)) => name(&store, diagnostics).map(SecretRef::Store),
        _ => {
            let message = format!(
                "`{}` must contain exactly one of `env` and `store`",
                field.path
            );
            diagnostics
                .report(code::SECRET, field.location, &field.path, message)
                .help(SECRET_HELP);
            None
        }
    }
}

/// Reads the name of a variable or secret. An invalid name may be the secret itself, so it is
/// never quoted.
fn name(field: &Field<'_>, diagnostics: &mut Diagnostics<'_>) -> Option<String> {
    let text = field.string(diagnostics)?;
    let valid = |b: u8| b.is_ascii_alphanumeric() || b"_-.".contains(&b);
    let is_name = !text.is_empty() && text.len() <= 128 && text.bytes().all(valid);
    if is_name && !looks_like_secret(&text) {
        return Some(text);
    }
    let problem = if is_name {
        "looks like a secret, not like the name of one"
    } else {
        "is not a name"
    };
    let message = format!("`{}` {problem}", field.path);
    diagnostics
        .report(code::SECRET, field.location, &field.path, message)
        .help("use at most 128 letters, digits, `_`, `-` and `.`: the name of the secret, not the secret");
    None
}
