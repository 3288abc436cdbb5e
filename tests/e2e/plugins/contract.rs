//! The rules of the ABI that let both sides grow: sizes, flags, unknown words, names of
//! providers, options of calls, and what the host reports when a plugin breaks a rule.

use super::plugin_dir::{CPlugin, PluginDir, in_both_modes};
use super::remaining::assert_none_remain;
use rustix::process::Signal;
use serde_json::json;
use std::time::Duration;

const SOON: Duration = Duration::from_secs(10);

/// Runs the test with the probe in both modes, if there is a compiler.
fn with_probe(test: impl Fn(&PluginDir<'_>)) {
    in_both_modes(|dir| {
        if dir.build(&CPlugin::probe()).is_some() {
            test(dir);
        }
    });
}

#[test]
fn providers_of_one_interface_are_distinguished_by_name() {
    with_probe(|dir| {
        for (name, expected) in [("probe-first", "first"), ("probe-second", "second")] {
            let output = dir.kt(&format!("probe reply --of {name} -o json")).run();
            assert_eq!(output.ok().json(), json!(expected), "{output}");
        }
    });
}

#[test]
fn a_result_may_be_split_within_a_character() {
    with_probe(|dir| {
        let output = dir
            .kt("probe reply -o json")
            .env("PROBE_REPLY", "pieces")
            .run();
        assert_eq!(output.ok().json(), json!("caf\u{e9}"), "{output}");
    });
}

#[test]
fn words_of_a_later_version_do_not_cost_the_result() {
    with_probe(|dir| {
        let view = dir.kt("probe unknown-view").run();
        assert_eq!(view.ok().stdout, "{\n  \"a\": 1\n}\n", "{view}");
        let format = dir.kt("probe unknown-format").run();
        assert_eq!(format.ok().stdout, "A: 1\n", "{format}");
        for command in ["unknown-view", "unknown-format"] {
            let output = dir.kt(&format!("probe {command} -o json")).run();
            assert_eq!(output.ok().json(), json!({ "a": 1 }), "{output}");
        }
        let class = dir.kt("probe unknown-class").run();
        class.exits(9).stderr_contains("slow down");
    });
}

#[test]
fn a_command_reports_one_result_or_one_error() {
    with_probe(|dir| {
        let two = dir.kt("probe two-results").run();
        two.exits(9)
            .stdout_is_empty()
            .stderr_contains("plugin `probe` 1.0.0")
            .stderr_contains("more than one result");
        let both = dir.kt("probe result-and-error").run();
        both.exits(9)
            .stdout_is_empty()
            .stderr_contains("it returned success and the error: taken");
    });
}

#[test]
fn the_error_of_init_is_shown() {
    let error = r#"{\"id\":\"no-license\",\"class\":\"plugin\",\"message\":\"the license has expired\",\"hints\":[\"renew it\"]}"#;
    let plugin = CPlugin::probe()
        .define("PROBE_INIT_STATUS=KT_E_FAILED")
        .define(&format!("PROBE_INIT_ERROR=\"{error}\""));
    in_both_modes(|dir| {
        if dir.build(&plugin).is_none() {
            return;
        }
        let output = dir.kt("probe hello").run();
        output
            .exits(9)
            .stderr_contains("plugin `probe`")
            .stderr_contains("the license has expired")
            .stderr_contains("hint: renew it");
        let error = dir.kt("probe hello -o json").run().error();
        assert_eq!(error["id"], "no-license");
    });
}

/// A caller that is older than the host has a smaller struct; below the size of version
/// 1.0 it is an error, and nothing is written to it.
#[test]
fn a_struct_that_is_too_small_is_not_filled() {
    with_probe(|dir| {
        let output = dir.kt("probe reply --out too-small -o json").run();
        assert_eq!(output.ok().json(), json!({ "status": -4 }), "{output}");
    });
}

#[test]
fn a_call_has_a_deadline_by_default_and_options_of_its_own() {
    with_probe(|dir| {
        let reply = |reply: &str, options: &str| {
            let line = format!("probe reply -o json {options}");
            dir.kt(&line).env("PROBE_REPLY", reply).run()
        };
        let by_default = reply("deadline", "");
        assert_eq!(by_default.ok().json(), json!(1), "{by_default}");
        let expired = reply("cancelled", "--options past");
        assert_eq!(expired.ok().json(), json!(3), "{expired}");
        let ignoring = reply("cancelled", "--options ignore");
        assert_eq!(ignoring.ok().json(), json!(0), "{ignoring}");
        reply("", "--options hint").ok();
        reply("", "--options required")
            .exits(9)
            .stderr_contains("unknown flags 0x10000");
        reply("", "--options short")
            .exits(9)
            .stderr_contains("`kt_call_options` is invalid: 4 bytes");
    });
}

#[test]
fn an_invalid_reply_names_the_plugin_and_the_method() {
    with_probe(|dir| {
        for (how, reason) in [
            ("garbage", "its result is not valid JSON"),
            ("empty", "it returned success without a result"),
            ("status", "it returned status -1 without an error"),
            ("unsupported", "it does not support the method"),
            ("junk-error", "its error is malformed"),
            ("both", "it returned success and an error"),
        ] {
            let output = dir.kt("probe reply").env("PROBE_REPLY", how).run();
            output
                .exits(9)
                .stderr_contains("plugin `probe` 1.0.0 failed in `answer` of `example.reply/1`")
                .stderr_contains(reason);
            let json = dir.kt("probe reply -o json").env("PROBE_REPLY", how).run();
            let error = json.error();
            assert_eq!(error["data"]["plugin"], "probe", "{json}");
            assert_eq!(error["data"]["version"], "1.0.0", "{json}");
        }
    });
}

#[test]
fn a_flood_of_events_ends_with_the_first_signal() {
    with_probe(|dir| {
        for (signal, code) in [(Signal::INT, 130), (Signal::TERM, 143)] {
            let mut running = dir.kt("probe flood").spawn();
            let flooding = |_: &str, err: &str| err.contains("flood").then_some(());
            running.wait_for("an event", SOON, flooding);
            running.signal(signal);
            running.wait(SOON).exits(code).stderr_contains("stopped");
        }
    });
}

#[test]
fn shutdown_is_called_at_the_end_and_has_a_deadline() {
    with_probe(|dir| {
        // The standard error of a process is logged.
        let output = dir.kt("probe hello -vv").env("PROBE_SHUTDOWN", "1").run();
        output.ok().stderr_contains("shutdown with a deadline: 1");
        let hanging = dir.kt("probe hello").env("PROBE_SHUTDOWN_HANGS", "1").run();
        hanging
            .ok()
            .stdout_contains("done")
            .stderr_contains("plugin `probe` 1.0.0 did not shut down in time");
        assert_none_remain(dir.sandbox());
    });
}
