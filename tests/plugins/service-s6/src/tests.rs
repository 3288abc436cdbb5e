use crate::files::render;
use crate::paths::Paths;
use kt_plugin_api::service::{ServiceSpec, SystemInfo};
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

const SPECIAL: [&str; 6] = ["", "a b", "it's", "$HOME`reboot`\\", "*;&|#", "\t\nüß€"];

fn system(home: &Path) -> SystemInfo {
    SystemInfo {
        home: home.to_owned(),
        ..SystemInfo::default()
    }
}

fn spec(exec: &[&str]) -> ServiceSpec {
    ServiceSpec {
        family: "kt-gateway".to_owned(),
        exec: exec.iter().map(|&arg| arg.to_owned()).collect(),
        park_exit_codes: vec![2, 78],
        ..ServiceSpec::default()
    }
}

fn home(test: &str) -> PathBuf {
    let home = std::env::temp_dir().join(format!("s6 '{test}' {}", std::process::id()));
    fs::create_dir_all(&home).unwrap();
    home
}

/// Writes the files, and runs a script as s6 does.
fn run(home: &Path, spec: &ServiceSpec, args: &[&str]) -> Output {
    let system = system(home);
    let paths = Paths::new(&system, &spec.family, &spec.name);
    for file in render(spec, &system, &paths).unwrap() {
        fs::create_dir_all(file.path.parent().unwrap()).unwrap();
        fs::write(&file.path, file.content).unwrap();
        fs::set_permissions(&file.path, fs::Permissions::from_mode(file.mode)).unwrap();
    }
    let mut command = Command::new("/bin/sh");
    command.args(args).env("LEAK", "1").current_dir(&paths.dir);
    command.output().unwrap()
}

#[test]
fn arguments_and_variables_are_passed_unchanged() {
    let home = home("variables");
    let file = home.join("env");
    let line = "# comment\n NOTE=\"a $(touch ran) b\"\nPPID=1\n1ST=no\nLAST=no newline";
    fs::write(&file, line).unwrap();
    let script = "printf '%s\\0' \"$@\" \"$X\" \"$NOTE\" \"$LAST\" \"${LEAK-none}\"";
    let exec = [&["/bin/sh", "-c", script, "sh"], &SPECIAL[..]].concat();
    let mut spec = spec(&exec);
    spec.environment = vec![("X".to_owned(), SPECIAL.concat())];
    spec.environment_file = Some(file);
    let output = String::from_utf8(run(&home, &spec, &["./run"]).stderr).unwrap();
    let special = SPECIAL.concat();
    let variables = [&special, "a $(touch ran) b", "no newline", "none", ""];
    assert_eq!(output, [&SPECIAL[..], &variables].concat().join("\0"));
    fs::remove_dir_all(home).unwrap();
}

#[test]
fn only_the_listed_exit_codes_park_the_service() {
    let home = home("codes");
    for (args, parks) in [("78 0", true), ("0 0", false), ("256 15", false)] {
        let args: Vec<&str> = ["./finish"].into_iter().chain(args.split(' ')).collect();
        let code = run(&home, &spec(&["/bin/true"]), &args).status.code();
        assert_eq!(code == Some(125), parks, "{args:?}");
    }
    fs::remove_dir_all(home).unwrap();
}
