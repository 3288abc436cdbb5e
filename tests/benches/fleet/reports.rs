//! Status reports of the instances of one gateway.

use crate::control_plane::ControlPlane;
use serde_json::{Value, json};
use std::time::{Duration, Instant};

/// What an instance answers to a generation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ReportedOutcome {
    Applied,
    Rejected,
}

/// Returns the id of an instance.
pub(crate) fn instance_id(instance: usize) -> String {
    let digits = format!("{instance:016}");
    let letters = digits.bytes().map(|digit| char::from(digit - b'0' + b'a'));
    format!("in_{}", letters.collect::<String>())
}

/// Returns the report of an instance about the desired version of its gateway.
pub(crate) fn report(
    gateway: &Value,
    instance: usize,
    seq: u64,
    answer: ReportedOutcome,
) -> String {
    let (generation, version) = (&gateway["generation"], &gateway["desired"]["version"]);
    let at = "2026-01-01T00:00:00Z";
    let mut report = json!({
        "instance_id": instance_id(instance), "seq": seq, "lease_seconds": 3600,
        "started_at": at, "source": "control-plane",
        "observed": {"generation": generation, "version": version},
    });
    match answer {
        ReportedOutcome::Applied => {
            report["applied"] = json!({
                "generation": generation, "version": version,
                "sha256": gateway["desired"]["sha256"], "at": at,
            });
        }
        ReportedOutcome::Rejected => {
            report["rejection"] = json!({
                "generation": generation, "version": version, "code": "upstream-unreachable",
                "message": "simulated", "at": at,
            });
        }
    }
    report.to_string()
}

/// Sends reports of the instances one after another, at most `per_second`. Returns how many were
/// sent and not ignored, and the times of the requests.
pub(crate) async fn send_reports(
    server: &ControlPlane<'_>,
    gateway: &Value,
    instances: impl Iterator<Item = (usize, u64, ReportedOutcome)>,
    per_second: Option<f64>,
) -> (usize, Vec<Duration>) {
    let mut client = server.connect().await;
    let target = format!(
        "/v1/gateways/{}/status",
        gateway["id"].as_str().unwrap_or_default()
    );
    let (start, mut counted, mut times) = (Instant::now(), 0, Vec::new());
    for (number, (instance, seq, answer)) in instances.enumerate() {
        if let Some(per_second) = per_second {
            let due = start + Duration::from_secs_f64(number as f64 / per_second);
            tokio::time::sleep_until(due.into()).await;
        }
        let sent = Instant::now();
        let body = report(gateway, instance, seq, answer);
        let response = client.request("POST", &target, &body).await;
        let (status, body) = response.expect("a response");
        assert_eq!(status, 200, "{body}");
        counted += usize::from(body["ignored"] != true);
        times.push(sent.elapsed());
    }
    (counted, times)
}
