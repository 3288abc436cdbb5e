//! The form of `redaction.custom_markers`.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::kinds::MARKED;
use crate::decode::{Diagnostics, Field, Keys, LengthRange, Mapping};
use crate::settings::Form;

/// The length of a marker, in characters.
const LENGTH: LengthRange = LengthRange { min: 0, max: 64 };

/// Markers by the kind of data.
pub(super) struct CustomMarkers;

impl Form for CustomMarkers {
    type Value = BTreeMap<String, String>;

    fn decode(
        &self,
        field: &Field<'_>,
        diagnostics: &mut Diagnostics<'_>,
    ) -> Option<BTreeMap<String, String>> {
        let keys = Some(&Keys {
            known: &MARKED,
            unsupported: &[],
        });
        let mapping = Mapping::open(field.node, &field.path, field.location, keys, diagnostics)?;
        let mut markers = BTreeMap::new();
        for entry in mapping.entries() {
            let marker = mapping.field(&entry.key, diagnostics);
            if let Some(marker) = marker.and_then(|m| m.bounded_string(&LENGTH, diagnostics)) {
                markers.insert(entry.key.clone(), marker);
            }
        }
        Some(markers)
    }

    fn schema(&self) -> Value {
        let marker = json!({ "type": "string", "maxLength": LENGTH.max });
        let kinds = MARKED.iter();
        let properties: Map<String, Value> = kinds
            .map(|kind| ((*kind).to_owned(), marker.clone()))
            .collect();
        json!({
            "type": ["object", "null"],
            "properties": properties,
            "additionalProperties": false,
        })
    }
}
