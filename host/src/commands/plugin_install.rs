//! `kt plugin install` and `kt plugin update`: install a plugin of the user from a
//! directory, a library or an archive.

use super::context::CommandContext;
use crate::discovery::{DiscoveredPlugin, PluginSource, PluginTier};
use crate::install::{Artifact, Candidate, Installer, Publisher, key_id};
use crate::plugin_lock::{LockEntry, PluginHashes, PluginLock, current_hashes};
use clap::ArgMatches;
use kt_plugin_api::{CellFormat, Class, Column, Error, Output, View};
use serde_json::{Value, json};
use std::path::{Path, PathBuf};

/// The options of an installation.
#[derive(Default)]
struct InstallOptions {
    /// An installed plugin is replaced, and conflicts with other plugins are accepted.
    force: bool,
    sha256: Option<String>,
    signature: Option<PathBuf>,
    public_key: Option<String>,
    /// The name that the plugin must have.
    name: Option<String>,
}

pub(super) fn install(matches: &ArgMatches, context: &CommandContext<'_>) -> Result<Output, Error> {
    let text = |name: &str| matches.get_one::<String>(name).cloned();
    let path = matches.get_one::<PathBuf>("path").cloned();
    let options = InstallOptions {
        force: matches.get_flag("force"),
        sha256: text("sha256"),
        signature: matches.get_one::<PathBuf>("signature").cloned(),
        public_key: text("public-key"),
        name: None,
    };
    let path = context.env.cwd.join(path.unwrap_or_default());
    let row = run(&path, &options, context)?;
    Ok(output("kt.plugin.install/1", vec![row]))
}

pub(super) fn update(matches: &ArgMatches, context: &CommandContext<'_>) -> Result<Output, Error> {
    let lock = PluginLock::read(&context.record_paths().lock)?;
    let name = matches.get_one::<String>("name");
    let sources: Vec<(&String, &String)> = lock
        .entries
        .iter()
        .filter(|(n, e)| name.is_none_or(|name| name == *n) && e.tier != PluginTier::Development)
        .filter_map(|(n, e)| Some((n, e.source.as_ref()?)))
        .collect();
    if let (Some(name), true) = (name, sources.is_empty()) {
        context.named_plugin(matches)?;
        let message = format!("plugin `{name}` was not installed by `kt plugin install`");
        return Err(Error::new(Class::NotFound, "plugin-not-installed", message)
            .hint("run `kt plugin install PATH --force` with the new version"));
    }
    let mut rows = Vec::new();
    for (name, source) in sources {
        let options = InstallOptions {
            force: true,
            name: Some(name.clone()),
            ..InstallOptions::default()
        };
        rows.push(run(Path::new(source), &options, context)?);
    }
    Ok(output("kt.plugin.update/1", rows))
}

fn output(schema: &str, rows: Vec<Value>) -> Output {
    let columns = vec![
        Column::new("NAME", "/name"),
        Column::new("VERSION", "/version"),
        Column::new("TIER", "/tier"),
        Column::new("RESULT", "/result"),
        Column::new("SHA256", "/sha256").format(CellFormat::Hash),
        Column::new("PATH", "/path").wide(),
    ];
    let view = View::Table {
        rows: String::new(),
        columns,
        empty: "no plugin was installed by `kt plugin install`".to_owned(),
    };
    Output::new(schema, Value::Array(rows), view).name_path("/name")
}

fn run(
    path: &Path,
    options: &InstallOptions,
    context: &CommandContext<'_>,
) -> Result<Value, Error> {
    let artifact = Artifact::open(path)?;
    if let Some(expected) = &options.sha256 {
        artifact.check_sha256(expected)?;
    }
    let installer = context.installer();
    let candidate = artifact.stage(&installer.plugins, &installer.records)?;
    let lock = PluginLock::read(&installer.records.lock)?;
    let name = candidate.manifest.name.clone();
    if let Some(expected) = options.name.as_ref().filter(|n| **n != name) {
        let message = format!("`{}` is now the plugin `{name}`", artifact.path.display());
        return Err(Error::new(Class::Conflict, "plugin-renamed", message)
            .cause(format!("expected `{expected}`")));
    }
    let old = lock.entries.get(&name);
    let public_key = check_publisher(&artifact, options, old, context, &name)?;
    let hashes = current_hashes(&candidate.plugin)
        .map_err(|e| Error::internal("the staged files cannot be read").cause(e))?;
    let target = installer.plugins.join(&name);
    let installed = installed(&name, context);
    let unchanged = installed.is_some_and(|p| p.link.is_none())
        && current_hashes_of(installed) == Some(hashes.clone())
        && old.is_some_and(|e| e.hashes == [hashes.code.clone()] && e.public_key == public_key);
    let tier = if public_key.is_some() {
        PluginTier::Signed
    } else {
        PluginTier::Locked
    };
    let mut row = json!({
        "name": name,
        "version": candidate.manifest.version,
        "tier": tier.name(),
        "result": "unchanged",
        "sha256": hashes.code.trim_start_matches("sha256:"),
        "key_id": public_key.as_deref().map(key_id),
        "path": target.display().to_string(),
    });
    let source = artifact.path.canonicalize().ok();
    let source = source.map(|path| path.display().to_string());
    if let (true, Some(old)) = (unchanged, old) {
        if old.source != source {
            installer.lock(LockEntry {
                source,
                ..old.clone()
            })?;
        }
        return Ok(row);
    }
    if !options.force {
        check_conflicts(&candidate, &installer, context)?;
    }
    confirm(&candidate, &hashes, public_key.as_deref(), context)?;
    let mut entry = LockEntry::new(&name, &candidate.manifest.version, tier);
    entry.source = source;
    entry.hashes = vec![hashes.code];
    entry.manifest_hashes = vec![hashes.manifest];
    entry.public_key = public_key;
    let result = match installed {
        Some(_) => "updated",
        None => "installed",
    };
    installer.install(&candidate, entry, options.force)?;
    if let Some(row) = row.as_object_mut() {
        row.insert("result".to_owned(), result.into());
    }
    Ok(row)
}

