//! Options that several commands share.

use kt_control_api::{Client, DriftPolicy, Gateway, LabelSelector, Transport, resolve_gateway};
use kt_plugin_api::{Class, Error};
use std::collections::BTreeMap;

/// Parses `--drift`.
pub(super) fn drift(value: Option<&impl AsRef<str>>) -> Option<DriftPolicy> {
    DriftPolicy::parse(value?.as_ref())
}

/// Parses `KEY=VALUE` pairs.
pub(super) fn labels(pairs: &[String]) -> Result<BTreeMap<String, String>, Error> {
    pairs
        .iter()
        .map(|pair| {
            pair.split_once('=')
                .map(|(k, v)| (k.to_owned(), v.to_owned()))
                .ok_or_else(|| {
                    Error::new(
                        Class::Usage,
                        "invalid-label",
                        format!("`{pair}` is not a label"),
                    )
                    .hint("use `--label KEY=VALUE`")
                })
        })
        .collect()
}

/// Returns the gateways with these ids or names, each once; without any, the only one.
///
/// # Errors
/// If one does not exist.
pub(crate) fn resolve_all<T: Transport>(
    client: &Client<T>,
    names: &[String],
) -> Result<Vec<Gateway>, Error> {
    if names.is_empty() {
        return resolve_gateway(client, None).map(|only| vec![only]);
    }
    let mut gateways: Vec<Gateway> = Vec::new();
    for name in names {
        let gateway = resolve_gateway(client, Some(name))?;
        if gateways.iter().all(|other| other.id != gateway.id) {
            gateways.push(gateway);
        }
    }
    Ok(gateways)
}

/// Parses `--selector`, which may be repeated.
pub(super) fn selector(texts: &[String]) -> Result<LabelSelector, Error> {
    let mut all = LabelSelector::default();
    for text in texts {
        let parsed = text.parse::<LabelSelector>().map_err(|error| {
            Error::new(Class::Usage, "invalid-selector", error.to_string()).hint(
                "use `key=value`, `key!=value`, `key in (a,b)`, `key notin (a,b)`, `key` or \
                 `!key`, separated by commas",
            )
        })?;
        all.extend(parsed);
    }
    Ok(all)
}
