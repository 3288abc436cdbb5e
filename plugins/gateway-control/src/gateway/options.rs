//! Options that several commands share.

use kt_control_api::DriftPolicy;
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
