//! The forms of an address and of a credential.

use serde_json::{Value, json};

use crate::credential::{read_header, read_scheme, read_secret_ref};
use crate::decode::{Diagnostics, Field, InvalidUrl, validate_base_url};
use crate::model::SecretRef;
use crate::problem::code;
use crate::settings::{Form, Setting};

/// Returns an address.
pub(super) fn url() -> Setting<Url> {
    Setting::new(Url)
}

/// Returns a reference to a secret.
pub(super) fn secret_ref() -> Setting<Secret> {
    Setting::new(Secret)
}

/// Returns the name of a header.
pub(super) fn header() -> Setting<Header> {
    Setting::new(Header)
}

/// Returns the word before a credential.
pub(super) fn scheme() -> Setting<Scheme> {
    Setting::new(Scheme)
}

/// See [`url`].
pub(super) struct Url;

impl Form for Url {
    type Value = String;

    fn decode(&self, field: &Field<'_>, diagnostics: &mut Diagnostics<'_>) -> Option<String> {
        let text = field.string(diagnostics)?;
        let Err(error) = validate_base_url(&text) else {
            return Some(text);
        };
        let code = match error {
            InvalidUrl::Form(_) => code::INVALID_URL,
            InvalidUrl::Credential | InvalidUrl::CredentialInQuery => code::SECRET,
        };
        // The address may contain a credential.
        let message = format!("`{}` is not a valid address: {error}", field.path);
        diagnostics.report(code, field.location, &field.path, message);
        None
    }

    fn schema(&self) -> Value {
        json!({ "type": "string", "pattern": "^https?://" })
    }
}

/// See [`secret_ref`].
pub(super) struct Secret;

impl Form for Secret {
    type Value = SecretRef;

    fn decode(&self, field: &Field<'_>, diagnostics: &mut Diagnostics<'_>) -> Option<SecretRef> {
        read_secret_ref(field, field.location, diagnostics)
    }

    fn schema(&self) -> Value {
        let name = json!({ "type": "string", "pattern": "^[A-Za-z0-9_.-]+$" });
        json!({
            "type": "object",
            "properties": { "env": name, "store": name },
            "minProperties": 1,
            "maxProperties": 1,
            "additionalProperties": false,
        })
    }
}

/// See [`header`].
pub(super) struct Header;

impl Form for Header {
    type Value = String;

    fn decode(&self, field: &Field<'_>, diagnostics: &mut Diagnostics<'_>) -> Option<String> {
        read_header(field, diagnostics)
    }

    fn schema(&self) -> Value {
        json!({ "type": "string", "minLength": 1, "maxLength": 100 })
    }
}

/// See [`scheme`].
pub(super) struct Scheme;

impl Form for Scheme {
    type Value = String;

    fn decode(&self, field: &Field<'_>, diagnostics: &mut Diagnostics<'_>) -> Option<String> {
        read_scheme(field, diagnostics)
    }

    fn schema(&self) -> Value {
        json!({ "type": "string", "minLength": 0, "maxLength": 100 })
    }
}
