//! `pack`.

use super::field::{Keys, Table};
use super::files::Findings;
use super::scalar::Spec;
use crate::model::Pack;
use crate::problem::code;

const KEYS: Keys = Keys {
    known: &["name", "version", "enabled", "id", "author", "description"],
    unsupported: &[],
};

const NAME: Spec = Spec { min: 1, max: 200 };
const AUTHOR: Spec = Spec { min: 0, max: 200 };
const DESCRIPTION: Spec = Spec { min: 0, max: 2000 };

/// Reads `pack`; `None` when it is unusable, which is then reported.
pub(crate) fn decode(root: &Table<'_>, findings: &mut Findings<'_>) -> Option<Pack> {
    root.require("pack", findings);
    let table = root.table("pack", &KEYS, findings)?;
    for key in ["name", "version", "enabled"] {
        table.require(key, findings);
    }
    let text = |key: &str, spec: &Spec, findings: &mut Findings<'_>| {
        table.field(key, findings)?.bounded(spec, findings)
    };
    let name = text("name", &NAME, findings);
    let version = version(&table, findings);
    let enabled = table.flag("enabled", findings);
    let id = text("id", &NAME, findings);
    let author = text("author", &AUTHOR, findings);
    let description = text("description", &DESCRIPTION, findings);
    Some(Pack {
        name: name?,
        version: version?,
        enabled: enabled?,
        id,
        author,
        description,
    })
}

fn version(table: &Table<'_>, findings: &mut Findings<'_>) -> Option<String> {
    let field = table.field("version", findings)?;
    let text = field.text(findings)?;
    if semver::Version::parse(&text).is_ok() {
        return Some(text);
    }
    let message = "`pack.version` is not a semantic version".to_owned();
    findings
        .report(code::BAD_VALUE, field.at, &field.path, message)
        .help("write MAJOR.MINOR.PATCH, such as 1.0.0");
    None
}
