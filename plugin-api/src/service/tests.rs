use super::*;
use crate::{Class, Error};
use serde_json::{Value, json};

struct Echo;

impl ServiceBackend for Echo {
    fn describe(&self) -> Result<Description, Error> {
        Ok(Description {
            name: "echo".to_owned(),
            ..Description::default()
        })
    }
    fn inspect(&self, request: &InspectRequest) -> Result<Probes, Error> {
        let InspectTarget::Service { family, name } = &request.target else {
            return Ok(Probes::default());
        };
        let unit = name.qualify(family, '-');
        Ok(Probes {
            probes: vec![Probe::new("unit", ProbeAction::Read(unit.into()))],
        })
    }
    fn detect(&self, request: &DetectRequest) -> Result<Detection, Error> {
        ProbeResult::find(&request.results, "version").map(|_| Detection::default())
    }
    fn observe(&self, _: &ObserveRequest) -> Result<ServiceStatus, Error> {
        Ok(ServiceStatus::default())
    }
    fn render(&self, _: &RenderRequest) -> Result<Plan, Error> {
        Err(Error::new(Class::Usage, "cannot-express", "no"))
    }
    fn logs(&self, _: &LogsRequest) -> Result<LogSources, Error> {
        Ok(LogSources::default())
    }
}

fn dispatch(method: &str, request: Value) -> Result<Value, Error> {
    ServiceProvider(Echo).dispatch(method, request)
}

#[test]
fn calls_are_dispatched_to_the_backend_as_json() {
    assert_eq!(dispatch("describe", json!({})).unwrap()["name"], "echo");
    let service = json!({ "service": { "family": "kt-gateway", "name": "edge" } });
    let result = dispatch("inspect", json!({ "target": service, "system": {} })).unwrap();
    assert_eq!(
        result,
        json!({ "probes": [{ "id": "unit", "action": { "read": "kt-gateway-edge" } }] })
    );
    let result = dispatch("inspect", json!({ "target": "supervisor", "system": {} })).unwrap();
    assert_eq!(result, json!({ "probes": [] }));
}

#[test]
fn unknown_methods_invalid_requests_and_missing_probes_have_distinct_errors() {
    let id = |r: Result<Value, Error>| r.unwrap_err().id.clone();
    assert_eq!(id(dispatch("reload", json!({}))), "unsupported-method");
    assert_eq!(id(dispatch("render", json!({}))), "invalid-request");
    assert_eq!(
        id(dispatch("detect", json!({ "system": {}, "results": [] }))),
        "probe-missing"
    );
}

#[test]
fn unknown_keys_are_ignored_and_absent_keys_have_defaults() {
    let request = json!({
        "action": "install", "spec": { "later": 1 }, "system": { "later": true }
    });
    let read: RenderRequest = serde_json::from_value(request).unwrap();
    assert_eq!(read.options, RenderOptions::default());
    assert_eq!(read.spec.name.as_str(), "default");
}

#[test]
fn service_names_are_safe_in_files_and_labels() {
    for good in ["default", "a", "0-a", &"a".repeat(32)] {
        assert_eq!(ServiceName::parse(good).unwrap().as_str(), good);
    }
    for bad in ["", "-a", "A", "a b", "a/b", "ä", "a\n", &"a".repeat(33)] {
        let error = ServiceName::parse(bad).unwrap_err();
        assert_eq!(
            (error.class, &*error.id),
            (Class::Usage, "invalid-service-name")
        );
    }
    assert!(serde_json::from_value::<ServiceName>(json!("../x")).is_err());
    assert_eq!(
        ServiceName::default().qualify("kt-gateway", '.'),
        "kt-gateway"
    );
}
