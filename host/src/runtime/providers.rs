//! Providers of interfaces: lists, selects, opens and calls them.
//!
//! The host knows no interface: this code is the same for all of them.

use super::inherited_descriptors::InheritedDescriptors;
use crate::discovery::{DiscoveredPlugin, Registry};
use crate::environment::Environment;
use crate::load::{LoadedPlugin, Vtable, load};
use crate::logging;
use kt_plugin_api::abi::{KtContext, KtInterfaceV1, KtReply, KtStr, log, status};
use kt_plugin_api::manifest::{DetectRule, Manifest, ProvidesSpec};
use kt_plugin_api::{Class, Error, ProviderInfo};
use std::collections::BTreeMap;
use std::ffi::c_void;
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
    /// The descriptors from the service manager.
    pub(super) inherited: InheritedDescriptors,
    loaded: Mutex<BTreeMap<PathBuf, &'static LoadedPlugin>>,
}

/// An open provider; leaked, because the caller may use it as long as the process
/// runs.
pub(crate) struct OpenProvider {
    plugin: String,
    interface: String,
    vtable: &'static KtInterfaceV1,
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
        if let Some(existing) = loaded.get(&plugin.dir) {
            return Ok(existing);
        }
        let new: &'static LoadedPlugin = Box::leak(Box::new(load(plugin, manifest, &self.cache)?));
        loaded.insert(plugin.dir.clone(), new);
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
    pub(crate) fn open(&self, interface: &str, name: &str) -> Result<&'static OpenProvider, Error> {
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
        let Some(Vtable::Interface(vtable)) = loaded.interface(interface) else {
            return Err(Error::new(
                Class::Plugin,
                "provider-not-found",
                format!(
                    "plugin `{}` does not implement `{interface}`, although its manifest declares it",
                    manifest.name
                ),
            )
            .hint("reinstall the plugin"));
        };
        Ok(Box::leak(Box::new(OpenProvider {
            plugin: manifest.name.clone(),
            interface: interface.to_owned(),
            vtable,
        })))
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

/// The reply of a caller, and the provider that it is attributed to.
struct ForwardedReply<'a> {
    provider: &'a OpenProvider,
    reply: KtReply,
}

/// `kt_provider.call`: forwards a call to the provider.
pub(crate) unsafe extern "C" fn call(
    provider: *mut c_void,
    method: KtStr,
    json: KtStr,
    context: *const c_void,
    reply: KtReply,
) -> i32 {
    // SAFETY: the pointer that `open` returned; open providers are leaked.
    let open = unsafe { &*provider.cast::<OpenProvider>() };
    // SAFETY: a string that is borrowed for the call.
    let name = unsafe { method.read() }.unwrap_or("?");
    log_call(open, name);
    let Some(call) = open.vtable.call else {
        return status::UNSUPPORTED;
    };
    let mut forwarded = ForwardedReply {
        provider: open,
        reply,
    };
    let attributed = KtReply {
        ctx: std::ptr::from_mut(&mut forwarded).cast(),
        write,
        fail,
    };
    // SAFETY: the pointer of the plugin; everything else belongs to the caller and
    // outlives the call.
    unsafe {
        call(
            open.vtable.ctx,
            method,
            json,
            context.cast::<KtContext>(),
            attributed,
        )
    }
}

fn log_call(provider: &OpenProvider, method: &str) {
    logging::record(
        log::TRACE,
        "host",
        &format!("{method} of {} ({})", provider.interface, provider.plugin),
        "",
    );
}

unsafe extern "C" fn write(ctx: *mut c_void, chunk: KtStr) {
    // SAFETY: the value in `call`, which is on the stack meanwhile.
    let forwarded = unsafe { &*ctx.cast::<ForwardedReply<'_>>() };
    // SAFETY: the reply of the caller, valid for the call.
    unsafe { (forwarded.reply.write)(forwarded.reply.ctx, chunk) };
}

unsafe extern "C" fn fail(ctx: *mut c_void, error: KtStr) {
    // SAFETY: the value in `call`, which is on the stack meanwhile; the string is
    // borrowed for the call.
    let (forwarded, text) = unsafe { (&*ctx.cast::<ForwardedReply<'_>>(), error.read()) };
    let provider = forwarded.provider;
    let mut error: Error = serde_json::from_str(text.unwrap_or_default()).unwrap_or_else(|_| {
        Error::new(
            Class::Plugin,
            "plugin-failed",
            format!("plugin `{}` failed without an error", provider.plugin),
        )
    });
    if error.class == Class::Plugin {
        error
            .data
            .entry("plugin")
            .or_insert_with(|| provider.plugin.clone().into());
    }
    let json = serde_json::to_string(&error).unwrap_or_default();
    // SAFETY: the reply of the caller, valid for the call, and a string that outlives
    // it.
    unsafe { (forwarded.reply.fail)(forwarded.reply.ctx, KtStr::new(&json)) };
}
