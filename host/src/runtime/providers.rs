//! Providers of interfaces: lists, selects and opens them.
//!
//! The host knows no interface: this code is the same for all of them.

use super::inherited_descriptors::InheritedDescriptors;
use crate::crash::{self, PluginIdentity};
use crate::discovery::{DiscoveredPlugin, Registry};
use crate::environment::{self, Environment};
use crate::load::{LoadedPlugin, load};
use crate::logging;
use kt_plugin_api::abi::{KtInterfaceV1, log};
use kt_plugin_api::manifest::{DetectRule, Manifest, ProvidesSpec};
use kt_plugin_api::{Class, Error, ProviderInfo};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::mpsc::{self, RecvTimeoutError};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// How long the host waits for the plugins at the end of the process.
const SHUTDOWN_TIMEOUT: Duration = Duration::from_secs(2);

/// Loads plugins, once each, and opens their providers.
pub(crate) struct Providers<'a> {
    pub(crate) registry: &'a Registry,
    /// The providers that are configured, by interface id.
    configured: BTreeMap<String, String>,
    /// The cache directory.
    pub(crate) cache: PathBuf,
    /// `PATH`, for detection rules.
    path: String,
    /// See [`environment::UNKNOWN_KEYS`].
    pub(super) unknown_keys: bool,
    /// The descriptors from the service manager.
    pub(super) inherited: InheritedDescriptors,
    loaded: Mutex<Vec<Loaded>>,
}

/// A plugin that is loaded.
struct Loaded {
    dir: PathBuf,
    label: String,
    library: &'static LoadedPlugin,
}

/// An open provider.
pub(crate) struct OpenProvider {
    pub(super) plugin: String,
    pub(super) version: String,
    pub(super) path: PathBuf,
    pub(super) interface: String,
    pub(super) name: String,
    pub(super) identity: &'static PluginIdentity,
    pub(super) vtable: KtInterfaceV1,
}

impl<'a> Providers<'a> {
    pub(crate) fn new(
        registry: &'a Registry,
        configured: BTreeMap<String, String>,
        cache: &Path,
        env: &Environment,
        inherited: InheritedDescriptors,
    ) -> Self {
        Self {
            registry,
            configured,
            cache: cache.to_owned(),
            path: env.var("PATH").unwrap_or_default().to_owned(),
            unknown_keys: env.is_enabled(environment::UNKNOWN_KEYS),
            inherited,
            loaded: Mutex::default(),
        }
    }

