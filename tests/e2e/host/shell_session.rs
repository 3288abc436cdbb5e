//! Sessions of a person in interactive shells: completion with the Tab key, prompts, Ctrl-C,
//! Ctrl-Z, an editor, a list that is watched, and a window that becomes narrow.

use crate::harness::{Sandbox, Tmux, tool};

/// Shells without the user's files; the lines that set completion up, as `kt completion --help`
/// shows them; and whether the prompt is a line of its own.
const SHELLS: [(&str, &str, &[&str]); 3] = [
    (
        "bash",
        "bash --norc --noprofile -i",
        &["PS1='ready> '", "source <(kt completion bash)"],
    ),
    (
        "zsh",
        "zsh -f -i",
        &[
            "PROMPT='ready> '; mkdir functions; kt completion zsh > functions/_kt",
            "fpath=($PWD/functions $fpath); autoload -Uz compinit; compinit -u -D",
        ],
    ),
    (
        "fish",
        "fish --no-config -i",
        &["function fish_prompt; echo 'ready> '; end; kt completion fish | source"],
    ),
];

fn with_gateways() -> Sandbox {
    let sandbox = Sandbox::new();
    for name in ["production", "staging"] {
        let line = format!("gateway create --name {name} --label team=search");
        sandbox.kt_line(&line).run().ok();
    }
    sandbox
}

/// A bash at its prompt; none if a program is missing.
fn bash(sandbox: &Sandbox, columns: u16) -> Option<Tmux<'_>> {
    tool("bash")?;
    let shell = Tmux::start(sandbox, SHELLS[0].1, columns)?;
    shell.enter("PS1='ready> '; clear");
    shell.wait_until("the prompt", |lines| lines[0] == "ready>");
    Some(shell)
}

/// Waits until the shell reads commands again, and asserts the exit code of the last one. What is
/// typed is shown.
fn ended_with(shell: &Tmux<'_>, code: i32) {
    shell.enter("echo \"code $?.\"");
    let lines = shell.wait_for(&format!("code {code}."));
    let typed = lines.iter().any(|line| line.ends_with("echo \"code $?.\""));
    assert!(typed, "{}", lines.join("\n"));
}

#[test]
fn the_tab_key_completes_commands_and_names_in_three_shells() {
    let sandbox = with_gateways();
    for (name, command, set_up) in SHELLS {
        if tool(name).is_none() {
            continue;
        }
        let Some(shell) = Tmux::start(&sandbox, command, 100) else {
            return;
        };
        for line in set_up {
            shell.enter(line);
        }
        shell.enter("echo set-up is done");
        shell.wait_until("the set-up", |lines| {
            lines.iter().any(|line| line == "set-up is done")
        });
        shell.type_text("kt gateway insp");
        shell.press("Tab");
        shell.wait_for("kt gateway inspect");
        shell.type_text("pro");
        shell.press("Tab");
        shell.wait_for("kt gateway inspect production");
        shell.type_text("-o jsonpath='{.name}'");
        shell.press("Enter");
        shell.wait_until("the gateway", |lines| {
            lines.iter().any(|line| line.starts_with("production"))
        });
    }
}

#[test]
fn ctrl_c_at_a_prompt_returns_to_the_shell() {
    let sandbox = with_gateways();
    let Some(shell) = bash(&sandbox, 80) else {
        return;
    };
    for (line, question) in [
        ("kt secret set openai", "value of `openai`"),
        ("kt gateway delete staging", "[y/N]"),
        ("kt auth login --api-url http://127.0.0.1:9", "token for"),
    ] {
        shell.enter(line);
        shell.wait_for(question);
        shell.press("C-c");
        ended_with(&shell, 130);
        shell.enter("clear");
        shell.wait_until("the prompt", |lines| lines[0] == "ready>");
    }
}

#[test]
fn a_suspended_question_is_answered_in_the_foreground() {
    let sandbox = with_gateways();
    let Some(shell) = bash(&sandbox, 80) else {
        return;
    };
    shell.enter("kt gateway delete staging");
    shell.wait_for("[y/N]");
    shell.press("C-z");
    shell.wait_for("Stopped");
    shell.enter("clear; fg");
    shell.wait_until("the command", |lines| {
        lines[0] == "kt gateway delete staging"
    });
    shell.enter("y");
    ended_with(&shell, 0);
    let left = sandbox.kt_line("gateway list").run();
    left.ok()
        .stdout_contains("production")
        .stdout_excludes("staging");
}

#[test]
fn an_edit_is_shown_and_confirmed() {
    let sandbox = with_gateways();
    sandbox.kt_line("init --dir new").run().ok();
    let reload = "gateway reload staging --file new/policy-config.yaml --no-wait";
    sandbox.kt_line(reload).run().ok();
    sandbox.write(
        "editor",
        "sed -i 's/action: redact/action: block/' \"$1\"\n",
    );
    let Some(shell) = bash(&sandbox, 80) else {
        return;
    };
    shell.enter("export EDITOR='sh editor'; kt gateway edit staging --no-wait");
    let lines = shell.wait_for("[y/N]").join("\n");
    assert!(
        lines.contains("redact") && lines.contains("block"),
        "{lines}"
    );
    shell.enter("y");
    ended_with(&shell, 0);
    let config = sandbox.kt_line("gateway config staging").run();
    config.ok().stdout_contains("action: block");
}

#[test]
fn a_watched_list_follows_and_ctrl_c_ends_it() {
    let sandbox = with_gateways();
    let Some(shell) = bash(&sandbox, 80) else {
        return;
    };
    shell.enter("kt gateway list --watch");
    shell.wait_for("staging");
    sandbox.kt_line("gateway create --name third").run().ok();
    shell.wait_for("third");
    shell.press("C-c");
    ended_with(&shell, 130);
}

#[test]
fn tables_fit_a_window_that_becomes_narrow() {
    let sandbox = with_gateways();
    let Some(shell) = bash(&sandbox, 80) else {
        return;
    };
    for columns in [80, 40] {
        shell.resize(columns);
        let end = format!("listed in {columns}");
        shell.enter(&format!("clear; kt gateway list; echo {end}"));
        let lines = shell.wait_until("the list", |lines| lines.contains(&end));
        let rows = lines.iter().filter(|line| !line.starts_with("ready>"));
        for line in rows {
            let width = line.chars().count();
            assert!(width <= columns.into(), "{columns}: `{line}`");
        }
        let shown = |name: &str| lines.iter().any(|line| line.contains(name));
        assert!(shown("NAME") && shown("production"), "{}", lines.join("\n"));
    }
}
