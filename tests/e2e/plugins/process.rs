//! Plugins that are programs: the examples in Python and in shell, and programs that
//! violate the protocol.

use super::plugin_dir::{CPlugin, PluginDir};
use super::remaining::assert_none_remain;
use crate::harness::{Sandbox, TIMEOUT, tool};
use rustix::process::Signal;
use serde_json::json;
use std::io::{BufRead, BufReader};
use std::path::Path;

/// Runs the test with the example in Python, if there is an interpreter.
fn with_python(test: impl FnOnce(&PluginDir<'_>)) {
    let Some(_python) = tool("python3") else {
        return;
    };
    let sandbox = Sandbox::new();
    let dir = PluginDir::new(&sandbox);
    dir.example_program("greeter-python");
    test(&dir);
    assert_none_remain(&sandbox);
}

#[test]
fn a_program_works_like_a_library() {
    with_python(|dir| {
        let greeted = dir.kt("python hello --name you").run();
        assert_eq!(greeted.ok().stdout, "hello, you\n");
        let json = dir.kt("python hello -o json").run();
        assert_eq!(json.ok().json(), json!({ "text": "hello, world" }));
        dir.kt("python fail")
            .run()
            .exits(5)
            .stdout_is_empty()
            .stderr_contains("error: nobody to greet")
            .stderr_contains("hint: try another door");
        let listed = dir.kt("plugin verify greeter-python -o json").run();
        assert_eq!(listed.ok().text_at("/0/state"), "ok");
    });
}

#[test]
fn a_program_in_shell_needs_no_library() {
    let sandbox = Sandbox::new();
    let dir = PluginDir::new(&sandbox);
    dir.example_program("greeter-sh");
    assert_eq!(dir.kt("sh hello").run().ok().stdout, "hello from sh\n");
    if dir.build(&CPlugin::greeter()).is_some() {
        sandbox.write_settings("[providers]\n'example.greeting/1' = 'sh'\n");
        assert_eq!(dir.kt("greet ask").run().ok().stdout, "hello from sh\n");
    }
    assert_none_remain(&sandbox);
}

#[test]
fn a_program_emits_events_warnings_and_records() {
    with_python(|dir| {
        dir.kt("python events")
            .run()
            .ok()
            .stdout_contains("done")
            .stderr_contains("an event\n")
            .stderr_contains("warning: a warning")
            .stderr_contains("warn greeter: a record {\"n\":1}")
            .stderr_excludes("later version");
        let lines = dir.kt("python events -o json").run();
        let first = lines.ok().stdout.lines().next().unwrap_or_default();
        assert!(first.contains("\"event\":\"greeted\""), "{lines}");
        dir.kt("python events -q")
            .run()
            .ok()
            .stderr_excludes("a record");
    });
}

#[test]
fn a_program_prompts_through_the_host() {
    with_python(|dir| {
        let asked = dir.kt("python ask --yes").stdin("secret\n").run();
        assert_eq!(asked.ok().stdout, "a secret of 6 characters\n");
        dir.kt("python ask")
            .run()
            .exits(2)
            .stderr_contains("pass `--yes` to confirm");
    });
}

#[test]
fn a_program_is_cancelled_and_reloads() {
    with_python(|dir| {
        for (signal, code) in [(Signal::INT, 130), (Signal::TERM, 143)] {
            let mut running = dir.kt("python wait").spawn();
            let shown =
                |text: &'static str| move |_: &str, err: &str| err.contains(text).then_some(());
            running.wait_for("readiness", TIMEOUT, shown("waiting"));
            running.signal(Signal::HUP);
            running.wait_for("the reload", TIMEOUT, shown("reload 1"));
            running.signal(signal);
            running.wait(TIMEOUT).exits(code);
        }
        dir.kt("python count --timeout 200ms")
            .run()
            .exits(7)
            .stderr_contains("cancelled by deadline");
    });
}

/// As in `kt … | head -2`.
#[test]
fn a_program_ends_when_the_reader_closes_the_pipe() {
    with_python(|dir| {
        let (reader, writer) = std::io::pipe().expect("a pipe can be created");
        let running = dir.kt("python count").stdout_to(writer).spawn();
        let mut lines = BufReader::new(reader).lines();
        assert!(
            lines
                .nth(1)
                .is_some_and(|line| line.is_ok_and(|l| l == "2"))
        );
        drop(lines);
        let output = running.wait(TIMEOUT);
        assert_eq!(output.ok().stderr, "", "{output}");
    });
}

#[test]
fn a_program_provides_interfaces_and_calls_them() {
    with_python(|dir| {
        let own = dir.kt("python call --times 8 -o json").run();
        assert_eq!(own.ok().text_at("/name"), "python");
        let answers = own.at("/answers");
        assert_eq!(answers.as_array().map(Vec::len), Some(8), "{own}");
        dir.kt("python call --method other")
            .run()
            .exits(9)
            .stderr_contains(
                "plugin `greeter-python` 1.0.0 failed in `other` of `example.greeting/1`",
            )
            .stderr_contains("only `greeting` is known");
        dir.kt("python call --interface example.absent/1")
            .run()
            .exits(9)
            .stderr_contains("no provider of `example.absent/1`");
        if dir.build(&CPlugin::greeter()).is_none() {
            return;
        }
        for mode in ["", "--isolate"] {
            let called = dir.kt(&format!("python call --of c -o json {mode}")).run();
            assert_eq!(called.ok().text_at("/answers/0/value/text"), "hello from C");
            let asked = dir.kt(&format!("greet ask {mode}")).run();
            assert_eq!(asked.ok().stdout, "hello from Python\n");
        }
    });
}

#[test]
fn a_program_inherits_the_environment_and_no_descriptors() {
    with_python(|dir| {
        let output = dir
            .kt("python environment -o json")
            .env("PROBE_MARKER", "passed on")
            .env("LISTEN_FDS", "1")
            .run();
        let variables = output.ok().at("/variables");
        assert_eq!(
            variables,
            json!({
                "KT_PLUGIN_PROTOCOL": "1",
                "KT_PLUGIN_NAME": "greeter-python",
                "LISTEN_FDS": null,
                "PROBE_MARKER": "passed on",
            })
        );
        // The fourth one is that of the directory that is read.
        assert_eq!(output.at("/descriptors"), json!([0, 1, 2, 3]), "{output}");
        assert_eq!(output.at("/leads_group"), json!(true));
    });
}

const MANIFEST: &str = r#"
manifest = 1
name = "script"
version = "1.0.0"
description = "A script of a test"
api = "^1.0"
kind = "process"
executable = "script.sh"

[[command]]
path = ["script"]
about = "Run the script"
"#;

/// Answers `initialize`, then the lines of `then` run for each other line.
fn script(then: &str) -> String {
    let about =
        r#"{"jsonrpc":"2.0","id":1,"result":{"protocol":1,"name":"script","version":"1.0.0"}}"#;
    format!("#!/bin/sh\nread -r line\necho '{about}'\nwhile read -r line; do\n{then}\ndone\n")
}

/// A script, and the reason in the error.
fn violations() -> Vec<(String, &'static str)> {
    let answer = |line: &str| script(&format!("printf '%s\\n' '{line}'"));
    let initialize = |line: &str| format!("#!/bin/sh\nread -r line\necho '{line}'\nread -r line\n");
    vec![
        (
            "#!/bin/sh\nexit 0\n".to_owned(),
            "its process exited with code 0 during `initialize`",
        ),
        (
            "#!/bin/sh\necho oops >&2\nexit 4\n".to_owned(),
            "stderr: oops",
        ),
        ("#!/bin/absent\n".to_owned(), "cannot be started"),
        // The standard library runs what is not executable with the shell, as execvp(3) does.
        (
            "not a program".to_owned(),
            "its process exited with code 127",
        ),
        (
            "#!/bin/sh\nprintf 'hello \\033[2J\\n'\nread -r line\nread -r line\n".to_owned(),
            r"not a message of the protocol (expected value at line 1 column 1): `hello \u{1b}[2J`",
        ),
        (
            initialize(r#"{"id":1,"result":{"protocol":2,"name":"script","version":"1.0.0"}}"#),
            "it speaks version 2 of the protocol, and this version of kt supports 1",
        ),
        (
            initialize(r#"{"id":1,"result":{"protocol":1,"name":"script","version":"2.0.0"}}"#),
            "the program is script 2.0.0, but its manifest is for script 1.0.0",
        ),
        (
            initialize(r#"{"id":1,"result":1}"#),
            "its answer to `initialize` is malformed",
        ),
        (
            initialize(r#"{"id":1,"error":{"code":1,"message":"no license"}}"#),
            "no license",
        ),
        (answer(r#"{"id":2,"result":1}"#), "its result is malformed"),
        (answer(r#"{"id":7,"result":1}"#), "request 7 is not pending"),
        (
            answer(r#"{"id":"x","result":1}"#),
            "response to the unknown request",
        ),
        (answer("{}"), "it has no `method`, `result` or `error`"),
        (
            answer(r#"{"id":2,"error":{"code":1,"message":"m","data":1}}"#),
            "its error is malformed",
        ),
        (
            answer(r#"{"id":2,"error":{"code":1,"message":"went wrong"}}"#),
            "it returned error 1 without an error object: went wrong",
        ),
        (
            answer(r#"{"id":2,"error":{"code":-32601,"message":"m"}}"#),
            "it does not support `kt script`",
        ),
        (
            script("exec 1>&-; sleep 60"),
            "it closed its standard output",
        ),
        (
            script("head -c 70000000 /dev/zero | tr '\\0' x; sleep 60"),
            "it wrote a line of more than 64 MiB",
        ),
    ]
}

#[test]
fn a_program_that_violates_the_protocol_is_an_error() {
    let sandbox = Sandbox::new();
    let dir = PluginDir::new(&sandbox);
    for (program, reason) in violations() {
        dir.put_program(MANIFEST, program.as_bytes());
        let output = dir.kt("script").run();
        output
            .exits(9)
            .stdout_is_empty()
            .stderr_contains("plugin `script` 1.0.0 (`")
            .stderr_contains(reason);
        assert_none_remain(&sandbox);
    }
}

#[test]
fn a_program_that_crashes_in_every_run_is_quarantined() {
    let sandbox = Sandbox::new();
    let dir = PluginDir::new(&sandbox);
    dir.put_program(MANIFEST, script("kill -SEGV $$").as_bytes());
    for _ in 0..3 {
        let crashed = dir.kt("script").run();
        crashed
            .exits(9)
            .stderr_contains("(SIGSEGV) during `kt script`");
    }
    let refused = dir.kt("script").run();
    refused.exits(9).stderr_contains("is quarantined");
}

/// An unknown method of a plugin has an answer; blank lines and messages of finished calls
/// are ignored.
#[test]
fn unknown_methods_are_answered() {
    let sandbox = Sandbox::new();
    let dir = PluginDir::new(&sandbox);
    let result = r#"{"jsonrpc":"2.0","id":2,"result":{"schema":"a/1","value":1,"view":{"text":"answered\n"}}}"#;
    let program = script(&format!(
        "case $line in\n\
         *command/run*) echo; echo '{{\"method\":\"emit\",\"params\":{{\"call\":99}}}}'; \
         echo '{{\"id\":\"q\",\"method\":\"later\",\"params\":{{\"call\":2}}}}' ;;\n\
         *'\"id\":\"q\"'*-32601*) printf '%s\\n' '{result}' ;;\nesac"
    ));
    dir.put_program(MANIFEST, program.as_bytes());
    assert_eq!(dir.kt("script").run().ok().stdout, "answered\n");
}

#[test]
fn a_program_that_does_not_shut_down_is_killed() {
    let sandbox = Sandbox::new();
    let dir = PluginDir::new(&sandbox);
    let result =
        r#"{"jsonrpc":"2.0","id":2,"result":{"schema":"a/1","value":1,"view":{"text":"done\n"}}}"#;
    let program = script(&format!(
        "trap '' TERM; printf '%s\\n' '{result}'; while :; do sleep 60; done"
    ));
    dir.put_program(MANIFEST, program.as_bytes());
    dir.kt("script")
        .run()
        .ok()
        .stdout_contains("done")
        .stderr_contains("plugin `script` 1.0.0 did not shut down in time");
    assert_none_remain(&sandbox);
}

#[test]
fn a_program_must_be_trusted_and_executable() {
    let sandbox = Sandbox::new();
    let dir = PluginDir::new(&sandbox);
    let program = dir.put_program(MANIFEST, b"#!/bin/sh\n");
    let refused = |mode: u32, reason: &str| {
        set_mode(&program, mode);
        dir.kt("script").run().exits(9).stderr_contains(reason);
    };
    refused(0o644, "run `chmod +x '");
    refused(0o757, "it is writable by others");
    std::fs::remove_file(&program).expect("it is our own");
    dir.kt("script")
        .run()
        .exits(9)
        .stderr_contains("cannot be opened");
    std::fs::create_dir(&program).expect("the directory is writable");
    dir.kt("script")
        .run()
        .exits(9)
        .stderr_contains("it is not a regular file");
}

/// Help, lists and completion start nothing: the script would leave a file.
#[test]
fn a_program_is_only_started_when_it_is_used() {
    let sandbox = Sandbox::new();
    let dir = PluginDir::new(&sandbox);
    let marker = sandbox.path("started");
    let program = format!("#!/bin/sh\ntouch '{}'\n", marker.display());
    dir.put_program(MANIFEST, program.as_bytes());
    for line in [
        "--help",
        "script --help",
        "plugin list",
        "completion bash",
        "version",
    ] {
        dir.kt(line).run().ok();
        assert!(!marker.exists(), "`{line}` starts the program");
    }
    dir.kt("script").run().exits(9);
    assert!(marker.exists());
}

fn set_mode(path: &Path, mode: u32) {
    use std::os::unix::fs::PermissionsExt;
    let mode = std::fs::Permissions::from_mode(mode);
    std::fs::set_permissions(path, mode).expect("it is our own");
}