/// Checks the signature with the given key, or with the key of the first installation,
/// which no later one can replace. Returns the key.
fn check_publisher(
    artifact: &Artifact,
    options: &InstallOptions,
    old: Option<&LockEntry>,
    context: &CommandContext<'_>,
    name: &str,
) -> Result<Option<String>, Error> {
    let pinned = old.and_then(|e| e.public_key.clone());
    let Some(key) = options.public_key.clone().or_else(|| pinned.clone()) else {
        if options.signature.is_some() {
            let message = "`--signature` requires `--public-key`";
            return Err(Error::new(Class::Usage, "invalid-arguments", message));
        }
        return Ok(None);
    };
    let beside = || {
        let mut file = artifact.path.clone().into_os_string();
        file.push(".minisig");
        PathBuf::from(file)
    };
    let cwd = &context.env.cwd;
    let signature = options.signature.as_ref().map(|s| cwd.join(s));
    let publisher = Publisher::new(&key, cwd, signature.unwrap_or_else(beside))?;
    if let Some(pinned) = pinned.filter(|p| *p != publisher.public_key) {
        let message = format!("plugin `{name}` was installed with another public key");
        return Err(Error::new(Class::Conflict, "plugin-key-changed", message)
            .cause(format!("pinned {}", key_id(&pinned)))
            .cause(format!("given {}", key_id(&publisher.public_key)))
            .hint(format!(
                "if the publisher changed its key, run `kt plugin remove {name}` first"
            )));
    }
    artifact.check_signature(&publisher)?;
    Ok(Some(publisher.public_key))
}

/// Returns the plugin of the user with this name.
fn installed<'a>(name: &str, context: &CommandContext<'a>) -> Option<&'a DiscoveredPlugin> {
    let mut all = context.registry.all.iter();
    all.find(|p| p.source == PluginSource::User && p.name() == name)
}

fn current_hashes_of(plugin: Option<&DiscoveredPlugin>) -> Option<PluginHashes> {
    current_hashes(plugin?).ok()
}

/// Refuses a plugin that exists, or that would not be used.
fn check_conflicts(
    candidate: &Candidate,
    installer: &Installer,
    context: &CommandContext<'_>,
) -> Result<(), Error> {
    let name = &candidate.manifest.name;
    let conflict = |id: &str, message: String| Error::new(Class::Conflict, id, message);
    if installer.plugins.join(name).symlink_metadata().is_ok() {
        let message = format!("plugin `{name}` is already installed");
        return Err(conflict("plugin-installed", message).hint(format!(
            "run `kt plugin update {name}`, or pass `--force` to replace it"
        )));
    }
    let of_installation =
        |p: &&DiscoveredPlugin| matches!(p.source, PluginSource::Bundled | PluginSource::System);
    let mut installation = context.registry.all.iter().filter(of_installation);
    let layers = context.layers.as_ref().ok();
    let allowed = layers.is_some_and(|l| l.list("plugins.allow_shadow").contains(name));
    if let Some(first) = installation
        .find(|p| p.name() == *name)
        .filter(|_| !allowed)
    {
        let message = format!(
            "`{}` has precedence over plugin `{name}`",
            first.dir.display()
        );
        return Err(conflict("plugin-shadowed", message).hint(format!(
            "add `{name}` to `plugins.allow_shadow` in config.toml first, or pass `--force`"
        )));
    }
    if let Some((what, first)) = context.registry.conflict(&candidate.manifest) {
        let message = format!(
            "plugin `{name}` declares {what}, which plugin `{}` already declares",
            first.name()
        );
        return Err(conflict("plugin-conflict", message)
            .cause(format!("first: `{}`", first.dir.display()))
            .hint("disable or remove the other plugin first, or pass `--force`"));
    }
    Ok(())
}

fn confirm(
    candidate: &Candidate,
    hashes: &PluginHashes,
    public_key: Option<&str>,
    context: &CommandContext<'_>,
) -> Result<(), Error> {
    let m = &candidate.manifest;
    let signed = public_key.map_or_else(
        || "not signed".to_owned(),
        |key| format!("signed by {}", key_id(key)),
    );
    let question = format!(
        "install plugin {} {} ({}; {signed}), which will run with your permissions?",
        m.name, m.version, hashes.code
    );
    context.terminal.confirm_change(&question)
}