    /// Loads a plugin, unless it is loaded.
    pub(crate) fn load(
        &self,
        plugin: &DiscoveredPlugin,
        manifest: &Manifest,
    ) -> Result<&'static LoadedPlugin, Error> {
        let mut loaded = self
            .loaded
            .lock()
            .map_err(|_| Error::internal("loading a plugin panicked"))?;
        if let Some(existing) = loaded.iter().find(|l| l.dir == plugin.dir) {
            return Ok(existing.library);
        }
        let new: &'static LoadedPlugin = Box::leak(Box::new(load(plugin, manifest, &self.cache)?));
        loaded.push(Loaded {
            dir: plugin.dir.clone(),
            label: format!("plugin `{}` {}", manifest.name, manifest.version),
            library: new,
        });
        Ok(new)
    }

    /// Returns the providers of an interface, by preference, with the reasons for
    /// which they can or cannot be used.
    pub(crate) fn list(&self, interface: &str) -> Vec<ProviderInfo> {
        let mut all: Vec<ProviderInfo> = self
            .registry
            .providers(interface)
            .map(|(_, manifest, spec)| self.assess(interface, manifest, spec))
            .collect();
        all.sort_by_key(|p| (!p.available, !p.selected, -p.priority));
        all
    }

    fn assess(&self, interface: &str, manifest: &Manifest, spec: &ProvidesSpec) -> ProviderInfo {
        let os = std::env::consts::OS;
        let supervises = spec.os.is_empty() || spec.os.iter().any(|s| s == os);
        let detected = spec.detect.iter().find(|rule| self.matches(rule));
        let mut reasons = Vec::new();
        if !supervises {
            reasons.push(format!(
                "it supports {}, and this is {os}",
                spec.os.join(", ")
            ));
        } else if let Some(rule) = detected {
            reasons.push(format!("{} exists", describe(rule)));
        } else if !spec.detect.is_empty() {
            let rules: Vec<String> = spec.detect.iter().map(describe).collect();
            reasons.push(format!("{} does not exist", rules.join(" or ")));
        }
        ProviderInfo {
            name: spec.name.clone(),
            plugin: manifest.name.clone(),
            available: supervises && (spec.detect.is_empty() || detected.is_some()),
            selected: self.configured.get(interface) == Some(&spec.name),
            priority: spec.priority,
            reasons,
        }
    }

    fn matches(&self, rule: &DetectRule) -> bool {
        match rule {
            DetectRule::Dir(path) => Path::new(path).is_dir(),
            DetectRule::File(path) => Path::new(path).exists(),
            DetectRule::Program(name) => self
                .path
                .split(':')
                .any(|dir| Path::new(dir).join(name).is_file()),
        }
    }

    /// Opens a provider: the named one, or the preferred one that can be used.
    pub(crate) fn open(&self, interface: &str, name: &str) -> Result<OpenProvider, Error> {
        let name = if name.is_empty() {
            self.best(interface)?
        } else {
            name.to_owned()
        };
        let (plugin, manifest, _) = self
            .registry
            .providers(interface)
            .find(|(_, _, spec)| spec.name == name)
            .ok_or_else(|| self.not_found(interface, &name))?;
        let loaded = self.load(plugin, manifest)?;
        let vtable = loaded.provider(interface, &name).map_err(|e| {
            let message = format!(
                "plugin `{}` {} cannot provide `{interface}` (`{name}`)",
                manifest.name, manifest.version
            );
            Error::new(Class::Plugin, "provider-not-found", message)
                .cause(e)
                .hint("reinstall the plugin")
        })?;
        Ok(OpenProvider {
            plugin: manifest.name.clone(),
            version: manifest.version.clone(),
            path: plugin.library().unwrap_or_default(),
            interface: interface.to_owned(),
            name,
            identity: loaded.identity(),
            vtable,
        })
    }

    /// Calls `shutdown` of every loaded plugin, the last loaded first. No call of a
    /// plugin may run or follow. A plugin that does not return in time is named, and
    /// the others are not called.
    pub(crate) fn shut_down(&self) {
        let Ok(mut loaded) = self.loaded.lock() else {
            return;
        };
        let loaded = std::mem::take(&mut *loaded);
        if loaded.is_empty() {
            return;
        }
        let names: Vec<String> = loaded.iter().rev().map(|l| l.label.clone()).collect();
        let (sender, done) = mpsc::channel();
        let now = SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .unwrap_or_default();
        let deadline = u64::try_from((now + SHUTDOWN_TIMEOUT).as_millis()).unwrap_or(u64::MAX);
        let thread = std::thread::Builder::new().spawn(move || {
            crash::set_alternate_stack();
            for plugin in loaded.into_iter().rev() {
                // SAFETY: every call has returned, and none follows.
                unsafe { plugin.library.shut_down(deadline) };
                if sender.send(()).is_err() {
                    return;
                }
            }
        });
        if thread.is_err() {
            return;
        }
        let end = Instant::now() + SHUTDOWN_TIMEOUT;
        for name in names {
            let left = end.saturating_duration_since(Instant::now());
            if done.recv_timeout(left) == Err(RecvTimeoutError::Timeout) {
                let message = format!("{name} did not shut down in time");
                logging::record(log::WARN, "host", &message, "");
                return;
            }
        }
    }

    fn best(&self, interface: &str) -> Result<String, Error> {
        let all = self.list(interface);
        let usable: Vec<&ProviderInfo> = all.iter().filter(|p| p.available).collect();
        match usable.as_slice() {
            [] => Err(self.not_found(interface, "")),
            [best, next, ..] if !best.selected && best.priority == next.priority => {
                Err(Error::new(
                    Class::Settings,
                    "provider-ambiguous",
                    format!(
                        "both `{}` and `{}` can provide `{interface}`",
                        best.name, next.name
                    ),
                )
                .hint(format!(
                    "select one: `\"{interface}\" = \"{}\"` in `[providers]` of config.toml",
                    best.name
                )))
            }
            [best, ..] => Ok(best.name.clone()),
        }
    }

    /// Returns the error that lists the existing providers with the reasons for
    /// which they cannot be used, and the packages that could be installed. If there
    /// are none to install, the class blames the system instead of a plugin.
    fn not_found(&self, interface: &str, name: &str) -> Error {
        let (id, what) = if name.is_empty() {
            (
                "provider-unavailable",
                format!("no provider of `{interface}` can be used on this system"),
            )
        } else {
            (
                "provider-not-found",
                format!("provider `{name}` of `{interface}` does not exist"),
            )
        };
        let installable: Vec<String> = self
            .registry
            .catalog
            .providers(interface, name)
            .into_iter()
            .filter(|entry| self.registry.plugin(&entry.plugin).is_none())
            .map(|e| {
                format!(
                    "plugin `{}` is not installed: install the package `{}`",
                    e.plugin, e.package
                )
            })
            .collect();
        let existing = self.list(interface);
        let class = if name.is_empty() && !existing.is_empty() && installable.is_empty() {
            Class::Unavailable
        } else {
            Class::Plugin
        };
        let mut error = Error::new(class, id, what);
        for p in existing {
            let reasons = p.reasons.join(", ");
            error = error.cause(format!("`{}` (plugin `{}`): {reasons}", p.name, p.plugin));
        }
        installable.into_iter().fold(error, Error::hint)
    }
}

fn describe(rule: &DetectRule) -> String {
    match rule {
        DetectRule::Dir(path) | DetectRule::File(path) => format!("`{path}`"),
        DetectRule::Program(name) => format!("the program `{name}`"),
    }
}
