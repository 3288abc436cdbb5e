//! The exit of the last process of a service, for display.

use kt_plugin_api::service::LastExit;

/// Formats how a process exited.
pub(crate) fn describe_exit(exit: &LastExit) -> String {
    let text = match (&exit.code, &exit.signal) {
        (Some(code), _) => format!("the process exited with code {code}"),
        (None, Some(signal)) => format!("the process was terminated by SIG{signal}"),
        (None, None) => "the process exited".to_owned(),
    };
    match &exit.description {
        Some(description) => format!("{text}: {description}"),
        None => text,
    }
}
