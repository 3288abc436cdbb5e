//! Runs a program for a limited time.

use kt_plugin_api::service::execute::ExecOutcome;
use std::collections::BTreeMap;
use std::io::{ErrorKind, Read};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::{Duration, Instant};

/// The number of bytes of a stream that are kept: its last ones, as the end of a log
/// is the relevant part. All of it is read, so that the program does not block.
const MAX_OUTPUT: usize = 1 << 20;
/// The polling interval for a program that has closed its streams but not exited.
const POLL_INTERVAL: Duration = Duration::from_millis(5);

/// Runs a program for at most `timeout`.
pub(super) fn run(
    argv: &[String],
    env: &BTreeMap<String, String>,
    timeout: Duration,
) -> ExecOutcome {
    let Some((program, arguments)) = argv.split_first() else {
        return ExecOutcome::Failed("the command is empty".to_owned());
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
        Err(error) => ExecOutcome::Failed(format!("cannot run `{program}`: {error}")),
    }
}

fn wait(mut child: Child, deadline: Instant) -> ExecOutcome {
    let stdout = collect(child.stdout.take());
    let stderr = collect(child.stderr.take());
    let remaining = || deadline.saturating_duration_since(Instant::now());
    let output = stdout
        .recv_timeout(remaining())
        .and_then(|out| stderr.recv_timeout(remaining()).map(|err| (out, err)));
    let Ok((stdout, stderr)) = output else {
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
            Ok(None) if remaining().is_zero() => return kill(child),
            Ok(None) => thread::sleep(POLL_INTERVAL),
            Err(error) => return ExecOutcome::Failed(error.to_string()),
        }
    }
}

fn kill(mut child: Child) -> ExecOutcome {
    // It may have exited by itself meanwhile; it is reaped in both cases.
    drop(child.kill());
    drop(child.wait());
    ExecOutcome::TimedOut
}

/// Reads the whole stream on a separate thread: two pipes cannot be read in turn.
fn collect(stream: Option<impl Read + Send + 'static>) -> Receiver<String> {
    let (sender, receiver) = channel();
    drop(thread::spawn(move || {
        let mut bytes = Vec::new();
        if let Some(mut stream) = stream {
            let mut chunk = vec![0_u8; 64 * 1024];
            while let Ok(read @ 1..) = stream.read(&mut chunk) {
                bytes.extend_from_slice(chunk.get(..read).unwrap_or_default());
                if bytes.len() > 2 * MAX_OUTPUT {
                    bytes.drain(..bytes.len() - MAX_OUTPUT);
                }
            }
            bytes.drain(..bytes.len().saturating_sub(MAX_OUTPUT));
        }
        // The receiver is dropped when the program has timed out.
        drop(sender.send(String::from_utf8_lossy(&bytes).into_owned()));
    }));
    receiver
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
    fn streams_exit_code_and_variables_are_passed() {
        let outcome = sh(
            "printf $KT_X; echo bad >&2; exit 3",
            Duration::from_secs(60),
        );
        let expected = ExecOutcome::Exited {
            code: Some(3),
            stdout: "set".to_owned(),
            stderr: "bad\n".to_owned(),
        };
        assert_eq!(outcome, expected);
    }

    #[test]
    fn a_program_that_times_out_is_killed() {
        assert_eq!(
            sh("exec sleep 600", Duration::from_millis(50)),
            ExecOutcome::TimedOut
        );
        let closed = "exec >&- 2>&-; exec sleep 600";
        assert_eq!(sh(closed, Duration::from_millis(50)), ExecOutcome::TimedOut);
    }

    #[test]
    fn output_larger_than_a_pipe_does_not_block() {
        let outcome = sh("head -c 3000000 /dev/zero", Duration::from_secs(60));
        let ExecOutcome::Exited { code, stdout, .. } = outcome else {
            panic!("{outcome:?}")
        };
        assert_eq!((code, stdout.len()), (Some(0), 1 << 20));
    }

    #[test]
    fn missing_and_unusable_programs_are_reported() {
        let none = BTreeMap::new();
        let execute = |argv: &[&str]| {
            let argv: Vec<String> = argv.iter().map(|&a| a.to_owned()).collect();
            run(&argv, &none, Duration::from_secs(60))
        };
        assert_eq!(execute(&["/nowhere/kt-missing"]), ExecOutcome::NotFound);
        assert!(matches!(execute(&["/etc/passwd"]), ExecOutcome::Failed(_)));
        assert!(matches!(execute(&[]), ExecOutcome::Failed(_)));
    }
}
