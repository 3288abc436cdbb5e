//! Texts of gateways, servers and files never control the terminal.

use crate::harness::{Sandbox, tool};
use std::io::{Read, Write};
use std::net::TcpListener;

/// A right-to-left override, an isolate and a mark: they reorder what is read.
const BIDI: [char; 3] = ['\u{202e}', '\u{2066}', '\u{200f}'];

/// Whether a text has a character that must not reach a terminal. Styles begin with an
/// escape, and are not requested here.
fn is_safe(text: &str) -> bool {
    let forbidden = |c: char| {
        let is_bidi = matches!(c, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
        is_bidi || (c.is_control() && !matches!(c, '\n' | '\t'))
    };
    !text.contains(forbidden)
}

#[test]
fn labels_and_descriptions_are_escaped_in_every_format() {
    let sandbox = Sandbox::new();
    let hostile: String = BIDI.iter().collect();
    let create = sandbox.kt_line("gateway create odd").args([
        format!("--description=a{hostile}b"),
        format!("--label=team=x{hostile}"),
    ]);
    create.run().ok();
    for line in [
        "gateway list -o wide",
        "gateway inspect odd",
        "gateway list -o yaml",
        "gateway list -o json",
    ] {
        let output = sandbox.kt_line(line).run();
        let shown = &output.ok().stdout;
        assert!(is_safe(shown), "{line}: {shown:?}");
        assert!(shown.contains("202e"), "{line}: {shown:?}");
    }
    let list = sandbox.kt_line("gateway list -o json").run();
    assert_eq!(list.ok().at("/0/description"), format!("a{hostile}b"));
    let yes = sandbox.kt_line("gateway delete odd").run();
    assert!(is_safe(&yes.exits(2).stderr), "{}", yes.stderr);
}

/// A configuration may contain such characters: a file gets it unchanged, a terminal does not.
#[test]
fn a_document_is_unchanged_in_a_file_and_escaped_on_a_terminal() {
    let sandbox = Sandbox::new();
    let text = "# a\u{202e}b\npack: {name: p, version: 1.0.0, enabled: true}\n\
                providers: {targets: [{id: e, provider: echo}]}\npolicies: {chain: []}\n";
    sandbox.write("odd.yaml", text);
    sandbox.kt_line("gateway create odd -f odd.yaml").run().ok();
    let output = sandbox.kt_line("gateway config odd").run();
    assert_eq!(output.ok().stdout, text);
    let Some(setsid) = tool("setsid") else { return };
    let mut session = sandbox
        .kt_line("gateway config odd")
        .in_terminal(&setsid, 80);
    assert_eq!(session.wait(), Some(0));
    session.wait_for("policies");
    let screen = session.screen();
    assert!(is_safe(&screen.replace("\r\n", "\n")), "{screen:?}");
    assert!(screen.contains("\\u{202e}"), "{screen:?}");
}

#[test]
fn errors_of_a_server_are_escaped() {
    let sandbox = Sandbox::new();
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port is free");
    let url = format!("http://{}", listener.local_addr().expect("it is bound"));
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let Ok(mut stream) = stream else { return };
            let mut head = [0; 4096];
            let _read = stream.read(&mut head);
            let detail = "no\\u202eway\\u001b[2J\\u009b31m\\u0007";
            let body = format!(
                "{{\"type\":\"/problems/not-found\",\"title\":\"t\",\"status\":404,\"code\":\"not-found\",\"detail\":\"{detail}\",\"hint\":\"{detail}\"}}"
            );
            let _written = write!(
                stream,
                "HTTP/1.1 404 Not Found\r\ncontent-type: application/problem+json\r\n\
                 content-length: {}\r\nconnection: close\r\n\r\n{body}",
                body.len()
            );
        }
    });
    for line in [
        "gateway list",
        "gateway list -o json",
        "gateway inspect a -v",
    ] {
        let output = sandbox.kt_line(line).env("KEEPTRUSTS_API_URL", &url).run();
        output.stdout_is_empty();
        assert!(output.stderr.contains("way"), "{line}: {:?}", output.stderr);
        assert!(is_safe(&output.stderr), "{line}: {:?}", output.stderr);
    }
}

/// Arguments are shown in the errors about them.
#[test]
fn errors_about_arguments_are_escaped() {
    let sandbox = Sandbox::new();
    for args in [
        vec!["gateway", "a\u{202e}b"],
        vec!["gateway", "list", "--state", "\u{1b}[2J"],
        vec!["gateway", "inspect", "a\u{202e}\u{9b}"],
        vec!["policy", "lint", "a\u{202e}.yaml"],
    ] {
        let output = sandbox.kt(&args).run();
        output.stdout_is_empty();
        assert!(is_safe(&output.stderr), "{args:?}: {:?}", output.stderr);
    }
}
