//! `kt config set`, `unset` and `edit`: change the settings file of the user.

use super::context::CommandContext;
use crate::settings::{KnownSetting, SettingsDocument, known_setting};
use clap::ArgMatches;
use kt_plugin_api::{Class, Error, Output, View};
use serde_json::json;
use std::io::Write;
use std::process::Command;

pub(super) fn set(matches: &ArgMatches, context: &CommandContext<'_>) -> Result<Output, Error> {
    let (key, setting) = setting(matches, context)?;
    let values: Vec<String> = matches
        .get_many::<String>("value")
        .map(|values| values.cloned().collect())
        .unwrap_or_default();
    if setting.secret {
        let message = format!("`{key}` is a secret, which is not set by an argument");
        return Err(Error::new(Class::Usage, "secret-setting", message)
            .hint("`kt auth login` stores a token"));
    }
    if values.len() > 1 && !setting.list {
        let message = format!("`{key}` has one value");
        return Err(Error::new(Class::Usage, "invalid-arguments", message));
    }
    let mut document = document(context)?;
    document.set(&setting.words, &values, setting.list)?;
    document.write()?;
    Ok(changed(&key, "set", &document))
}

pub(super) fn unset(matches: &ArgMatches, context: &CommandContext<'_>) -> Result<Output, Error> {
    let key = matches
        .get_one::<String>("key")
        .cloned()
        .unwrap_or_default();
    // A key that nothing reads can be removed too.
    let known = known_setting(&key, &context.setting_specs());
    let words = known.map_or_else(
        |_| key.split('.').map(str::to_owned).collect(),
        |setting| setting.words,
    );
    let mut document = document(context)?;
    if !document.unset(&words) {
        return Ok(changed(&key, "not set", &document));
    }
    document.write()?;
    Ok(changed(&key, "removed", &document))
}

/// Opens a copy in the editor, and replaces the file if the copy is valid.
pub(super) fn edit(context: &CommandContext<'_>) -> Result<Output, Error> {
    let document = document(context)?;
    let editor = ["VISUAL", "EDITOR"];
    let editor = editor.iter().find_map(|name| context.env.var(name));
    let editor = editor.unwrap_or("vi");
    let failed = |reason: &dyn std::fmt::Display| {
        let message = format!("the editor `{editor}` cannot be used");
        Error::new(Class::Usage, "editor-failed", message)
            .cause(reason)
            .hint("set `EDITOR` to another one; nothing was changed")
    };
    let copy = tempfile::Builder::new()
        .prefix("kt-config-")
        .suffix(".toml")
        .tempfile();
    let mut copy = copy.map_err(|e| failed(&e))?;
    let before = document.text();
    copy.write_all(before.as_bytes()).map_err(|e| failed(&e))?;
    // The variable may have arguments, as with git.
    let status = Command::new("sh")
        .args(["-c", &format!("{editor} \"$1\""), "sh"])
        .arg(copy.path())
        .status()
        .map_err(|e| failed(&e))?;
    if !status.success() {
        return Err(failed(&format!("it ended with {status}")));
    }
    let after = std::fs::read_to_string(copy.path()).map_err(|e| failed(&e))?;
    if after == before {
        return Ok(changed("config.toml", "unchanged", &document));
    }
    let path = document.path().to_owned();
    match document.with_text(&after) {
        Ok(document) => {
            document.write()?;
            Ok(changed("config.toml", "changed", &document))
        }
        Err(error) => {
            let kept = copy.keep().map_err(|e| failed(&e))?.1;
            Err(error.hint(format!(
                "`{}` is unchanged; what you wrote is in `{}`",
                path.display(),
                kept.display()
            )))
        }
    }
}

fn document(context: &CommandContext<'_>) -> Result<SettingsDocument, Error> {
    SettingsDocument::read(&context.dirs.config.join("config.toml"))
}

fn setting(
    matches: &ArgMatches,
    context: &CommandContext<'_>,
) -> Result<(String, KnownSetting), Error> {
    let key = matches
        .get_one::<String>("key")
        .cloned()
        .unwrap_or_default();
    let setting = known_setting(&key, &context.setting_specs())?;
    Ok((key, setting))
}

fn changed(key: &str, result: &str, document: &SettingsDocument) -> Output {
    let file = document.path().display().to_string();
    let view = View::Message(format!("`{key}` {result} in {file}"));
    let value = json!({ "key": key, "result": result, "file": file });
    Output::new("kt.config.change/1", value, view).name_path("/key")
}
