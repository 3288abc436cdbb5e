//! [`Settings`]: a mapping of declared settings.

use std::any::Any;
use std::fmt::Debug;

use serde::Serialize;
use serde_json::{Value, json};

use super::declaration::Declaration;
use crate::decode::{Diagnostics, Keys, Mapping};

/// A mapping of declared settings, see [`settings!`].
pub(crate) trait Settings: Serialize + Sized {
    /// The keys.
    const KEYS: Keys;
    /// What they are for.
    const SUMMARY: &'static str;

    /// Reads the mapping; reports what is wrong with it.
    fn decode(mapping: &Mapping<'_>, diagnostics: &mut Diagnostics<'_>) -> Self;

    /// Returns the declarations, in the order of the documentation.
    fn declarations() -> Vec<Declaration>;

    /// Returns the JSON Schema.
    fn schema() -> Value {
        let properties: serde_json::Map<String, Value> = Self::declarations()
            .into_iter()
            .map(|declaration| (declaration.key.to_owned(), declaration.schema))
            .collect();
        json!({
            // `key:` without a value is an empty mapping.
            "type": ["object", "null"],
            "properties": properties,
            "additionalProperties": false,
        })
    }
}

/// The settings of a policy, without their type.
pub(crate) trait PolicySettings: Debug + Send + Sync {
    /// Returns the settings that are present, as JSON.
    fn to_value(&self) -> Value;

    /// Returns the settings with their type.
    fn as_any(&self) -> &dyn Any;
}

impl<S: Settings + Debug + Send + Sync + 'static> PolicySettings for S {
    fn to_value(&self) -> Value {
        // Strings, booleans, integers, lists and structs cannot fail to serialize.
        serde_json::to_value(self).unwrap_or(Value::Null)
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}

/// Declares a mapping of settings: for each its description, key, type, and [`Setting`]. Absent
/// settings stay absent: the code that uses a value applies the default, so that defaults never
/// enter the hash.
///
/// [`Setting`]: super::Setting
macro_rules! settings {
    (
        $(#[doc = $summary:literal])+
        $visibility:vis $name:ident $(, unsupported [$($unsupported:literal),+])? {
            $($(#[doc = $about:literal])+ $key:ident: $type:ty = $setting:expr;)+
        }
    ) => {
        $(#[doc = $summary])+
        #[derive(Debug, Clone, Default, PartialEq, serde::Serialize)]
        $visibility struct $name {
            $(
                $(#[doc = $about])+
                #[serde(skip_serializing_if = "Option::is_none")]
                $visibility $key: Option<$type>,
            )+
        }

        impl crate::settings::Settings for $name {
            const KEYS: crate::decode::Keys = crate::decode::Keys {
                known: &[$(stringify!($key)),+],
                unsupported: &[$($($unsupported),+)?],
            };
            const SUMMARY: &'static str = concat!($($summary),+);

            fn decode(
                mapping: &crate::decode::Mapping<'_>,
                diagnostics: &mut crate::decode::Diagnostics<'_>,
            ) -> Self {
                Self {
                    $($key: ($setting).decode(mapping, stringify!($key), diagnostics),)+
                }
            }

            fn declarations() -> Vec<crate::settings::Declaration> {
                vec![$(
                    ($setting).of::<$type>().declaration(stringify!($key), concat!($($about),+)),
                )+]
            }
        }
    };
}

pub(crate) use settings;
