//! [`json_schema`]: the form of `policy-config.yaml` for editors.

use serde_json::{Map, Value, json};

use crate::decode::StringEnum;
use crate::kinds::{KINDS, Registration};
use crate::model::{
    CircuitBreaker, DataCollection, Fallback, Gateway, SizeLimits, Strategy, Timeouts, defaults,
};
use crate::settings::Settings;

/// Returns the JSON Schema of a configuration. What it accepts may still be invalid by what the
/// schema cannot express, such as references between settings; one layer of several may lack what
/// it requires.
#[must_use]
pub fn json_schema() -> Value {
    json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "policy-config.yaml",
        "type": "object",
        "properties": {
            "pack": pack(),
            "policies": policies(),
            "policy": policy(),
            "providers": providers(),
            "size_limits": section::<SizeLimits>(),
            "gateway": section::<Gateway>(),
        },
        "required": ["pack", "policies"],
        "additionalProperties": false,
    })
}

/// Returns a mapping; `key:` without a value is an empty one.
fn object(description: &str, properties: Value) -> Value {
    json!({
        "description": description,
        "type": ["object", "null"],
        "properties": properties,
        "additionalProperties": false,
    })
}

/// Returns a mapping with required keys.
fn object_with(required: &[&str], description: &str, properties: Value) -> Value {
    json!({
        "description": description,
        "type": "object",
        "properties": properties,
        "required": required,
        "additionalProperties": false,
    })
}

fn text(length: std::ops::RangeInclusive<usize>) -> Value {
    json!({ "type": "string", "minLength": length.start(), "maxLength": length.end() })
}

fn integer(bounds: std::ops::RangeInclusive<u64>) -> Value {
    json!({ "type": "integer", "minimum": bounds.start(), "maximum": bounds.end() })
}

fn words<E: StringEnum>() -> Value {
    let words: Vec<&str> = E::VARIANTS.iter().map(|(word, _)| *word).collect();
    json!({ "enum": words })
}

/// Returns a form with its description.
fn described(mut form: Value, description: &str) -> Value {
    form["description"] = description.into();
    form
}

/// Returns a form with its description and default.
fn with_default(form: Value, description: &str, default: impl Into<Value>) -> Value {
    let mut form = described(form, description);
    form["default"] = default.into();
    form
}

fn pack() -> Value {
    let enabled = json!({ "type": "boolean" });
    // `1.0.0`, with a pre-release and build metadata (https://semver.org).
    let version = json!({ "type": "string", "pattern": r"^\d+\.\d+\.\d+(-[0-9A-Za-z.-]+)?(\+[0-9A-Za-z.-]+)?$" });
    let properties = json!({
        "name": described(text(1..=200), "The name."),
        "version": described(version, "The semantic version, such as 1.0.0."),
        "enabled": described(enabled, "The master switch: if it is off, no policy is enforced."),
        "id": described(text(1..=200), "The id."),
        "author": described(text(0..=200), "The author."),
        "description": described(text(0..=2000), "The description."),
    });
    object_with(
        &["name", "version", "enabled"],
        "The metadata of the configuration.",
        properties,
    )
}

fn policies() -> Value {
    let (named, kinds): (Vec<&Registration>, Vec<_>) = KINDS.iter().partition(|known| known.named);
    let kinds: Vec<&str> = kinds.iter().map(|known| known.kind.as_str()).collect();
    let mut items = vec![json!({ "enum": kinds })];
    items.extend(
        named
            .iter()
            .map(|known| json!({ "type": "string", "pattern": name_pattern(known) })),
    );
    let chain = json!({
        "description": "The policies, in order. Each needs a block under `policy`.",
        "type": "array",
        "items": { "anyOf": items },
        "uniqueItems": true,
    });
    object_with(&["chain"], "The policy chain.", json!({ "chain": chain }))
}

fn policy() -> Value {
    let block = |known: &Registration| described((known.schema)(), known.summary.trim());
    let (named, kinds): (Vec<&Registration>, Vec<_>) = KINDS.iter().partition(|known| known.named);
    let blocks: Map<String, Value> = kinds
        .iter()
        .map(|known| (known.kind.to_string(), block(known)))
        .collect();
    let named: Map<String, Value> = named
        .iter()
        .map(|known| (name_pattern(known), block(known)))
        .collect();
    let mut policy = object(
        "The settings of each policy in the chain.",
        Value::Object(blocks),
    );
    policy["patternProperties"] = Value::Object(named);
    policy
}

/// Returns the names of the policies of a kind.
fn name_pattern(known: &Registration) -> String {
    format!("^{}:[a-z0-9][a-z0-9-]{{0,63}}$", known.kind)
}

