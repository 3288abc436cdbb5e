//! `pack`.

use crate::decode::{Diagnostics, Keys, LengthRange, Mapping};
use crate::model::Pack;
use crate::problem::code;

pub(super) const KEYS: Keys = Keys {
    known: &["name", "version", "enabled", "id", "author", "description"],
    unsupported: &[],
};

const NAME: LengthRange = LengthRange { min: 1, max: 200 };
const AUTHOR: LengthRange = LengthRange { min: 0, max: 200 };
const DESCRIPTION: LengthRange = LengthRange { min: 0, max: 2000 };

/// Reads `pack`; `None` if it is invalid, which is then reported.
pub(crate) fn decode(root: &Mapping<'_>, diagnostics: &mut Diagnostics<'_>) -> Option<Pack> {
    root.require("pack", diagnostics);
    let mapping = root.mapping("pack", &KEYS, diagnostics)?;
    for key in ["name", "version", "enabled"] {
        mapping.require(key, diagnostics);
    }
    let text = |key: &str, length: &LengthRange, diagnostics: &mut Diagnostics<'_>| {
        mapping
            .field(key, diagnostics)?
            .bounded_string(length, diagnostics)
    };
    let name = text("name", &NAME, diagnostics);
    let version = version(&mapping, diagnostics);
    let enabled = mapping.boolean("enabled", diagnostics);
    let id = text("id", &NAME, diagnostics);
    let author = text("author", &AUTHOR, diagnostics);
    let description = text("description", &DESCRIPTION, diagnostics);
    Some(Pack {
        name: name?,
        version: version?,
        enabled: enabled?,
        id,
        author,
        description,
    })
}

fn version(mapping: &Mapping<'_>, diagnostics: &mut Diagnostics<'_>) -> Option<String> {
    let field = mapping.field("version", diagnostics)?;
    let text = field.string(diagnostics)?;
    if semver::Version::parse(&text).is_ok() {
        return Some(text);
    }
    let message = "`pack.version` is not a semantic version".to_owned();
    diagnostics
        .report(code::INVALID_VALUE, field.location, &field.path, message)
        .help("use MAJOR.MINOR.PATCH, such as 1.0.0");
    None
}
