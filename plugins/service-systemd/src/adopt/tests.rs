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

fn kept(edited: &str) -> String {
    let plan = plan(&request(edited)).unwrap();
    let path = plan.artifacts[0].path.to_str().unwrap();
    assert!(
        path.starts_with("/h/.config/systemd/user/kt-gateway.service.d/50-adopted-"),
        "{path}"
    );
    plan.artifacts[0].content.clone()
}

#[test]
fn changed_and_added_settings_are_kept() {
    let edited = UNIT
        .replace("RestartSec=1s", "RestartSec=7s\nNice=5")
        .replace("[Unit]\n", "[Unit]\nAfter=x.service\n");
    assert_eq!(
        kept(&edited),
        "[Unit]\nAfter=x.service\n[Service]\nRestartSec=7s\nNice=5\n"
    );
}

#[test]
fn lists_are_forgotten_and_written_again() {
    let edited = UNIT.replace("Environment=B=2", "Environment=B=3");
    assert_eq!(
        kept(&edited),
        "[Service]\nEnvironment=\nEnvironment=A=1\nEnvironment=B=3\n"
    );
    let wrapped = UNIT.replace("kt gateway run", "kt \\\n  gateway run --workers 2");
    let text = kept(&wrapped);
    assert!(
        text.starts_with("[Service]\nExecStart=\nExecStart=/usr/bin/kt"),
        "{text}"
    );
    assert!(text.contains("--workers 2"));
}

#[test]
fn every_value_of_an_unknown_list_is_kept() {
    let edited = UNIT.replace("RestartSec=1s", "RestartSec=1s\nOnX=a\nOnX=b");
    assert_eq!(kept(&edited), "[Service]\nOnX=a\nOnX=b\n");
}

#[test]
fn comments_alone_are_nothing_to_keep() {
    let plan = plan(&request(&format!("; mine\n{UNIT}\n# mine"))).unwrap();
    assert!(plan.steps.is_empty());
    assert_eq!(plan.warnings.len(), 1);
}

#[test]
fn what_a_drop_in_cannot_say_is_refused_by_name() {
    for edited in [
        UNIT.replace("WantedBy=default.target", "WantedBy=other.target"),
        UNIT.replace("RestartSec=1s\n", ""),
    ] {
        let error = plan(&request(&edited)).unwrap_err();
        assert_eq!(error.id, "adopt-impossible");
    }
}

#[test]
fn a_second_adoption_does_not_replace_the_first() {
    let path = |edited: &str| plan(&request(edited)).unwrap().artifacts[0].path.clone();
    let (one, two) = (UNIT.replace("=1s", "=2s"), UNIT.replace("gateway", "proxy"));
    assert_ne!(path(&one), path(&two));
}
