//! `kt auth switch`.

use super::list::profile_names;
use crate::args::AuthSwitchArgs;
use crate::private_file;
use kt_control_api::with_suggestion;
use kt_plugin_api::{Class, Error, Invocation, Output, View};
use serde_json::json;
use std::io::ErrorKind;
use toml_edit::{DocumentMut, value};

pub(crate) fn run(invocation: &Invocation) -> Result<Output, Error> {
    let args: AuthSwitchArgs = invocation.arguments()?;
    let name = args.name;
    let names = profile_names(&invocation.dirs.config);
    if !names.contains(&name) {
        let message = format!("there is no profile `{name}`");
        let error = Error::new(Class::NotFound, "profile-not-found", message);
        let error = with_suggestion(error, &name, names.iter().map(String::as_str));
        return Err(error.hint(format!(
            "`kt auth list` lists the profiles, `kt auth login --profile {name}` creates one"
        )));
    }
    let file = invocation.dirs.config.join("config.toml");
    // A link to the file remains one.
    let file = file.canonicalize().unwrap_or(file);
    let text = match std::fs::read_to_string(&file) {
        Ok(text) => text,
        Err(e) if e.kind() == ErrorKind::NotFound => String::new(),
        Err(e) => return Err(unusable(&file, &e)),
    };
    let mut document: DocumentMut = text
        .parse()
        .map_err(|_| unusable(&file, &"it is not valid TOML"))?;
    let mut profile = value(name.as_str());
    let old = document
        .get("default_profile")
        .and_then(|item| item.as_value());
    if let (Some(old), Some(new)) = (old, profile.as_value_mut()) {
        *new.decor_mut() = old.decor().clone();
    }
    match document.get_mut("default_profile") {
        // The key remains, with the comment before it.
        Some(old) => *old = profile,
        None => drop(document.insert("default_profile", profile)),
    }
    private_file::write(&file, &document.to_string())?;
    let value = json!({ "profile": name, "file": file.display().to_string() });
    let view = View::Message(format!("profile `{name}` is now used by default"));
    Ok(Output::new("kt.auth.switch/1", value, view).name_path("/profile"))
}

fn unusable(file: &std::path::Path, cause: &dyn std::fmt::Display) -> Error {
    let message = format!("cannot change `{}`", file.display());
    Error::new(Class::Settings, "unusable-settings", message).cause(cause)
}
