//! The commands that fix problems.

use super::tests::{Change, healthy, observed};
use super::{evaluate, output};
use crate::record::FileState;
use kt_plugin_api::service::Autostart;

#[test]
fn each_fix_is_a_command_that_cures() {
    let fix_of = |code: &str, change: Change| {
        let mut inputs = healthy();
        change(&mut inputs);
        let value = output(&inputs, &evaluate(&inputs, false)).value;
        let problems = value["problems"].as_array().unwrap().clone();
        let problem = problems.into_iter().find(|problem| problem["code"] == code);
        problem.unwrap_or_else(|| panic!("no {code}"))
    };
    let lingering = fix_of("linger-off", |l| {
        observed(l).autostart = Some(Autostart::Login);
        observed(l).boot_start_fix = Some("sudo loginctl enable-linger ann".to_owned());
    });
    assert_eq!(lingering["fix"], "sudo loginctl enable-linger ann");
    let reload: Change = |l| observed(l).needs_reload = true;
    let reload = fix_of("needs-daemon-reload", reload);
    assert_eq!(reload["fix"], "kt gateway install --refresh");
    let edited = fix_of("needs-daemon-reload", |l| {
        observed(l).needs_reload = true;
        l.artifact.as_mut().unwrap().state = FileState::Drifted;
    });
    assert_eq!(edited["fix"], "kt gateway install --refresh --adopt");
    let replaced = fix_of("binary-replaced", |l| l.process.replaced = Some(true));
    assert_eq!(replaced["fix"], "kt gateway restart");
    let removed = fix_of("binary-replaced", |l| {
        l.process.replaced = Some(true);
        l.process.missing = true;
    });
    assert_eq!(removed["fix"], "kt gateway install --refresh");
    let message = removed["message"].as_str().unwrap();
    assert!(message.contains("the next restart fails"), "{message}");
}
