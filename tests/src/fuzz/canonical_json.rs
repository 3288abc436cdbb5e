//! The canonical form of JSON, which the seals of the audit log are made of.

use super::seeds::files;
use kt_control_api::canonical_json;
use serde_json::Value;

/// The canonical form is JSON of the same value, and its own canonical form.
pub(super) fn check(input: &[u8]) {
    let Ok(value) = serde_json::from_slice::<Value>(input) else {
        return;
    };
    let canonical = canonical_json(&value);
    let parsed: Value = serde_json::from_str(&canonical).expect("the canonical form is JSON");
    assert_eq!(parsed, value, "the value changed");
    assert_eq!(canonical_json(&parsed), canonical, "the form is not stable");
}

pub(super) fn seeds() -> Vec<Vec<u8>> {
    let mut seeds = files("plugins/gateway-config/templates", ".json");
    seeds.extend(files("tests/golden", ".json"));
    seeds.push(br#"{"b":[1,-2.5e-7,null,true],"a":{"\u00fc":"\ud83d\ude00"}}"#.to_vec());
    seeds
}
