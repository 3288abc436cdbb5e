//! `kt plugin info`: everything that is known about a plugin without loading it.

use super::context::CommandContext;
use super::plugin_status::status;
use crate::install::key_id;
use crate::plugin_lock::{PluginLock, current_hashes};
use clap::ArgMatches;
use kt_plugin_api::{CellFormat, Error, Field, Output, View};
use serde_json::{Value, json};

pub(super) fn run(matches: &ArgMatches, context: &CommandContext<'_>) -> Result<Output, Error> {
    let plugin = context.named_plugin(matches)?;
    let lock = PluginLock::read(&context.record_paths().lock);
    let status = status(plugin, &lock, context, true);
    let manifest = plugin.manifest.as_ref();
    let hashes = current_hashes(plugin).ok();
    let entry = status.entry.as_ref();
    let mut value = status.summary(plugin);
    let details = json!({
        "license": manifest.map(|m| m.license.clone()),
        "homepage": manifest.map(|m| m.homepage.clone()),
        "api": manifest.map(|m| m.api.clone()),
        "kind": manifest.map(|m| m.kind),
        "isolation": manifest.and_then(|m| m.isolation),
        "link": plugin.link.as_ref().map(|link| link.display().to_string()),
        "library": plugin.library().map(|file| file.display().to_string()),
        "hash": hashes.map(|h| h.code),
        "locked_hashes": entry.map(|e| e.hashes.clone()),
        "installed_from": entry.and_then(|e| e.source.clone()),
        "public_key": entry.and_then(|e| e.public_key.clone()),
        "key_id": entry.and_then(|e| e.public_key.as_deref().map(key_id)),
        "crashes": plugin.crashes,
        "settings": manifest.map(|m| m.settings.iter().map(|s| s.key.clone()).collect::<Vec<_>>()),
    });
    if let (Some(value), Value::Object(details)) = (value.as_object_mut(), details) {
        value.extend(details);
    }
    let view = View::Fields(vec![
        Field::new("name", "/name"),
        Field::new("version", "/version"),
        Field::new("description", "/description"),
        Field::new("license", "/license"),
        Field::new("home page", "/homepage"),
        Field::new("plugin API", "/api"),
        Field::new("kind", "/kind"),
        Field::new("state", "/state").format(CellFormat::State),
        Field::new("reason", "/reason"),
        Field::new("source", "/source"),
        Field::new("tier", "/tier"),
        Field::new("path", "/path"),
        Field::new("hash", "/hash"),
        Field::new("installed from", "/installed_from"),
        Field::new("signed by", "/key_id"),
        Field::new("commands", "/commands"),
        Field::new("provides", "/provides"),
        Field::new("settings", "/settings"),
    ]);
    let mut output = Output::new("kt.plugin.info/1", value, view).name_path("/name");
    let hints = status.error.iter().flat_map(|e| &e.hints);
    for note in plugin.notes.iter().chain(hints) {
        output = output.note(note.clone());
    }
    Ok(output)
}
