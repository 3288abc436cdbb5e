use super::{render, render_sandbox_check};
use crate::quote::tests::SPECIAL;
use kt_plugin_api::service::{Sandbox, ServiceName, ServiceSpec, SystemInfo};
use std::path::Path;
use std::process::{Command, Output};

pub(crate) fn spec() -> ServiceSpec {
    let split = |text: &str| text.split(' ').map(str::to_owned).collect::<Vec<_>>();
    ServiceSpec {
        family: "kt-gateway".to_owned(),
        name: ServiceName::default(),
        description: "kt AI gateway (default)".to_owned(),
        generator: "kt 1.2.3".to_owned(),
        exec: split("/usr/bin/kt gateway run --id gw_aaaaaaaaaaaaaaaa --listen 127.0.0.1:41002"),
        reload: split("/usr/bin/kt gateway reload --id gw_aaaaaaaaaaaaaaaa --timeout 30s"),
        environment: vec![("KT_HOME".to_owned(), "/home/u/kt home".to_owned())],
        environment_file: Some("/home/u/.config/kt/gateway/default.env".into()),
        park_exit_codes: vec![2, 3, 4, 5, 9, 10, 78],
        start_timeout_s: 60,
        stop_timeout_s: 45,
        watchdog_s: 30,
        open_files_limit: 65_536,
        fd_store_max: 65,
        sandbox_check: split("/usr/bin/kt plugin verify gateway-run"),
        read_write_paths: vec!["/home/u/kt home/state".into(), "/run/user/1000/kt".into()],
        inaccessible_paths: vec!["/home/u/.ssh".into()],
        ..ServiceSpec::default()
    }
}

fn strict() -> ServiceSpec {
    ServiceSpec {
        sandbox: Sandbox::Strict,
        ..spec()
    }
}

fn system(version: u32) -> SystemInfo {
    SystemInfo {
        supervisor_version: Some(version),
        runtime_dir: Some("/run/user/1000".into()),
        ..SystemInfo::default()
    }
}

fn golden(name: &str, text: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/golden")
        .join(name);
    if std::env::var_os("KT_BLESS").is_some() {
        std::fs::write(&path, text).unwrap();
    }
    let expected = std::fs::read_to_string(&path).unwrap_or_default();
    assert_eq!(text, expected, "{} differs", path.display());
}

#[test]
fn units_match_the_golden_files() {
    let unit = |version| render(&spec(), &system(version), "kt-gateway.service").unwrap();
    golden("systemd-252.service", &unit(252));
    golden("systemd-257.service", &unit(257));
    let unit = render(&strict(), &system(252), "kt-gateway.service").unwrap();
    golden("systemd-252-strict.service", &unit);
    let check = render_sandbox_check(&strict(), &system(252)).unwrap();
    golden("systemd-252-sandbox-check.service", &check);
}

#[test]
fn units_contain_no_setting_that_breaks_a_supported_version() {
    let unit = render(&strict(), &system(252), "kt-gateway.service").unwrap();
    for setting in [
        "notify-reload",
        "network-online",
        "multi-user",
        "CapabilityBoundingSet",
        "PrivateDevices",
        "ProtectKernelModules",
        "ProtectClock",
        "StateDirectory",
        "RestartSteps",
        "MemoryDenyWriteExecute",
    ] {
        assert!(!unit.contains(setting), "{setting}");
    }
}

#[test]
fn unsupported_specifications_are_rejected() {
    let id = |change: fn(&mut ServiceSpec)| {
        let mut spec = spec();
        change(&mut spec);
        render(&spec, &system(252), "x.service")
            .unwrap_err()
            .id
            .clone()
    };
    assert_eq!(
        id(|s| s.exec[0] = "/a'b/kt".to_owned()),
        "executable-unusable"
    );
    assert_eq!(id(|s| s.exec.clear()), "executable-unusable");
    assert_eq!(id(|s| s.exec.push("a\0b".to_owned())), "argument-unusable");
    assert_eq!(
        id(|s| s.environment_file = Some("/a\nb".into())),
        "path-unusable"
    );
    assert_eq!(
        id(|s| s.environment.push(("A B".to_owned(), String::new()))),
        "invalid-variable"
    );
    assert_eq!(
        id(|s| {
            s.sandbox = Sandbox::Strict;
            s.read_write_paths.push("/a\nb".into());
        }),
        "path-unusable"
    );
}

fn analyze(home: &Path, args: &[&str]) -> Option<Output> {
    let result = Command::new("systemd-analyze")
        .arg("--user")
        .args(args)
        .env("XDG_RUNTIME_DIR", home)
        .env("LC_ALL", "C")
        .output();
    match result {
        Ok(output) => Some(output),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            println!("skipped: `systemd-analyze` is not installed");
            None
        }
        Err(error) => panic!("{error}"),
    }
}

/// `systemd-analyze verify` always exits with 0, so it must print nothing.
#[test]
fn systemd_analyze_reports_no_problem() {
    let home = tempfile::tempdir().unwrap();
    let program = home.path().join("a $b%c kt");
    std::fs::copy("/bin/true", &program).unwrap();
    for mut spec in [spec(), strict()] {
        spec.exec[0] = program.to_str().unwrap().to_owned();
        spec.reload[0].clone_from(&spec.exec[0]);
        spec.exec.extend(SPECIAL.map(str::to_owned));
        spec.environment.extend(
            SPECIAL
                .iter()
                .enumerate()
                .map(|(i, v)| (format!("V{i}"), (*v).to_owned())),
        );
        spec.description = "100% \"odd\" \\".to_owned();
        spec.read_write_paths
            .push("/k $HOME %h \"q\" \\ ; 'x'".into());
        let unit = home.path().join("kt-gateway.service");
        let text = render(&spec, &system(252), "kt-gateway.service").unwrap();
        std::fs::write(&unit, text).unwrap();
        let unit = unit.to_str().unwrap();
        let Some(output) = analyze(home.path(), &["--man=no", "verify", unit]) else {
            return;
        };
        assert_eq!(String::from_utf8_lossy(&output.stderr), "");
        assert_eq!(output.status.code(), Some(0));
    }
}

/// The exposure level of `systemd-analyze security`, in tenths (8.7 and 5.6 with
/// version 252, slightly lower with 257) must not increase.
#[test]
fn the_exposure_level_does_not_increase() {
    let home = tempfile::tempdir().unwrap();
    for (spec, limit) in [(spec(), "87"), (strict(), "56")] {
        let unit = home.path().join("kt-gateway.service");
        let text = render(&spec, &system(252), "kt-gateway.service").unwrap();
        std::fs::write(&unit, text.replace("/usr/bin/kt", "/bin/true")).unwrap();
        let unit = unit.to_str().unwrap();
        let threshold = format!("--threshold={limit}");
        let args = ["security", "--offline=true", "--no-pager", &threshold, unit];
        let Some(output) = analyze(home.path(), &args) else {
            return;
        };
        let text = String::from_utf8_lossy(&output.stdout);
        assert_eq!(output.status.code(), Some(0), "{text}");
    }
}
