//! The completion scripts, executed by the shells: commands, options, and values that
//! plugins look up.

use crate::harness::{CommandOutput, Sandbox, TestCommand, tool};
use serde_json::Value;
use std::path::Path;

/// Lines, and words that must be offered for them.
const OFFERED: [(&str, &[&str]); 7] = [
    ("kt gateway ", &["create", "inspect", "list"]),
    ("kt gate", &["gateway"]),
    ("kt gateway create --n", &["--name"]),
    ("kt completion ", &["bash", "zsh", "fish"]),
    ("kt gateway list --state ", &["drifted", "pending"]),
    ("kt gateway inspect ", &["production", "staging"]),
    ("kt gateway inspect --id=pro", &["production"]),
];
/// Words that are never offered: an alias, a hidden command, and an option before any is
/// begun.
const NEVER: [&str; 3] = ["proxy", "reference", "--verbose"];

/// Creates a sandbox with two gateways.
fn with_gateways() -> Sandbox {
    let sandbox = Sandbox::new();
    for (name, label) in [("production", "team=pay"), ("staging", "team=web")] {
        let line = format!("gateway create --name {name} --label {label}");
        sandbox.kt_line(&line).run().ok();
    }
    sandbox
}

/// A shell that finds kt on its `PATH`.
fn shell(sandbox: &Sandbox, program: &Path) -> TestCommand {
    let bin = sandbox.dist().join("bin");
    let path = format!("{}:/usr/bin:/bin", bin.display());
    sandbox.program(program).env("PATH", path)
}

fn script(sandbox: &Sandbox, shell: &str, name: &str) -> String {
    let script = sandbox.kt(["completion", shell]).run();
    script.ok().stdout_contains("KT_COMPLETE");
    sandbox.write(name, &script.stdout).display().to_string()
}

/// Asserts that the lines of the output contain the words, with or without a description.
fn offers(output: &CommandOutput, words: &[&str]) {
    let found: Vec<&str> = output.ok().stdout.split_whitespace().collect();
    for word in words {
        let with_option = format!("--id={word}");
        let is_offered = found.contains(word) || found.contains(&with_option.as_str());
        assert!(is_offered, "`{word}` is not offered{output}");
    }
    for word in NEVER {
        assert!(!found.contains(&word), "`{word}` is offered{output}");
    }
    assert_eq!(output.stderr, "", "{output}");
}

#[test]
fn bash_completes_words_that_it_separates() {
    let Some(bash) = tool("bash") else { return };
    let sandbox = with_gateways();
    let script = script(&sandbox, "bash", "kt.bash");
    let ask = |words: &[&str]| {
        let quoted: Vec<String> = words.iter().map(|word| format!("'{word}'")).collect();
        let body = format!(
            ". '{script}'; COMP_WORDS=({}); COMP_CWORD={}; COMP_TYPE=9; \
             cur=${{COMP_WORDS[$COMP_CWORD]}}; case $cur in =|:) cur=;; esac; \
             _clap_complete_kt kt \"$cur\" x; printf '%s\\n' \"${{COMPREPLY[@]}}\"",
            quoted.join(" "),
            words.len() - 1
        );
        let shell = shell(&sandbox, &bash);
        shell.args(["--norc", "--noprofile", "-c", &body]).run()
    };
    for (line, words) in OFFERED {
        // bash separates words at `=`, too.
        let separated = line.replace('=', " = ");
        offers(&ask(&separated.split(' ').collect::<Vec<_>>()), words);
    }
    let label = ask(&["kt", "gateway", "list", "--label", "team", "=", "w"]);
    assert_eq!(label.ok().stdout, "web\n", "{label}");
}

#[test]
fn fish_completes_with_descriptions() {
    let Some(fish) = tool("fish") else { return };
    let sandbox = with_gateways();
    let script = script(&sandbox, "fish", "kt.fish");
    let ask = |line: &str| {
        let body = format!("source '{script}'; complete -C '{line}'");
        let shell = shell(&sandbox, &fish);
        shell.args(["--no-config", "-c", &body]).run()
    };
    for (line, words) in OFFERED {
        offers(&ask(line), words);
    }
    ask("kt gateway inspect ").stdout_contains("production\toffline");
}

