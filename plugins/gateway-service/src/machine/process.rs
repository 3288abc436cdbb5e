//! Runs a program for a limited time.

use kt_plugin_api::service::execute::ExecOutcome;
use std::collections::BTreeMap;
use std::io::{ErrorKind, Read};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::{Duration, Instant};

/// Most that is kept of a stream, bytes: its end, because logs are read so. All
/// of it is read, so that the program does not block.
const LIMIT: usize = 1 << 20;
/// How long to sleep between looks at a program that closed its streams but has
/// not ended.
const TICK: Duration = Duration::from_millis(5);

pub(super) fn run(
    argv: &[String],
    env: &BTreeMap<String, String>,
    timeout: Duration,
) -> ExecOutcome {
    let Some((program, arguments)) = argv.split_first() else {
        return ExecOutcome::Failed("there is nothing to run".to_owned());
    };
    let spawned = Command::new(program)
        .args(arguments)
        .envs(env)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn();
    match spawned {
        Ok(child) => wait(child, Instant::now() + timeout),
        Err(error) if error.kind() == ErrorKind::NotFound => ExecOutcome::NotFound,
        Err(error) => ExecOutcome::Failed(format!("`{program}` cannot be run: {error}")),
    }
}

fn wait(mut child: Child, deadline: Instant) -> ExecOutcome {
    let stdout = collect(child.stdout.take());
    let stderr = collect(child.stderr.take());
    let left = || deadline.saturating_duration_since(Instant::now());
    let read = stdout
        .recv_timeout(left())
        .and_then(|out| stderr.recv_timeout(left()).map(|err| (out, err)));
    let Ok((stdout, stderr)) = read else {
        return kill(child);
    };
    loop {
        match child.try_wait() {
            Ok(Some(status)) => {
                return ExecOutcome::Exited {
                    code: status.code(),
                    stdout,
                    stderr,
                };
            }
            Ok(None) if left().is_zero() => return kill(child),
            Ok(None) => thread::sleep(TICK),
            Err(error) => return ExecOutcome::Failed(error.to_string()),
        }
    }
}

fn kill(mut child: Child) -> ExecOutcome {
    // It may have ended by itself meanwhile; either way it is collected.
    drop(child.kill());
    drop(child.wait());
    ExecOutcome::TimedOut
}

/// The whole stream, on a thread of its own: two pipes cannot be read in turn.
fn collect(stream: Option<impl Read + Send + 'static>) -> Receiver<String> {
    let (send, receive) = channel();
    drop(thread::spawn(move || {
        let mut bytes = Vec::new();
        if let Some(mut stream) = stream {
            let mut chunk = vec![0_u8; 64 * 1024];
            while let Ok(read @ 1..) = stream.read(&mut chunk) {
                bytes.extend_from_slice(chunk.get(..read).unwrap_or_default());
                if bytes.len() > 2 * LIMIT {
                    bytes.drain(..bytes.len() - LIMIT);
                }
            }
            bytes.drain(..bytes.len().saturating_sub(LIMIT));
        }
        // Nobody listens any more when the program took too long.
        drop(send.send(String::from_utf8_lossy(&bytes).into_owned()));
    }));
    receive
}

#[cfg(test)]
mod tests {
    use super::run;
    use kt_plugin_api::service::execute::ExecOutcome;
    use std::collections::BTreeMap;
    use std::time::Duration;

    fn sh(script: &str, timeout: Duration) -> ExecOutcome {
        let argv = ["/bin/sh", "-c", script].map(str::to_owned);
        let env = BTreeMap::from([("KT_X".to_owned(), "set".to_owned())]);
        run(&argv, &env, timeout)
    }

    #[test]
    fn streams_code_and_variables() {
        let ran = sh(
            "printf $KT_X; echo bad >&2; exit 3",
            Duration::from_secs(60),
        );
        let expected = ExecOutcome::Exited {
            code: Some(3),
            stdout: "set".to_owned(),
            stderr: "bad\n".to_owned(),
        };
        assert_eq!(ran, expected);
    }

    #[test]
    fn a_program_that_takes_too_long_is_killed() {
        assert_eq!(
            sh("exec sleep 600", Duration::from_millis(50)),
            ExecOutcome::TimedOut
        );
        let closed = "exec >&- 2>&-; exec sleep 600";
        assert_eq!(sh(closed, Duration::from_millis(50)), ExecOutcome::TimedOut);
    }

    #[test]
    fn more_output_than_a_pipe_holds_does_not_block() {
        let ran = sh("head -c 3000000 /dev/zero", Duration::from_secs(60));
        let ExecOutcome::Exited { code, stdout, .. } = ran else {
            panic!("{ran:?}")
        };
        assert_eq!((code, stdout.len()), (Some(0), 1 << 20));
    }

    #[test]
    fn missing_and_impossible_programs() {
        let none = BTreeMap::new();
        let ask = |argv: &[&str]| {
            let argv: Vec<String> = argv.iter().map(|&a| a.to_owned()).collect();
            run(&argv, &none, Duration::from_secs(60))
        };
        assert_eq!(ask(&["/nowhere/kt-missing"]), ExecOutcome::NotFound);
        assert!(matches!(ask(&["/etc/passwd"]), ExecOutcome::Failed(_)));
        assert!(matches!(ask(&[]), ExecOutcome::Failed(_)));
    }
}
