//! The kinds of data, and the form of `detect`, which selects them.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use serde_json::{Map, Value, json};

use super::identifiers::identifiers;
use crate::decode::{Diagnostics, Field, Keys, Mapping};
use crate::settings::{Declaration, Form, Weaker, boolean};

/// A kind of data.
pub(super) struct Kind {
    /// The name in settings and findings.
    pub(super) name: &'static str,
    /// What it is.
    pub(super) about: &'static str,
    /// Whether it is looked for by default.
    pub(super) default: bool,
}

/// Payment cards.
pub(super) const CARD: &str = "card";
/// Addresses of mailboxes.
pub(super) const EMAIL: &str = "email";
/// Bank accounts.
pub(super) const IBAN: &str = "iban";
/// Network addresses.
pub(super) const IP: &str = "ip";
/// Phone numbers.
pub(super) const PHONE: &str = "phone";

/// What has a detector of its own.
const DETECTED: [Kind; 5] = [
    always(CARD, "Number of a payment card"),
    always(EMAIL, "E-mail address"),
    always(PHONE, "Phone number"),
    always(IP, "IPv4 or IPv6 address"),
    always(IBAN, "International Bank Account Number"),
];

const fn always(name: &'static str, about: &'static str) -> Kind {
    Kind {
        name,
        about,
        default: true,
    }
}

/// All kinds: those with a detector of their own, and the identifiers.
pub(super) static KINDS: LazyLock<Vec<Kind>> = LazyLock::new(|| {
    let identifiers = identifiers().map(|identifier| Kind {
        name: identifier.kind,
        about: identifier.about,
        default: identifier.default,
    });
    DETECTED.into_iter().chain(identifiers).collect()
});

/// The names of all kinds.
static NAMES: LazyLock<Vec<&'static str>> =
    LazyLock::new(|| KINDS.iter().map(|kind| kind.name).collect());

/// The names of all kinds, and that of the operator's own patterns.
pub(super) static MARKED: LazyLock<Vec<&'static str>> =
    LazyLock::new(|| NAMES.iter().copied().chain(["pattern"]).collect());

/// Whether each kind is looked for.
pub(super) struct Detect;

impl Form for Detect {
    type Value = BTreeMap<&'static str, bool>;

    fn decode(
        &self,
        field: &Field<'_>,
        diagnostics: &mut Diagnostics<'_>,
    ) -> Option<BTreeMap<&'static str, bool>> {
        let keys = Some(&Keys {
            known: &NAMES,
            unsupported: &[],
        });
        let mapping = Mapping::open(field.node, &field.path, field.location, keys, diagnostics)?;
        let mut kinds = BTreeMap::new();
        for name in NAMES.iter() {
            let switch = mapping.field(name, diagnostics);
            if let Some(on) = switch.and_then(|field| field.boolean(diagnostics)) {
                kinds.insert(*name, on);
            }
        }
        Some(kinds)
    }

    fn schema(&self) -> Value {
        let properties: Map<String, Value> = self
            .nested()
            .into_iter()
            .map(|kind| (kind.key.to_owned(), kind.schema))
            .collect();
        json!({
            "type": ["object", "null"],
            "properties": properties,
            "additionalProperties": false,
        })
    }

    fn nested(&self) -> Vec<Declaration> {
        let switch = |kind: &Kind| {
            let setting = boolean().default(kind.default).weaker(Weaker::Off);
            setting.declaration(kind.name, kind.about)
        };
        KINDS.iter().map(switch).collect()
    }
}
