//! The services of this machine that run a gateway.

use std::fs;
use std::path::Path;

use serde::Deserialize;

use crate::GatewayId;

/// What every version of a service record has.
#[derive(Deserialize)]
struct ServiceRecord {
    gateway_id: String,
}

/// Returns the names of the services of this user that run a gateway.
#[must_use]
pub fn services_of(state_dir: &Path, gateway: &GatewayId) -> Vec<String> {
    let entries = fs::read_dir(state_dir.join("service"))
        .into_iter()
        .flatten();
    let runs = |dir: &Path| {
        let record = fs::read(dir.join("service.json")).ok()?;
        let record: ServiceRecord = serde_json::from_slice(&record).ok()?;
        (record.gateway_id == gateway.as_str()).then_some(())
    };
    let names = entries.filter_map(|entry| {
        let entry = entry.ok()?;
        runs(&entry.path())?;
        entry.file_name().into_string().ok()
    });
    let mut names: Vec<String> = names.collect();
    names.sort();
    names
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn services_are_found_by_their_gateway() {
        let state = tempfile::tempdir().unwrap();
        let gateway: GatewayId = "gw_abcdefghijklmnop".parse().unwrap();
        assert!(services_of(state.path(), &gateway).is_empty());
        for (name, record) in [
            (
                "edge",
                format!("{{\"gateway_id\": \"{gateway}\", \"later\": 1}}"),
            ),
            ("other", "{\"gateway_id\": \"gw_x\"}".to_owned()),
            ("damaged", "{".to_owned()),
        ] {
            let dir = state.path().join("service").join(name);
            fs::create_dir_all(&dir).unwrap();
            fs::write(dir.join("service.json"), record).unwrap();
        }
        assert_eq!(services_of(state.path(), &gateway), ["edge"]);
    }
}
