//! Providers of interfaces: lists, selects and opens them.
//!
//! The host knows no interface: this code is the same for all of them.

use super::call_context::{Implementation, OpenProvider, ProviderAccess};
use super::inherited_descriptors::InheritedDescriptors;
use super::isolation::IsolationPolicy;
use super::process_call::ProcessProvider;
use super::transport::{Transport, shut_down, start};
use crate::discovery::PluginManifest;
use crate::discovery::{DiscoveredPlugin, Registry};
use crate::environment::{self, Environment};
use kt_plugin_api::manifest::{DetectRule, ProvidesSpec};
use kt_plugin_api::{Class, Error, ProviderInfo};
use std::collections::BTreeMap;
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};
use std::sync::Mutex;

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
    inherited: InheritedDescriptors,
    /// Which plugins run in processes of their own.
    pub(crate) isolation: IsolationPolicy,
    loaded: Mutex<Vec<Loaded>>,
}

/// A plugin that is loaded.
struct Loaded {
    dir: PathBuf,
    label: String,
    transport: Transport,
}

impl<'a> Providers<'a> {
    pub(crate) fn new(
        registry: &'a Registry,
        configured: BTreeMap<String, String>,
        cache: &Path,
        env: &Environment,
        (inherited, isolation): (InheritedDescriptors, IsolationPolicy),
    ) -> Self {
        Self {
            registry,
            configured,
            cache: cache.to_owned(),
            path: env.var("PATH").unwrap_or_default().to_owned(),
            unknown_keys: env.is_enabled(environment::UNKNOWN_KEYS),
            inherited,
            isolation,
            loaded: Mutex::default(),
        }
    }

    /// Loads a plugin or starts its process, unless that was done before. A process that
    /// ended although it was not asked to is started again: long-running commands outlive
    /// the crash of a plugin.
    pub(crate) fn load(
        &self,
        plugin: &DiscoveredPlugin,
        manifest: &PluginManifest,
    ) -> Result<Transport, Error> {
        let mut loaded = self
            .loaded
            .lock()
            .map_err(|_| Error::internal("loading a plugin panicked"))?;
        loaded.retain(|l| l.dir != plugin.dir || !l.transport.has_failed());
        if let Some(existing) = loaded.iter().find(|l| l.dir == plugin.dir) {
            return Ok(existing.transport.clone());
        }
        let transport = start((plugin, manifest), &self.isolation, &self.cache)?;
        loaded.push(Loaded {
            dir: plugin.dir.clone(),
            label: format!("plugin `{}` {}", manifest.name, manifest.version),
            transport: transport.clone(),
        });
        Ok(transport)
    }

    /// Returns the directories of the plugins whose process runs.
    pub(crate) fn running_dirs(&self) -> Vec<PathBuf> {
        let loaded = self.loaded.lock();
        let running = loaded.iter().flat_map(|all| all.iter());
        running
            .filter(|plugin| !plugin.transport.has_failed())
            .map(|plugin| plugin.dir.clone())
            .collect()
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

    fn assess(
        &self,
        interface: &str,
        manifest: &PluginManifest,
        spec: &ProvidesSpec,
    ) -> ProviderInfo {
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
    fn open_provider(&self, interface: &str, name: &str) -> Result<OpenProvider, Error> {
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
        let implementation = match self.load(plugin, manifest)? {
            Transport::Library(loaded) => loaded
                .provider(interface, &name)
                .map(|vtable| Implementation::Library(loaded.identity(), vtable))
                .map_err(|e| {
                    let message = format!(
                        "plugin `{}` {} cannot provide `{interface}` (`{name}`)",
                        manifest.name, manifest.version
                    );
                    Error::new(Class::Plugin, "provider-not-found", message)
                        .cause(e)
                        .hint("reinstall the plugin")
                })?,
            Transport::Process(process) => Implementation::Remote(Box::new(ProcessProvider {
                process,
                interface: interface.to_owned(),
                name: name.clone(),
            })),
        };
        Ok(OpenProvider {
            plugin: manifest.name.clone(),
            version: manifest.version.clone(),
            path: plugin.library().unwrap_or_default(),
            interface: interface.to_owned(),
            name,
            implementation,
        })
    }

    /// Ends every loaded plugin, the last loaded first. No call of a plugin may run or
    /// follow.
    pub(crate) fn shut_down(&self) {
        if let Ok(mut loaded) = self.loaded.lock() {
            let loaded = std::mem::take(&mut *loaded).into_iter().rev();
            shut_down(loaded.map(|l| (l.label, l.transport)).collect());
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

impl ProviderAccess for Providers<'_> {
    fn list(&self, interface: &str) -> Result<Vec<ProviderInfo>, Error> {
        Ok(Self::list(self, interface))
    }

    fn open(&self, interface: &str, name: &str) -> Result<OpenProvider, Error> {
        self.open_provider(interface, name)
    }

    fn take_inherited(&self) -> Option<(String, OwnedFd)> {
        self.inherited.take()
    }
}

fn describe(rule: &DetectRule) -> String {
    match rule {
        DetectRule::Dir(path) | DetectRule::File(path) => format!("`{path}`"),
        DetectRule::Program(name) => format!("the program `{name}`"),
    }
}
