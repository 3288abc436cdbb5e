//! The completion scripts, executed by the shells.

use crate::harness::{CommandOutput, Sandbox, tool};

/// Subcommands of `gateway` that must be offered.
const WORDS: [&str; 3] = ["create", "inspect", "list"];

fn script(sandbox: &Sandbox, shell: &str, name: &str) -> String {
    let script = sandbox.kt(["completion", shell]).run();
    script.ok().stdout_contains("kt").stdout_excludes("catalog");
    sandbox.write(name, &script.stdout).display().to_string()
}

fn offers(output: &CommandOutput, words: &[&str]) {
    let found: Vec<&str> = output.ok().stdout.split_whitespace().collect();
    for word in words {
        assert!(found.contains(word), "`{word}` is not offered{output}");
    }
    output.stdout_excludes("proxy").stdout_excludes("reference");
    assert_eq!(output.stderr, "", "{output}");
}

#[test]
fn bash_offers_commands_and_options() {
    let Some(bash) = tool("bash") else { return };
    let sandbox = Sandbox::new();
    let script = script(&sandbox, "bash", "kt.bash");
    let ask = |words: &str, position: u32| {
        let body = format!(
            "set -u; . '{script}'; COMP_WORDS=({words}); COMP_CWORD={position}; \
             cur=${{COMP_WORDS[$COMP_CWORD]}}; _kt kt \"$cur\" \"${{COMP_WORDS[$COMP_CWORD-1]}}\"; \
             printf '%s\\n' \"${{COMPREPLY[@]}}\""
        );
        sandbox
            .program(&bash)
            .args(["--norc", "--noprofile", "-c", &body])
            .run()
    };
    offers(&ask("kt gateway ''", 2), &WORDS);
    offers(&ask("kt gate", 1), &["gateway"]);
    offers(&ask("kt gateway create --n", 3), &["--name"]);
    offers(&ask("kt completion ''", 2), &["bash", "zsh", "fish"]);
    offers(
        &ask("kt gateway list --state ''", 4),
        &["drifted", "pending"],
    );
}

#[test]
fn fish_offers_commands_and_options() {
    let Some(fish) = tool("fish") else { return };
    let sandbox = Sandbox::new();
    let script = script(&sandbox, "fish", "kt.fish");
    let ask = |line: &str| {
        let body = format!("source '{script}'; complete -C '{line}'");
        sandbox
            .program(&fish)
            .args(["--no-config", "-c", &body])
            .run()
    };
    offers(&ask("kt gateway "), &WORDS);
    offers(&ask("kt gate"), &["gateway"]);
    offers(&ask("kt gateway create --n"), &["--name"]);
    // clap_complete does not support values of positional arguments for fish.
    offers(&ask("kt gateway list --state "), &["drifted", "pending"]);
}

/// zsh completes only on a terminal, which `zpty` provides.
#[test]
fn zsh_offers_commands_and_options() {
    let Some(zsh) = tool("zsh") else { return };
    let sandbox = Sandbox::new();
    script(&sandbox, "zsh", "functions/_kt");
    let driver = sandbox.write("driver.zsh", DRIVER);
    let ask = |line: &str| {
        let functions = sandbox.path("functions");
        let run = sandbox
            .program(&zsh)
            .arg("-f")
            .arg(&driver)
            .arg(&functions)
            .arg(line);
        run.env("TERM", "xterm").run()
    };
    for (line, words) in [
        ("kt gateway ", &WORDS[..]),
        ("kt gateway create --n", &["--name"]),
        ("kt completion ", &["bash", "zsh", "fish"]),
        ("kt gateway list --state ", &["drifted", "pending"]),
    ] {
        let output = ask(line);
        for word in words {
            output.ok().stdout_contains(word);
        }
        output.stdout_excludes("proxy").stdout_excludes("_kt:");
    }
}

/// Starts an inner zsh on a pseudo-terminal, types the line and a tab, and prints the
/// offered completions, which are between two markers.
const DRIVER: &str = r#"
zmodload zsh/zpty || exit 3
zpty inner zsh -f -i
zpty -w inner "PROMPT=; fpath=($1 \$fpath); autoload -Uz compinit; compinit -u -D; stty rows 200 columns 200"
zpty -w inner "zstyle ':completion:*' list-grouped no; setopt no_auto_menu list_ambiguous; LISTMAX=1000"
zpty -w inner "null-line() { print -r -- END-OF-LIST; BUFFER=; zle accept-line }; zle -N null-line; bindkey '^X' null-line"
zpty -w inner "comppostfuncs=(shown); shown() { compstate[list]='list force'; compstate[insert]=; comppostfuncs=(shown) }"
zpty -w inner "print -r -- READ''Y"
zpty -r -m inner out "*READY*" || exit 4
zpty -w -n inner "$2"$'\t'
zpty -w -n inner $'\x18'
zpty -r -m inner out "*END-OF-LIST*" || exit 5
print -r -- "$out"
zpty -d inner
"#;

#[test]
fn every_shell_has_a_script() {
    let sandbox = Sandbox::new();
    for shell in ["bash", "elvish", "fish", "powershell", "zsh"] {
        let script = sandbox.kt(["completion", shell]).run();
        script
            .ok()
            .stdout_contains("gateway")
            .stdout_contains("reconcile");
    }
    sandbox
        .kt(["completion", "tcsh"])
        .run()
        .exits(2)
        .stderr_contains("bash");
}