fn providers() -> Value {
    let order = json!({ "type": "array", "items": text(1..=100), "uniqueItems": true });
    let strategy = "The strategy for the first upstream of a request.";
    let routing = json!({
        "strategy": with_default(words::<Strategy>(), strategy, defaults::STRATEGY.as_str()),
        "order": described(order, "The ids of the targets that receive requests, in this order."),
        "default_model": described(
            text(1..=200),
            "The model that serves requests for unknown models.",
        ),
    });
    let properties = json!({
        "targets": { "description": "The upstreams.", "type": "array", "items": target() },
        "routing": object("The selection of an upstream.", routing),
        "fallback": section::<Fallback>(),
        "circuit_breaker": section::<CircuitBreaker>(),
        "timeouts": section::<Timeouts>(),
    });
    object("The upstreams and their selection.", properties)
}

fn target() -> Value {
    let name = json!({ "type": "string", "pattern": "^[A-Za-z0-9_.-]+$" });
    let secret = json!({
        "description": "The reference to the credential.",
        "type": "object",
        "properties": {
            "env": described(name.clone(), "The name of an environment variable."),
            "store": described(name, "The name of a secret in the store."),
        },
        "minProperties": 1,
        "maxProperties": 1,
        "additionalProperties": false,
    });
    let provider = json!({ "type": "string", "pattern": "^[a-z0-9._-]{1,60}$" });
    let aliases = json!({ "type": "array", "items": text(1..=200), "uniqueItems": true });
    let base_url = json!({ "type": "string", "pattern": "^https?://" });
    let switch = || json!({ "type": "boolean", "default": false });
    let data_policy = json!({
        "zero_data_retention": described(switch(), "Whether the upstream keeps no data."),
        "training_opt_out": described(switch(), "Whether it trains no models on data."),
        "retention_days": described(integer(0..=36_500), "The days for which it keeps data."),
    });
    let properties = json!({
        "id": described(text(1..=100), "The unique name."),
        "provider": described(provider, "`echo`, a known provider, or any name with a `base_url`."),
        "model": described(text(1..=200), "The model; absent means the model of the request."),
        "aliases": described(aliases, "Further names of the model; `*` matches any text."),
        "base_url": described(base_url, "The address, without credentials."),
        "secret_key_ref": secret,
        "api_key_header": described(text(1..=100), "The header that contains the credential."),
        "api_key_prefix": described(text(0..=100), "The word before the credential."),
        "weight": with_default(
            integer(0..=10_000),
            "The share of requests under `weighted`.",
            defaults::WEIGHT,
        ),
        "data_policy": object("The data policy of the upstream.", data_policy),
        "zdr": described(switch(), "A shorthand for `data_policy.zero_data_retention`."),
        "data_collection": with_default(
            words::<DataCollection>(),
            "Whether the upstream collects data to train models.",
            DataCollection::Allow.as_str(),
        ),
        "timeouts": timeouts("The timeouts of this upstream."),
    });
    object_with(&["id", "provider"], "An upstream.", properties)
}

/// Returns the timeouts of a target, which has those of all targets by default.
fn timeouts(description: &str) -> Value {
    let mut form = described(Timeouts::schema(), description);
    let settings = form["properties"].as_object_mut();
    for setting in settings.into_iter().flatten() {
        if let Some(setting) = setting.1.as_object_mut() {
            setting.remove("default");
        }
    }
    form
}

/// Returns a section whose settings are declared.
fn section<S: Settings>() -> Value {
    described(S::schema(), S::SUMMARY.trim())
}

#[cfg(test)]
mod tests {
    use super::super::{document, pack, providers, target};
    use super::json_schema;
    use crate::decode::Keys;

    /// The keys that the decoder knows only to report them.
    const REPORTED: [(&str, &str); 1] =
        [("/properties/providers/properties/targets/items", "api_key")];

    #[test]
    fn the_schema_has_the_keys_of_the_decoder() {
        let schema = json_schema();
        let providers_path = "/properties/providers";
        let target_path = "/properties/providers/properties/targets/items";
        let check = |path: &str, keys: &Keys| {
            let properties = schema.pointer(path).unwrap()["properties"].as_object();
            let mut found: Vec<&str> = properties.unwrap().keys().map(String::as_str).collect();
            let reported = REPORTED.iter().filter(|(place, _)| *place == path);
            found.extend(reported.map(|(_, key)| *key));
            let mut known = keys.known.to_vec();
            found.sort_unstable();
            known.sort_unstable();
            assert_eq!(found, known, "{path}");
        };
        check("", &document::KEYS);
        check("/properties/pack", &pack::KEYS);
        check(providers_path, &providers::KEYS);
        let below = |key: &str| format!("{providers_path}/properties/{key}");
        check(&below("routing"), &providers::ROUTING_KEYS);
        check(target_path, &target::KEYS);
        let below = |key: &str| format!("{target_path}/properties/{key}");
        check(&below("data_policy"), &target::DATA_KEYS);
        check(&below("secret_key_ref"), &crate::credential::SECRET_KEYS);
    }
}
