//! The property list of an agent.

use kt_plugin_api::service::{ServiceSpec, SystemInfo};
use kt_plugin_api::{Class, Error};
use plist::{Dictionary, Value, XmlWriteOptions};
use std::path::Path;

/// The minimum time between two starts in seconds: the default of launchd, which
/// ignores lower values.
const THROTTLE_INTERVAL_S: i64 = 10;
/// The maximum limit of open files. setrlimit(2) of macOS rejects values above
/// `OPEN_MAX`, 10240, and an agent with a rejected limit does not start.
const MAX_OPEN_FILES: u32 = 8_192;
/// A property list contains the mask as a decimal number.
const UMASK: i64 = 0o077;
/// The default of launchd contains only the directories of the system, not those of
/// package managers.
const PATH: &str = "/opt/homebrew/bin:/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin";

/// Renders the property list.
///
/// Deliberately omitted: `LimitLoadToSessionType` (an agent of the graphical
/// session is the default), a copied shell environment, and secrets.
///
/// # Errors
/// Class `usage` for a path that is not UTF-8, or a text that XML does not support.
pub(crate) fn render(
    spec: &ServiceSpec,
    system: &SystemInfo,
    label: &str,
) -> Result<String, Error> {
    let mut list = Dictionary::new();
    let mut set = |key: &str, value: Value| drop(list.insert(key.to_owned(), value));
    set("Label", Value::from(label));
    set("ProgramArguments", Value::Array(arguments(spec)?));
    set("RunAtLoad", Value::from(true));
    set("KeepAlive", restart_on_failure());
    set("ThrottleInterval", Value::from(THROTTLE_INTERVAL_S));
    set("ExitTimeOut", Value::from(i64::from(spec.stop_timeout_s)));
    // The default throttles CPU and disk access.
    set("ProcessType", Value::from("Interactive"));
    set("Umask", Value::from(UMASK));
    let dir = spec.working_dir.as_deref().unwrap_or(&system.home);
    set("WorkingDirectory", Value::from(utf8_path(dir)?));
    set("SoftResourceLimits", open_files(spec.open_files_limit));
    set("EnvironmentVariables", environment(spec)?);
    set("StandardOutPath", Value::from("/dev/null"));
    if let Some(file) = &spec.stderr_file {
        set("StandardErrorPath", Value::from(utf8_path(file)?));
    }
    to_xml(Value::Dictionary(list))
}

fn arguments(spec: &ServiceSpec) -> Result<Vec<Value>, Error> {
    if !spec
        .exec
        .first()
        .is_some_and(|program| program.starts_with('/'))
    {
        let message = "the executable is not an absolute path";
        return Err(Error::new(Class::Usage, "executable-unusable", message));
    }
    spec.exec
        .iter()
        .map(|argument| supported(argument).map(Value::from))
        .collect()
}

fn restart_on_failure() -> Value {
    let mut keep = Dictionary::new();
    drop(keep.insert("SuccessfulExit".to_owned(), Value::from(false)));
    Value::Dictionary(keep)
}

fn open_files(count: u32) -> Value {
    let mut limits = Dictionary::new();
    let count = i64::from(count.min(MAX_OPEN_FILES));
    drop(limits.insert("NumberOfFiles".to_owned(), Value::from(count)));
    Value::Dictionary(limits)
}

fn environment(spec: &ServiceSpec) -> Result<Value, Error> {
    let mut all = Dictionary::new();
    drop(all.insert("PATH".to_owned(), Value::from(PATH)));
    for (name, value) in &spec.environment {
        let value = Value::from(supported(value)?);
        drop(all.insert(supported(name)?.to_owned(), value));
    }
    Ok(Value::Dictionary(all))
}

/// Validates a text: XML 1.0 does not support most control characters.
fn supported(text: &str) -> Result<&str, Error> {
    if text
        .chars()
        .any(|c| c.is_control() && !matches!(c, '\t' | '\n'))
    {
        let message = format!("a property list does not support `{}`", text.escape_debug());
        return Err(Error::new(Class::Usage, "argument-unusable", message));
    }
    Ok(text)
}

fn utf8_path(path: &Path) -> Result<&str, Error> {
    let text = path.to_str().ok_or_else(|| {
        let message = format!("the path `{}` is not valid UTF-8", path.display());
        Error::new(Class::Usage, "path-unusable", message)
    })?;
    supported(text)
}

fn to_xml(list: Value) -> Result<String, Error> {
    let mut bytes = Vec::new();
    let result = list.to_writer_xml_with_options(&mut bytes, &XmlWriteOptions::default());
    let error = |e: String| Error::internal("cannot serialize the property list").cause(e);
    result.map_err(|e| error(e.to_string()))?;
    let mut text = String::from_utf8(bytes).map_err(|e| error(e.to_string()))?;
    text.push('\n');
    Ok(text)
}

#[cfg(test)]
pub(crate) mod tests;
