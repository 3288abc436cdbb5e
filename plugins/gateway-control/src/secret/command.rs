//! `kt secret set`, `list` and `remove`.

use super::store::{Store, check_name, check_value};
use kt_plugin_api::{Class, Column, Context, Error, Invocation, Output, View};
use serde_json::{Value, json};
use std::path::Path;

pub(crate) fn set(invocation: &Invocation, context: &Context<'_>) -> Result<Output, Error> {
    let name = invocation.required("name")?;
    check_name(name)?;
    let value = match invocation.args.text("file") {
        Some(file) => from_file(invocation, file)?,
        None => context.prompt_secret(&format!("value of `{name}`:"))?,
    };
    check_value(&value)?;
    let known =
        Store::new(&invocation.dirs.state).change(|s| Ok(s.insert(name.to_owned(), value)))?;
    let word = if known.is_some() {
        "replaced"
    } else {
        "stored"
    };
    let value = json!({ "name": name, "result": word });
    let view = View::Message(format!("secret `{name}` {word}"));
    Ok(Output::new("kt.secret.set/1", value, view).name_path("/name"))
}

fn from_file(invocation: &Invocation, file: &str) -> Result<String, Error> {
    let text = std::fs::read_to_string(invocation.resolve_path(Path::new(file))).map_err(|e| {
        Error::new(
            Class::Usage,
            "unreadable-file",
            format!("cannot read `{file}`"),
        )
        .cause(e)
    })?;
    Ok(text.trim_end_matches(['\n', '\r']).to_owned())
}

pub(crate) fn list(invocation: &Invocation) -> Result<Output, Error> {
    let secrets = Store::new(&invocation.dirs.state).read()?;
    let rows: Vec<Value> = secrets.keys().map(|name| json!({ "name": name })).collect();
    let view = View::Table {
        rows: String::new(),
        columns: vec![Column::new("NAME", "/name")],
        empty: "there are no secrets yet; `kt secret set` stores one".to_owned(),
    };
    Ok(Output::new("kt.secret.list/1", Value::Array(rows), view).name_path("/name"))
}

pub(crate) fn remove(invocation: &Invocation) -> Result<Output, Error> {
    let name = invocation.required("name")?;
    Store::new(&invocation.dirs.state).change(|secrets| {
        secrets.remove(name).map(drop).ok_or_else(|| {
            Error::new(
                Class::NotFound,
                "secret-not-found",
                format!("there is no secret `{name}`"),
            )
            .hint("`kt secret list` shows every name")
        })
    })?;
    let view = View::Message(format!("secret `{name}` removed"));
    Ok(Output::new("kt.secret.remove/1", json!({ "name": name }), view).name_path("/name"))
}

/// How many secrets are stored.
///
/// # Errors
/// When the store cannot be used.
pub(crate) fn count(invocation: &Invocation) -> Result<usize, Error> {
    Store::new(&invocation.dirs.state)
        .read()
        .map(|secrets| secrets.len())
}
