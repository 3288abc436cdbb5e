//! Prompts in a terminal: Ctrl-C, Ctrl-D, and answers that are none.

use crate::harness::{Sandbox, TerminalSession, tool};
use rustix::process::Signal;

/// The prompts: a command, and what it asks. The first ones hide what is typed.
const PROMPTS: [(&str, &str); 3] = [
    ("secret set --name openai", "value of `openai`"),
    ("auth login --api-url http://127.0.0.1:9", "token for"),
    ("gateway delete --id staging", "[y/N]"),
];
const HIDDEN: usize = 2;

/// Starts a command in a terminal; none if the system cannot.
fn start(sandbox: &Sandbox, line: &str) -> Option<TerminalSession> {
    let setsid = tool("setsid")?;
    Some(sandbox.kt_line(line).in_terminal(&setsid, 80))
}

fn with_gateway() -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox.kt_line("gateway create --name staging").run().ok();
    sandbox
}

#[test]
fn a_signal_ends_a_prompt_and_the_terminal_is_as_before() {
    let sandbox = with_gateway();
    for (index, (line, question)) in PROMPTS.into_iter().enumerate() {
        for (signal, code) in [(None, 130), (Some(Signal::TERM), 143)] {
            let Some(mut session) = start(&sandbox, line) else {
                return;
            };
            session.wait_for(question);
            if index < HIDDEN {
                session.wait_hidden();
            }
            // Half of an answer changes nothing.
            session.enter("y");
            match signal {
                None => session.enter("\x03"),
                Some(signal) => session.signal(signal),
            }
            assert_eq!(session.wait(), Some(code), "{line}: {}", session.screen());
            assert!(session.echoes(), "{line}");
        }
    }
    sandbox.kt_line("gateway inspect --id staging").run().ok();
    let secrets = sandbox.kt_line("secret list -o name").run();
    secrets.ok().stdout_is_empty();
}

/// The second signal finds the terminal without echo if the first one did not restore it.
#[test]
fn signals_in_quick_succession_leave_the_terminal_as_before() {
    let sandbox = Sandbox::new();
    let Some(mut session) = start(&sandbox, PROMPTS[0].0) else {
        return;
    };
    session.wait_hidden();
    session.enter("\x03\x03\x03");
    assert_eq!(session.wait(), Some(130), "{}", session.screen());
    assert!(session.echoes());
}

/// What is typed behind Ctrl-C arrives with its signal, and is no answer.
#[test]
fn an_answer_behind_ctrl_c_is_not_read() {
    let sandbox = with_gateway();
    for _ in 0..20 {
        for (line, question) in PROMPTS {
            let Some(mut session) = start(&sandbox, line) else {
                return;
            };
            session.wait_for(question);
            session.enter("\x03y\n");
            assert_eq!(session.wait(), Some(130), "{line}: {}", session.screen());
        }
    }
    sandbox.kt_line("gateway inspect --id staging").run().ok();
    let secrets = sandbox.kt_line("secret list -o name").run();
    secrets.ok().stdout_is_empty();
}

#[test]
fn an_end_of_input_is_named_and_other_answers_are_asked_for_again() {
    let sandbox = with_gateway();
    for (line, question) in PROMPTS {
        let Some(mut session) = start(&sandbox, line) else {
            return;
        };
        session.wait_for(question);
        session.enter("\x04");
        assert_eq!(session.wait(), Some(2), "{line}");
        session.wait_for("standard input ended");
        assert!(session.echoes(), "{line}");
    }
    let Some(mut session) = start(&sandbox, PROMPTS[2].0) else {
        return;
    };
    session.wait_for("[y/N]");
    session.enter("perhaps\n");
    session.wait_for("answer `y` or `n`");
    session.enter("n\n");
    assert_eq!(session.wait(), Some(2));
    session.wait_for("declined");
    let mut session = start(&sandbox, PROMPTS[2].0).expect("as before");
    session.wait_for("[y/N]");
    session.enter("YES\n");
    assert_eq!(session.wait(), Some(0), "{}", session.screen());
}

#[test]
fn a_secret_is_not_shown_and_an_empty_one_is_asked_for_again() {
    let sandbox = Sandbox::new();
    let Some(mut session) = start(&sandbox, PROMPTS[0].0) else {
        return;
    };
    session.wait_hidden();
    session.enter("\n");
    session.wait_for("it is empty");
    session.enter("can\x1bary\n");
    session.wait_for("control character");
    session.enter("canary\n");
    assert_eq!(session.wait(), Some(0), "{}", session.screen());
    assert!(session.echoes());
    assert!(!session.screen().contains("ary"), "{}", session.screen());
    let names = sandbox.kt_line("secret list -o name").run();
    assert_eq!(names.ok().stdout, "openai\n");
}