/// zsh completes only on a terminal, which `zpty` provides.
#[test]
fn zsh_completes_from_a_directory_of_functions() {
    let Some(zsh) = tool("zsh") else { return };
    let sandbox = with_gateways();
    script(&sandbox, "zsh", "functions/_kt");
    let driver = sandbox.write("driver.zsh", DRIVER);
    for (line, words) in OFFERED {
        let run = shell(&sandbox, &zsh)
            .arg("-f")
            .arg(&driver)
            .arg(sandbox.path("functions"))
            .arg(line);
        let output = run.env("TERM", "xterm").run();
        for word in words {
            output.ok().stdout_contains(word);
        }
        for word in NEVER {
            output.stdout_excludes(word);
        }
        output.stdout_excludes("_kt:");
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

/// The values of the candidates for a line, and the error.
fn complete(sandbox: &Sandbox, line: &str) -> (Vec<String>, Value) {
    let words = ["--", "kt"].into_iter().chain(line.split(' '));
    let output = sandbox.kt(words).env("KT_COMPLETE", "json").run();
    assert_eq!(output.stderr, "", "{output}");
    let answer = output.ok().json();
    let candidates = answer["candidates"].as_array().into_iter().flatten();
    let values = candidates.filter_map(|c| c["value"].as_str().map(str::to_owned));
    (values.collect(), answer["error"].clone())
}

#[test]
fn values_are_looked_up() {
    let sandbox = with_gateways();
    sandbox.write_profile("work", "");
    sandbox.write("policy-config.yaml", "");
    sandbox
        .kt_line("secret set --name openai")
        .stdin("x")
        .run()
        .ok();
    sandbox.kt_line("init --dir new").run().ok();
    let reload = "gateway reload --id staging --file new/policy-config.yaml --no-wait";
    sandbox.kt_line(reload).run().ok();
    for (line, expected) in [
        ("secret remove --name ", &["openai"][..]),
        ("gateway update --id production --remove-label ", &["team"]),
        ("gateway revert --id staging --version ", &["1"]),
        ("gateway diff --id staging --against d", &["desired"]),
        ("gateway diff --id staging --from 1", &["1"]),
        ("gateway config --id staging --version d", &["desired"]),
        ("gateway config --id staging --version=1", &["--version=1"]),
        ("gateway install --backend sy", &["systemd"]),
        ("audit list --target pro", &["production"]),
        ("proxy run --id sta", &["staging"]),
        ("control-plane export --gateway sta", &["staging"]),
        ("--profile w", &["work"]),
        ("--profile work gateway inspect --id pro", &["production"]),
        ("--no-plugins gateway inspect --id pro", &[]),
        ("plugin info gateway-s", &["gateway-service"]),
        ("gateway inspect --limit x --id pro", &["production"]),
        ("gateway inspect pro", &["production"]),
        ("gateway delete production sta", &["staging"]),
        ("gateway revert staging 1", &["1"]),
        ("gateway config staging d", &["desired"]),
        ("secret rm ope", &["openai"]),
        ("gateway list --file new/po", &[]),
        ("gateway diff --file new/po", &["new/policy-config.yaml"]),
        ("gateway inspect nothing", &[]),
    ] {
        let (values, error) = complete(&sandbox, line);
        assert_eq!(values, expected, "{line}");
        assert!(error.is_null(), "{line}: {error}");
    }
    let (values, error) = complete(&sandbox, "gateway revert --version ");
    assert_eq!(
        (values.len(), &error["id"]),
        (0, &"gateway-not-named".into())
    );
}

/// A server that does not answer, and one that does not exist.
#[test]
fn an_unreachable_server_offers_nothing() {
    let sandbox = Sandbox::new();
    let silent = std::net::TcpListener::bind("127.0.0.1:0").expect("a port is free");
    let address = silent.local_addr().expect("it is bound");
    for url in [format!("http://{address}"), "http://127.0.0.1:1".to_owned()] {
        let line = format!("gateway inspect --api-url {url} --id ");
        let (values, error) = complete(&sandbox, &line);
        assert!(values.is_empty() && error.is_object(), "{url}: {error}");
    }
}

#[test]
fn an_unknown_shell_has_no_script() {
    let sandbox = Sandbox::new();
    for shell in ["elvish", "powershell"] {
        let script = sandbox.kt(["completion", shell]).run();
        script.ok().stdout_contains("KT_COMPLETE");
    }
    let unknown = sandbox.kt(["completion", "tcsh"]).run();
    unknown.exits(2).stderr_contains("bash");
    // Whatever a script passes, the command line is not disturbed.
    let request = sandbox.kt(["--", "kt", "gate"]).env("KT_COMPLETE", "tcsh");
    let output = request.run();
    assert_eq!((&*output.ok().stdout, &*output.stderr), ("", ""));
}
