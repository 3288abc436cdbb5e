//! Completion by plugins: libraries, isolated libraries and programs, well-behaved and not.

use super::plugin_dir::{CPlugin, PluginDir};
use super::remaining::assert_none_remain;
use crate::harness::{Sandbox, tool};
use serde_json::{Value, json};

/// The candidates for a line, and the error. Nothing else is printed, whatever happens.
fn complete(dir: &PluginDir<'_>, line: &str) -> (Value, Value) {
    let words = ["--", "kt"].into_iter().chain(line.split(' '));
    let output = dir
        .sandbox()
        .kt(words)
        .env("KT_PLUGIN_PATH", dir.path())
        .env("KT_COMPLETE", "json")
        .run();
    assert_eq!(output.stderr, "", "{output}");
    let mut answer = output.ok().json();
    (answer["candidates"].take(), answer["error"].take())
}

fn assert_completes(dir: &PluginDir<'_>, command: &str) {
    let candidates = json!([
        { "value": "ann", "description": "at the door" },
        { "value": "anton", "description": "" },
    ]);
    let (found, error) = complete(dir, &format!("{command} --name an"));
    assert_eq!((found, error), (candidates, Value::Null));
    let (found, _) = complete(dir, &format!("{command} --name=w"));
    let default = json!([{ "value": "--name=world", "description": "the default" }]);
    assert_eq!(found, default);
}

#[test]
fn a_library_completes_in_a_process_of_its_own() {
    let sandbox = Sandbox::new();
    let dir = PluginDir::new(&sandbox);
    if dir.build(&CPlugin::greeter()).is_some() {
        assert_completes(&dir, "greet hello");
        assert_none_remain(&sandbox);
    }
}

/// A plugin of the installation is loaded in the process of the host.
#[test]
fn a_library_of_the_installation_completes() {
    let sandbox = Sandbox::with_own_dist();
    let dir = PluginDir::new(&sandbox);
    if dir.build(&CPlugin::greeter()).is_some() {
        let installed = sandbox.dist().join("lib/kt/plugins/greeter-c");
        std::fs::rename(dir.path().join("greeter-c"), installed).expect("one file system");
        assert_completes(&dir, "greet hello");
    }
}

#[test]
fn a_program_completes() {
    let Some(_python) = tool("python3") else {
        return;
    };
    let sandbox = Sandbox::new();
    let dir = PluginDir::new(&sandbox);
    dir.example_program("greeter-python");
    assert_completes(&dir, "python hello");
    assert_none_remain(&sandbox);
}

#[test]
fn misbehavior_is_not_seen() {
    let sandbox = Sandbox::new();
    let dir = PluginDir::new(&sandbox);
    if dir.build(&CPlugin::probe()).is_none() {
        return;
    }
    for (word, offered, reason) in [
        ("", &["fine"][..], ""),
        ("split", &["split-é"], ""),
        ("prompt", &["prompted"], ""),
        ("control", &["controlled"], "has control characters"),
        ("crash", &[], "SIGILL"),
        ("crash-2", &[], "SIGILL"),
        ("crash-3", &[], "SIGILL"),
        ("exit", &[], "exited with code"),
        ("fail", &[], "status -1 without an error"),
        ("bytes", &[], "not UTF-8"),
        ("flood", &[], "larger than"),
        ("hang", &[], "did not return"),
    ] {
        let (candidates, error) = complete(&dir, &format!("probe complete {word}"));
        let candidates = candidates.as_array().into_iter().flatten();
        let values: Vec<&str> = candidates.filter_map(|c| c["value"].as_str()).collect();
        assert_eq!(values, offered, "{word}: {error}");
        let text = error.to_string();
        assert!(text.contains(reason), "{word}: {error}");
        assert!(error.is_null() == reason.is_empty(), "{word}: {error}");
    }
    assert_none_remain(&sandbox);
}

/// A program that answers nothing at all.
#[test]
fn a_silent_program_is_not_waited_for() {
    let sandbox = Sandbox::new();
    let dir = PluginDir::new(&sandbox);
    let manifest = "manifest = 1\nname = \"silent\"\nversion = \"1.0.0\"\ndescription = \"d\"\napi = \"^1.0\"\nkind = \"process\"\nexecutable = \"silent\"\n[[command]]\npath = [\"silent\"]\nabout = \"Wait\"\narg = [{ name = \"x\", about = \"X\", dynamic = true }]\n";
    dir.put_program(manifest, b"#!/bin/sh\nexec sleep 600\n");
    let (candidates, error) = complete(&dir, "silent x");
    assert_eq!(candidates, json!([]));
    assert!(error.to_string().contains("initialize"), "{error}");
    assert_none_remain(&sandbox);
}
