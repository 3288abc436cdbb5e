//! The property list of an agent.

use kt_plugin_api::service::{ServiceSpec, SystemInfo};
use kt_plugin_api::{Class, Error};
use plist::{Dictionary, Value, XmlWriteOptions};
use std::path::Path;

/// The shortest time between two starts, seconds; launchd's own default,
/// written down because a wish for less would be ignored.
const THROTTLE_S: i64 = 10;
/// Most files that are asked for. setrlimit(2) of macOS refuses more than its
/// `OPEN_MAX`, 10240, and an agent whose limits are refused never starts.
const MOST_FILES: u32 = 8_192;
/// `0077` as launchd wants it: a decimal number.
const UMASK: i64 = 0o077;
/// launchd's own search path has only the system's directories; children of a
/// gateway are found where people install things.
const PATH: &str = "/opt/homebrew/bin:/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin";

/// Renders the property list.
///
/// Not in it, on purpose: `LimitLoadToSessionType` (an agent of the graphical
/// session is the default), a copied shell environment, and secrets.
///
/// # Errors
/// Class `usage` for a path that is not Unicode or a text that XML cannot hold.
pub(crate) fn render(
    spec: &ServiceSpec,
    system: &SystemInfo,
    label: &str,
) -> Result<String, Error> {
    let mut job = Dictionary::new();
    let mut put = |key: &str, value: Value| drop(job.insert(key.to_owned(), value));
    put("Label", Value::from(label));
    put("ProgramArguments", Value::Array(arguments(spec)?));
    put("RunAtLoad", Value::from(true));
    put("KeepAlive", only_after_failure());
    put("ThrottleInterval", Value::from(THROTTLE_S));
    put("ExitTimeOut", Value::from(i64::from(spec.stop_timeout_s)));
    // Without it launchd slows processor and disk down, wrong for a proxy.
    put("ProcessType", Value::from("Interactive"));
    put("Umask", Value::from(UMASK));
    let dir = spec.working_dir.as_deref().unwrap_or(&system.home);
    put("WorkingDirectory", Value::from(unicode(dir)?));
    put("SoftResourceLimits", files(spec.open_files_limit));
    put("EnvironmentVariables", environment(spec)?);
    put("StandardOutPath", Value::from("/dev/null"));
    if let Some(file) = &spec.stderr_file {
        put("StandardErrorPath", Value::from(unicode(file)?));
    }
    write(Value::Dictionary(job))
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
        .map(|word| writable(word).map(Value::from))
        .collect()
}

fn only_after_failure() -> Value {
    let mut keep = Dictionary::new();
    drop(keep.insert("SuccessfulExit".to_owned(), Value::from(false)));
    Value::Dictionary(keep)
}

fn files(count: u32) -> Value {
    let mut limits = Dictionary::new();
    let count = i64::from(count.min(MOST_FILES));
    drop(limits.insert("NumberOfFiles".to_owned(), Value::from(count)));
    Value::Dictionary(limits)
}

fn environment(spec: &ServiceSpec) -> Result<Value, Error> {
    let mut all = Dictionary::new();
    drop(all.insert("PATH".to_owned(), Value::from(PATH)));
    for (name, value) in &spec.environment {
        let value = Value::from(writable(value)?);
        drop(all.insert(writable(name)?.to_owned(), value));
    }
    Ok(Value::Dictionary(all))
}

/// XML 1.0 has no way to write most control characters.
fn writable(text: &str) -> Result<&str, Error> {
    if text
        .chars()
        .any(|c| c.is_control() && !matches!(c, '\t' | '\n'))
    {
        let message = format!("a property list cannot hold `{}`", text.escape_debug());
        return Err(Error::new(Class::Usage, "argument-unusable", message));
    }
    Ok(text)
}

fn unicode(path: &Path) -> Result<&str, Error> {
    let text = path.to_str().ok_or_else(|| {
        let message = format!("the path `{}` is not valid Unicode", path.display());
        Error::new(Class::Usage, "path-unusable", message)
    })?;
    writable(text)
}

fn write(job: Value) -> Result<String, Error> {
    let mut bytes = Vec::new();
    let written = job.to_writer_xml_with_options(&mut bytes, &XmlWriteOptions::default());
    let broken = |e: String| Error::internal("the property list cannot be written").cause(e);
    written.map_err(|e| broken(e.to_string()))?;
    let mut text = String::from_utf8(bytes).map_err(|e| broken(e.to_string()))?;
    text.push('\n');
    Ok(text)
}

#[cfg(test)]
pub(crate) mod tests;
