use super::render;
use kt_plugin_api::service::{ServiceName, ServiceSpec, SystemInfo};
use plist::Value;
use std::path::Path;

pub(crate) fn spec() -> ServiceSpec {
    let split = |text: &str| text.split(' ').map(str::to_owned).collect::<Vec<_>>();
    ServiceSpec {
        family: "kt-gateway".to_owned(),
        name: ServiceName::default(),
        exec: split("/opt/homebrew/bin/kt gateway run --id gw_aaaaaaaaaaaaaaaa"),
        environment: vec![(
            "XDG_STATE_HOME".to_owned(),
            "/Users/u/.local/state".to_owned(),
        )],
        stderr_file: Some("/Users/u/Library/Logs/kt/gateway.default.stderr.log".into()),
        park_exit_codes: vec![2, 78],
        start_timeout_s: 60,
        stop_timeout_s: 45,
        open_files_limit: 8_192,
        ..ServiceSpec::default()
    }
}

pub(crate) fn system() -> SystemInfo {
    SystemInfo {
        os: "macos".to_owned(),
        uid: 501,
        user: "u".to_owned(),
        home: "/Users/u".into(),
        ..SystemInfo::default()
    }
}

fn render_list(spec: &ServiceSpec) -> String {
    render(spec, &system(), "dev.kt.gateway").unwrap()
}

#[test]
fn the_property_list_matches_the_golden_file() {
    let text = render_list(&spec());
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/dev.kt.gateway.plist");
    if std::env::var_os("KT_BLESS").is_some() {
        std::fs::write(&path, &text).unwrap();
    }
    assert_eq!(text, std::fs::read_to_string(&path).unwrap_or_default());
}

/// Checks the keys and types against launchd.plist(5).
#[test]
fn every_key_has_the_documented_type() {
    let value = Value::from_reader_xml(render_list(&spec()).as_bytes()).unwrap();
    for (key, value) in value.as_dictionary().unwrap() {
        let valid = match key.as_str() {
            "Label" | "ProcessType" | "WorkingDirectory" | "StandardOutPath"
            | "StandardErrorPath" => value.as_string().is_some(),
            "ProgramArguments" => value
                .as_array()
                .is_some_and(|a| a.iter().all(|v| v.as_string().is_some())),
            "RunAtLoad" => value.as_boolean() == Some(true),
            "ThrottleInterval" | "ExitTimeOut" | "Umask" => value.as_signed_integer().is_some(),
            "KeepAlive" | "SoftResourceLimits" | "EnvironmentVariables" => {
                value.as_dictionary().is_some()
            }
            _ => false,
        };
        assert!(valid, "{key}: {value:?}");
    }
    let keep = value.as_dictionary().unwrap()["KeepAlive"]
        .as_dictionary()
        .unwrap();
    assert_eq!(keep["SuccessfulExit"].as_boolean(), Some(false));
}

#[test]
fn special_characters_are_preserved() {
    let special = [
        "",
        " a ",
        "<&>\"'",
        "]]>",
        "%h ${HOME}",
        "tab\there",
        "line\nbreak",
        "ü☃",
    ];
    let mut spec = spec();
    spec.exec.extend(special.map(str::to_owned));
    let value = Value::from_reader_xml(render_list(&spec).as_bytes()).unwrap();
    let arguments: Vec<&str> = value.as_dictionary().unwrap()["ProgramArguments"]
        .as_array()
        .unwrap()
        .iter()
        .map(|v| v.as_string().unwrap())
        .collect();
    assert_eq!(arguments, spec.exec);
}

/// An agent with a limit that macOS rejects does not start.
#[test]
fn the_limit_of_open_files_is_at_most_that_of_macos() {
    let files = |count: u32| {
        let mut spec = spec();
        spec.open_files_limit = count;
        let value = Value::from_reader_xml(render_list(&spec).as_bytes()).unwrap();
        let limits = &value.as_dictionary().unwrap()["SoftResourceLimits"];
        limits.as_dictionary().unwrap()["NumberOfFiles"].as_signed_integer()
    };
    assert_eq!((files(512), files(65_536)), (Some(512), Some(8_192)));
}

#[test]
fn unsupported_texts_are_rejected() {
    let id = |change: fn(&mut ServiceSpec)| {
        let mut spec = spec();
        change(&mut spec);
        render(&spec, &system(), "x").unwrap_err().id.clone()
    };
    assert_eq!(id(|s| s.exec.push("\u{1}".to_owned())), "argument-unusable");
    assert_eq!(id(|s| s.exec[0] = "kt".to_owned()), "executable-unusable");
    assert_eq!(
        id(|s| s.stderr_file = Some("/a\u{7}".into())),
        "argument-unusable"
    );
}
