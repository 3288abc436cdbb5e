//! `kt secret set`, `list` and `remove`.

use super::store::{SecretStore, check_name, check_value};
use crate::args::{SecretRemoveArgs, SecretSetArgs};
use kt_control_api::with_suggestion;
use kt_plugin_api::{Class, Column, Context, Error, Invocation, Output, View};
use kt_policy::looks_like_secret;
use serde_json::{Value, json};
use std::path::Path;

/// The maximum size of a file with a secret, against mistakes such as a wrong file.
const MAX_FILE: u64 = 1024 * 1024;

pub(crate) fn set(invocation: &Invocation, context: &Context<'_>) -> Result<Output, Error> {
    let args: SecretSetArgs = invocation.arguments()?;
    let name = &args.name;
    check_name(name)?;
    let value = match &args.file {
        Some(file) => read_value(invocation, context, file)?,
        None => context.prompt_secret(&format!("value of `{name}`:"))?,
    };
    check_value(&value)?;
    let previous =
        SecretStore::new(&invocation.dirs.state).update(|s| Ok(s.insert(name.clone(), value)))?;
    let word = if previous.is_some() {
        "replaced"
    } else {
        "stored"
    };
    let value = json!({ "name": name, "result": word });
    let view = View::Message(format!("secret `{name}` {word}"));
    Ok(Output::new("kt.secret.set/1", value, view).name_path("/name"))
}

fn read_value(
    invocation: &Invocation,
    context: &Context<'_>,
    file: &Path,
) -> Result<String, Error> {
    let unreadable = |cause: String| {
        let message = format!("cannot read `{}`", file.display());
        Error::new(Class::Usage, "unreadable-file", message).cause(cause)
    };
    let bytes = if file == Path::new("-") {
        context.stdin().read_all(MAX_FILE)
    } else {
        context.read_file(&invocation.resolve_path(file), MAX_FILE)
    };
    let bytes = bytes.or_else(|error| {
        context.check_cancelled()?;
        Err(unreadable(error.to_string()))
    })?;
    let text = String::from_utf8(bytes).map_err(|e| unreadable(e.utf8_error().to_string()))?;
    Ok(text.trim_end_matches(['\n', '\r']).to_owned())
}

pub(crate) fn list(invocation: &Invocation) -> Result<Output, Error> {
    let secrets = SecretStore::new(&invocation.dirs.state).read()?;
    let rows: Vec<Value> = secrets.keys().map(|name| json!({ "name": name })).collect();
    let view = View::Table {
        rows: String::new(),
        columns: vec![Column::new("NAME", "/name")],
        empty: "there are no secrets; `kt secret set` stores one".to_owned(),
    };
    Ok(Output::new("kt.secret.list/1", Value::Array(rows), view).name_path("/name"))
}

pub(crate) fn remove(invocation: &Invocation) -> Result<Output, Error> {
    let args: SecretRemoveArgs = invocation.arguments()?;
    let names = &args.name;
    SecretStore::new(&invocation.dirs.state).update(|secrets| {
        // All of them exist before one is removed.
        if let Some(missing) = names.iter().find(|name| !secrets.contains_key(*name)) {
            return Err(not_found(missing, secrets.keys().map(String::as_str)));
        }
        names.iter().for_each(|name| drop(secrets.remove(name)));
        Ok(())
    })?;
    let lines = names
        .iter()
        .map(|name| View::Message(format!("secret `{name}` removed")));
    let view = View::Sections(lines.collect());
    let value = match names.as_slice() {
        [name] => json!({ "name": name }),
        all => all.iter().map(|name| json!({ "name": name })).collect(),
    };
    Ok(Output::new("kt.secret.remove/1", value, view).name_path("/name"))
}

/// Does not quote what may be a value instead of a name.
fn not_found<'s>(name: &str, stored: impl Iterator<Item = &'s str>) -> Error {
    let message = if looks_like_secret(name) {
        "there is no secret of this name".to_owned()
    } else {
        format!("there is no secret `{name}`")
    };
    let error = Error::new(Class::NotFound, "secret-not-found", message);
    with_suggestion(error, name, stored).hint("`kt secret list` lists all names")
}

/// Returns the names of the secrets.
///
/// # Errors
/// If the store cannot be read.
pub(crate) fn names(invocation: &Invocation) -> Result<Vec<String>, Error> {
    let secrets = SecretStore::new(&invocation.dirs.state).read()?;
    Ok(secrets.into_keys().collect())
}

/// Returns the number of secrets.
///
/// # Errors
/// If the store cannot be read.
pub(crate) fn count(invocation: &Invocation) -> Result<usize, Error> {
    SecretStore::new(&invocation.dirs.state)
        .read()
        .map(|secrets| secrets.len())
}
