//! The profile with which release builds are optimized.

use crate::harness::{Sandbox, tool, workspace};
use std::fs;
use std::os::unix::fs::PermissionsExt;

/// What a build would run; `None` where there is no make.
fn build(options: &[&str]) -> Option<String> {
    let sandbox = Sandbox::new();
    let make = sandbox.program(&tool("make")?).cwd(workspace());
    let run = make.args(["-n", "build"]).args(options).run();
    Some(run.ok().stdout.clone())
}

#[test]
fn release_builds_use_the_profile_of_their_platform() {
    let platform = "TRIPLE=x86_64-unknown-linux-gnu";
    let profile = "packaging/profiles/x86_64-unknown-linux-gnu.profdata";
    assert!(workspace().join(profile).is_file());
    let Some(guided) = build(&[platform]) else {
        return;
    };
    assert!(guided.contains(&format!("packaging/pgo use \"{profile}\"")));
    assert!(!guided.contains("-p gateway-run"), "{guided}");
    for options in [
        [platform, "PGO="],
        [platform, "PROFILE=staging"],
        ["TRIPLE=riscv64gc-unknown-linux-gnu", "PROFILE=release"],
    ] {
        let plain = build(&options).expect("there is a make");
        assert!(plain.contains("-p gateway-run"), "{plain}");
        assert!(!plain.contains("packaging/pgo"), "{plain}");
    }
}

/// Stands in for cargo: it prints the flags, and leaves a library.
const CARGO: &str = "#!/bin/sh
printf '%s' \"$CARGO_ENCODED_RUSTFLAGS\"
mkdir -p work/platform/release
echo library > work/platform/release/libgateway_run.so
";

#[test]
fn a_profile_is_used_beside_the_flags_of_the_build() {
    let sandbox = Sandbox::new();
    let cargo = sandbox.path("bin/cargo");
    fs::create_dir_all(cargo.parent().expect("a folder")).expect("the sandbox is writable");
    fs::write(&cargo, CARGO).expect("the sandbox is writable");
    fs::set_permissions(&cargo, fs::Permissions::from_mode(0o755)).expect("it is there");
    fs::create_dir(sandbox.path("out")).expect("the sandbox is writable");
    let profile = sandbox.path("a profile");
    let path = format!("{}:/usr/bin:/bin", sandbox.path("bin").display());
    let run = || {
        let run = sandbox.program(&workspace().join("packaging/pgo"));
        let run = run.arg("use").arg(&profile);
        let run = run.args(["work", "out", "platform"]).env("PATH", &path);
        run.env("RUSTFLAGS", "-Copt-level=1  -Cdebuginfo=0").run()
    };
    run()
        .exits(2)
        .stderr_contains("`make build PGO=` needs none");
    fs::write(&profile, "").expect("the sandbox is writable");
    let built = run();
    let flags: Vec<&str> = built.ok().stdout.split('\x1f').collect();
    let of_profile = format!("-Cprofile-use={}", profile.display());
    assert_eq!(flags[..3], ["-Copt-level=1", "-Cdebuginfo=0", &of_profile]);
    let library = fs::read_to_string(sandbox.path("out/libgateway_run.so"));
    assert_eq!(library.expect("it is put there"), "library\n");
}
