//! What a terminal shows: tables that fit, colors, the pager, and selected parts.

use crate::harness::{Sandbox, TerminalSession, tool};
use serde_json::{Value, json};
use std::fs;

const ESCAPE: &str = "\u{1b}[";

/// Returns a sandbox with gateways of these names, each with a long description.
fn with_gateways(names: &[&str]) -> Sandbox {
    let sandbox = Sandbox::new();
    for name in names {
        let description = "a description that is longer than narrow terminals are";
        sandbox
            .kt_line("gateway create --label team=search --name")
            .args([name, "--description", description])
            .run()
            .ok();
    }
    sandbox
}

/// Runs a command in a terminal to its end; none if the system cannot.
fn screen(sandbox: &Sandbox, line: &str, columns: u16) -> Option<String> {
    let setsid = tool("setsid")?;
    let command = sandbox.kt_line(line).env("NO_COLOR", "1");
    let mut session: TerminalSession = command.in_terminal(&setsid, columns);
    session.wait_for("NAME");
    assert_eq!(session.wait(), Some(0), "{}", session.screen());
    Some(session.screen())
}

#[test]
fn tables_fit_terminals_of_40_and_80_columns() {
    let sandbox = with_gateways(&["production", "staging"]);
    for columns in [40, 80] {
        for line in [
            "gateway list",
            "gateway list -o wide",
            "plugin list --no-pager",
        ] {
            let Some(screen) = screen(&sandbox, line, columns) else {
                return;
            };
            for line in screen.lines() {
                let width = line.trim_end().chars().count();
                // A list has whole values, which the terminal wraps.
                let is_list = line.contains(": ");
                assert!(
                    width <= columns.into() || is_list,
                    "{columns}: {width} `{line}`"
                );
            }
            assert!(screen.contains("NAME"), "{screen}");
        }
    }
    let piped = sandbox.kt_line("gateway list -o wide").run();
    piped
        .ok()
        .stdout_contains("longer than narrow terminals are");
}

#[test]
fn long_results_are_shown_in_the_pager() {
    let names: Vec<String> = (0..30).map(|n| format!("gateway-{n:02}")).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let sandbox = with_gateways(&names);
    let Some(setsid) = tool("setsid") else {
        return;
    };
    let run = |line: &str, pager: &str| {
        let command = sandbox.kt_line(line).env("KT_PAGER", pager);
        let mut session = command.in_terminal(&setsid, 80);
        assert_eq!(session.wait(), Some(0), "{}", session.screen());
        session.screen()
    };
    let shown = run("gateway list", "cat > paged; echo LESS=$LESS");
    assert!(
        shown.contains("LESS=FRX") && !shown.contains("gateway-00"),
        "{shown}"
    );
    let paged = fs::read_to_string(sandbox.path("paged")).expect("the pager was started");
    assert!(
        paged.contains("gateway-29") && paged.contains(ESCAPE),
        "{paged:?}"
    );
    for (line, pager) in [
        ("gateway list --no-pager", "false"),
        ("gateway list --limit 3", "false"),
        ("gateway list", "cat"),
        ("gateway list", ""),
    ] {
        assert!(run(line, pager).contains("gateway-00"), "{line} {pager}");
    }
    // A pager that is closed before its end is no error.
    run("gateway list -o json", "head -n 1");
    let piped = sandbox
        .kt_line("gateway list")
        .env("KT_PAGER", "false")
        .run();
    piped.ok().stdout_contains("gateway-29");
}

#[test]
fn differences_and_error_marks_are_colored() {
    let sandbox = Sandbox::new();
    let policy = crate::harness::workspace().join("docs/examples/policy-config.yaml");
    let policy = fs::read_to_string(policy).expect("the example exists");
    sandbox.write("a.yaml", &policy);
    sandbox.write(
        "b.yaml",
        policy.replace("prompt-injection, pii-detector", "pii-detector"),
    );
    sandbox.write(
        "broken.yaml",
        policy.replace("action: redact", "action: redakt"),
    );
    let diff = "gateway diff --from a.yaml --to b.yaml";
    let colored = sandbox.kt_line(diff).arg("--color=always").run();
    colored
        .exits(1)
        .stdout_contains("\u{1b}[31m- policies.chain[prompt-injection]")
        .stdout_contains("WEAKENS");
    let plain = sandbox.kt_line(diff).run();
    plain.exits(1).stdout_excludes(ESCAPE);
    let json = sandbox
        .kt_line(diff)
        .args(["-o", "json", "--color=always"])
        .run();
    json.exits(1).stdout_excludes(ESCAPE);
    let lint = "policy lint --file broken.yaml --color=always";
    let lint = sandbox.kt_line(lint).run();
    lint.exits(1).stdout_contains("^\u{1b}[0m");
    let broken = "gateway diff --from a.yaml --to broken.yaml --color=always";
    let broken = sandbox.kt_line(broken).run();
    broken
        .exits(2)
        .stderr_contains("\u{1b}[1m\u{1b}[31merror\u{1b}[0m[E007]")
        .stderr_contains("^\u{1b}[0m");
}

#[test]
fn parts_of_a_result_are_selected() {
    let sandbox = with_gateways(&["production", "staging"]);
    let list = |format: &str| {
        let command = sandbox.kt_line("gateway list -o").arg(format);
        command.run()
    };
    let names = list("jsonpath=[*].name");
    assert_eq!(names.ok().stdout, "production\nstaging\n");
    assert_eq!(
        list("jsonpath={[-1].labels['team']}").ok().stdout,
        "search\n"
    );
    assert_eq!(list("jsonpath=.absent").ok().stdout, "");
    let filtered = list("jsonpath={[?(@.name>'q')].name}");
    assert_eq!(filtered.ok().stdout, "staging\n");
    let whole: Value = serde_json::from_str(&list("jsonpath=$").ok().stdout).expect("JSON");
    assert_eq!(whole[0]["name"], json!("production"));
    let columns = list("custom-columns=NAME:.name,TEAM:.labels.team,NONE:.absent");
    assert_eq!(
        columns.ok().stdout,
        "NAME        TEAM    NONE\nproduction  search  <none>\nstaging     search  <none>\n"
    );
    let inspect = "gateway inspect --id staging -o jsonpath=.name";
    assert_eq!(sandbox.kt_line(inspect).run().ok().stdout, "staging\n");
    for wrong in [
        "jsonpath=",
        "jsonpath=.a[",
        "custom-columns=A",
        "columns=A:.b",
    ] {
        list(wrong).exits(2).stdout_is_empty();
    }
    let by_variable = sandbox
        .kt_line("gateway list")
        .env("KT_OUTPUT", "jsonpath=[0].name")
        .run();
    assert_eq!(by_variable.ok().stdout, "production\n");
    let missing = sandbox.kt_line("gateway inspect --id none -o jsonpath=.name");
    missing
        .run()
        .exits(5)
        .stderr_contains("error: there is no gateway");
}
