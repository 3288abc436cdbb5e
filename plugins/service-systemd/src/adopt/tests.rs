use super::plan;
use kt_plugin_api::service::{AdoptRequest, ServiceSpec, SystemInfo};

const UNIT: &str = "\
# Generated
[Unit]
Description=kt AI gateway

[Service]
ExecStart=/usr/bin/kt gateway run
RestartSec=1s
Environment=A=1
Environment=B=2

[Install]
WantedBy=default.target
";

fn request(edited: &str) -> AdoptRequest {
    AdoptRequest {
        spec: ServiceSpec {
            family: "kt-gateway".to_owned(),
            ..ServiceSpec::default()
        },
        system: SystemInfo {
            config_home: "/h/.config".into(),
            ..SystemInfo::default()
        },
        path: "/h/.config/systemd/user/kt-gateway.service".into(),
        original: UNIT.to_owned(),
        edited: edited.to_owned(),
    }
}

fn adopted(edited: &str) -> String {
    let plan = plan(&request(edited)).unwrap();
    let path = plan.artifacts[0].path.to_str().unwrap();
    assert!(
        path.starts_with("/h/.config/systemd/user/kt-gateway.service.d/50-adopted-"),
        "{path}"
    );
    plan.artifacts[0].content.clone()
}

#[test]
fn changed_and_added_settings_are_moved() {
    let edited = UNIT
        .replace("RestartSec=1s", "RestartSec=7s\nNice=5")
        .replace("[Unit]\n", "[Unit]\nAfter=x.service\n");
    assert_eq!(
        adopted(&edited),
        "[Unit]\nAfter=x.service\n[Service]\nRestartSec=7s\nNice=5\n"
    );
}

#[test]
fn lists_are_reset_and_repeated() {
    let edited = UNIT.replace("Environment=B=2", "Environment=B=3");
    assert_eq!(
        adopted(&edited),
        "[Service]\nEnvironment=\nEnvironment=A=1\nEnvironment=B=3\n"
    );
    let wrapped = UNIT.replace("kt gateway run", "kt \\\n  gateway run --workers 2");
    let text = adopted(&wrapped);
    assert!(
        text.starts_with("[Service]\nExecStart=\nExecStart=/usr/bin/kt"),
        "{text}"
    );
    assert!(text.contains("--workers 2"));
}

#[test]
fn all_values_of_an_unknown_list_are_moved() {
    let edited = UNIT.replace("RestartSec=1s", "RestartSec=1s\nOnX=a\nOnX=b");
    assert_eq!(adopted(&edited), "[Service]\nOnX=a\nOnX=b\n");
}

#[test]
fn comments_are_not_moved() {
    let plan = plan(&request(&format!("; mine\n{UNIT}\n# mine"))).unwrap();
    assert!(plan.steps.is_empty());
    assert_eq!(plan.warnings.len(), 1);
}

#[test]
fn edits_that_a_drop_in_cannot_express_are_rejected() {
    for edited in [
        UNIT.replace("WantedBy=default.target", "WantedBy=other.target"),
        UNIT.replace("RestartSec=1s\n", ""),
    ] {
        let error = plan(&request(&edited)).unwrap_err();
        assert_eq!(error.id, "adopt-impossible");
    }
}

#[test]
fn a_later_drop_in_does_not_replace_an_earlier_one() {
    let path = |edited: &str| plan(&request(edited)).unwrap().artifacts[0].path.clone();
    let (one, two) = (UNIT.replace("=1s", "=2s"), UNIT.replace("gateway", "proxy"));
    assert_ne!(path(&one), path(&two));
}
