//! The formats that are made from the same list of packages, checked by the tools of each, and the
//! bill of materials.

use crate::harness::{Sandbox, dist, tool, with_cargo, workspace};
use std::collections::BTreeSet;
use std::path::Path;

/// The packages of Linux.
const PACKAGES: [&str; 7] = [
    "kt",
    "kt-control-plane",
    "kt-gateway-config",
    "kt-gateway-control",
    "kt-gateway-run",
    "kt-gateway-service",
    "kt-service-systemd",
];

/// Returns what a program of `packaging` prints for the staged tree.
fn printed(sandbox: &Sandbox, program: &str, argument: &Path) -> String {
    let run = sandbox
        .program(&workspace().join("packaging").join(program))
        .arg(argument);
    run.env("PATH", "/usr/bin:/bin").run().ok().stdout.clone()
}

#[test]
fn the_rpm_spec_has_all_packages() {
    let Some(rpmspec) = tool("rpmspec") else {
        return;
    };
    let sandbox = Sandbox::new();
    let spec = sandbox.write("kt.spec", printed(&sandbox, "rpm", &dist()));
    let query = sandbox
        .program(&rpmspec)
        .args(["-q", "--qf", "%{name}\n"])
        .arg(spec);
    let queried = query.run();
    let names: BTreeSet<&str> = queried.ok().stdout.lines().collect();
    assert_eq!(names, BTreeSet::from(PACKAGES));
}

#[test]
fn the_nix_expression_is_valid() {
    let Some(nix) = tool("nix-instantiate") else {
        return;
    };
    let sandbox = Sandbox::new();
    let expression = sandbox.write("kt.nix", printed(&sandbox, "nix", &dist()));
    let parse = sandbox.program(&nix).arg("--parse").arg(expression);
    parse
        .run()
        .ok()
        .stdout_contains("buildRustPackage")
        .stdout_contains("service-systemd");
}

#[test]
fn the_formula_has_the_checksum_of_the_archive() {
    let Some(sha256sum) = tool("sha256sum") else {
        return;
    };
    let sandbox = Sandbox::new();
    let folder = sandbox.path("archives");
    let target = Path::new("x86_64-unknown-linux-gnu");
    let archive = sandbox.program(&workspace().join("packaging/archive"));
    let made = archive
        .args([&dist(), target, &folder])
        .env("SOURCE_DATE_EPOCH", "1700000000")
        .run();
    let summed = sandbox
        .program(&sha256sum)
        .arg(made.ok().stdout.trim())
        .run();
    let sum = summed
        .ok()
        .stdout
        .split(' ')
        .next()
        .unwrap_or_default()
        .to_owned();
    let formula = printed(&sandbox, "homebrew", &folder);
    assert!(formula.contains(&format!("sha256 \"{sum}\"")), "{formula}");
    assert!(formula.contains("class Kt < Formula"));
}

#[test]
fn the_bill_of_materials_lists_what_is_linked_in() {
    let sandbox = Sandbox::new();
    let run = sandbox.program(&workspace().join("packaging/sbom"));
    let run = with_cargo(run.arg("x86_64-unknown-linux-gnu"));
    let run = run.env("SOURCE_DATE_EPOCH", "1700000000");
    let document = run.run().ok().json();
    assert_eq!(document["specVersion"], "1.5");
    assert_eq!(document["metadata"]["timestamp"], "2023-11-14T22:13:20Z");
    let components = document["components"].as_array().expect("a list");
    let names: BTreeSet<&str> = components
        .iter()
        .filter_map(|c| c["name"].as_str())
        .collect();
    for linked in ["hyper", "rusqlite", "rustls", "clap"] {
        assert!(names.contains(linked), "{linked}: {names:?}");
    }
    for test in ["proptest", "insta", "kt-policy", "gateway-run"] {
        assert!(
            !names.contains(test),
            "{test} is not a library that is shipped"
        );
    }
    for component in components {
        assert!(component["hashes"][0]["content"].is_string(), "{component}");
        assert!(
            component["licenses"][0]["expression"].is_string(),
            "{component}"
        );
    }
}
