//! Providers of interfaces: which there are, which fits, and calls to them.
//!
//! The host knows no interface. It lists, chooses, loads, logs, limits and
//! attributes all of them with this one piece of code.

use super::inherited::Inherited;
use crate::discovery::{Found, Registry};
use crate::environment::Environment;
use crate::load::{Loaded, Vtable, load};
use kt_plugin_api::abi::{KtContext, KtInterfaceV1, KtReply, KtStr, log, status};
use kt_plugin_api::manifest::{DetectRule, Manifest, ProvidesSpec};
use kt_plugin_api::{Class, Error, ProviderInfo};
use std::collections::BTreeMap;
use std::ffi::c_void;
use std::path::{Path, PathBuf};
use std::sync::Mutex;

/// Loads plugins, each once, and opens their providers.
pub(crate) struct Providers<'a> {
    pub(crate) registry: &'a Registry,
    /// Interface id to the provider that the person's settings name.
    pub(crate) chosen: BTreeMap<String, String>,
    /// Where verdicts are cached.
    pub(crate) cache: PathBuf,
    /// `PATH`, for detection.
    pub(crate) programs: String,
    /// What a service manager passed to the process.
    pub(super) inherited: Inherited,
    loaded: Mutex<BTreeMap<PathBuf, &'static Loaded>>,
}

/// An open provider; leaked, because its caller may keep it while it runs.
pub(crate) struct Opened {
    plugin: String,
    interface: String,
    vtable: &'static KtInterfaceV1,
}

impl<'a> Providers<'a> {
    pub(crate) fn new(
        registry: &'a Registry,
        chosen: BTreeMap<String, String>,
        cache: &Path,
        env: &Environment,
        inherited: Inherited,
    ) -> Self {
        Self {
            registry,
            chosen,
            cache: cache.to_owned(),
            programs: env.var("PATH").unwrap_or_default().to_owned(),
            inherited,
            loaded: Mutex::default(),
        }
    }

    /// The plugin, loaded.
    pub(crate) fn plugin(
        &self,
        found: &Found,
        manifest: &Manifest,
    ) -> Result<&'static Loaded, Error> {
        let mut loaded = self
            .loaded
            .lock()
            .map_err(|_| Error::internal("loading failed before"))?;
        if let Some(known) = loaded.get(&found.dir) {
            return Ok(known);
        }
        let fresh: &'static Loaded = Box::leak(Box::new(load(found, manifest, &self.cache)?));
        loaded.insert(found.dir.clone(), fresh);
        Ok(fresh)
    }

    /// Every provider of an interface with its fitness, best first.
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
        let detected = spec.detect.iter().find(|rule| self.holds(rule));
        let mut reasons = Vec::new();
        if !supervises {
            reasons.push(format!(
                "it acts on {}, and this is {os}",
                spec.os.join(", ")
            ));
        } else if let Some(rule) = detected {
            reasons.push(format!("{} is there", describe(rule)));
        } else if !spec.detect.is_empty() {
            let wanted: Vec<String> = spec.detect.iter().map(describe).collect();
            reasons.push(format!("{} is missing", wanted.join(" or ")));
        }
        ProviderInfo {
            name: spec.name.clone(),
            plugin: manifest.name.clone(),
            available: supervises && (spec.detect.is_empty() || detected.is_some()),
            selected: self.chosen.get(interface) == Some(&spec.name),
            priority: spec.priority,
            reasons,
        }
    }

    fn holds(&self, rule: &DetectRule) -> bool {
        match rule {
            DetectRule::Dir(path) => Path::new(path).is_dir(),
            DetectRule::File(path) => Path::new(path).exists(),
            DetectRule::Program(name) => self
                .programs
                .split(':')
                .any(|dir| Path::new(dir).join(name).is_file()),
        }
    }

    /// Opens a provider: the named one, or the best that fits.
    pub(crate) fn open(&self, interface: &str, name: &str) -> Result<&'static Opened, Error> {
        let name = if name.is_empty() {
            self.best(interface)?
        } else {
            name.to_owned()
        };
        let (found, manifest, _) = self
            .registry
            .providers(interface)
            .find(|(_, _, spec)| spec.name == name)
            .ok_or_else(|| self.missing(interface, &name))?;
        let loaded = self.plugin(found, manifest)?;
        let Some(Vtable::Interface(vtable)) = loaded.interface(interface) else {
            return Err(Error::new(
                Class::Plugin,
                "provider-missing",
                format!(
                    "plugin `{}` does not provide `{interface}` as its manifest says",
                    manifest.name
                ),
            )
            .hint("reinstall the plugin"));
        };
        Ok(Box::leak(Box::new(Opened {
            plugin: manifest.name.clone(),
            interface: interface.to_owned(),
            vtable,
        })))
    }

    fn best(&self, interface: &str) -> Result<String, Error> {
        let all = self.list(interface);
        let fitting: Vec<&ProviderInfo> = all.iter().filter(|p| p.available).collect();
        match fitting.as_slice() {
            [] => Err(self.missing(interface, "")),
            [best, next, ..] if !best.selected && best.priority == next.priority => {
                Err(Error::new(
                    Class::Settings,
                    "provider-ambiguous",
                    format!("`{}` and `{}` both fit `{interface}`", best.name, next.name),
                )
                .hint(format!(
                    "choose one: `[providers]` `\"{interface}\" = \"{}\"` in config.toml",
                    best.name
                )))
            }
            [best, ..] => Ok(best.name.clone()),
        }
    }

    /// Says which providers exist, why none fits, and what could be installed.
    /// Where nothing is left to install, the system is at fault, not a plugin.
    fn missing(&self, interface: &str, name: &str) -> Error {
        let (id, what) = if name.is_empty() {
            (
                "provider-unfit",
                format!("no provider of `{interface}` fits this system"),
            )
        } else {
            (
                "provider-missing",
                format!("there is no provider `{name}` of `{interface}`"),
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
        let there = self.list(interface);
        let class = if name.is_empty() && !there.is_empty() && installable.is_empty() {
            Class::Unavailable
        } else {
            Class::Plugin
        };
        let mut error = Error::new(class, id, what);
        for p in there {
            let why = p.reasons.join(", ");
            error = error.cause(format!("`{}` (plugin `{}`): {why}", p.name, p.plugin));
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

struct Forwarded<'a> {
    opened: &'a Opened,
    to: KtReply,
}

/// `kt_provider.call`: the host's side of every interface call.
pub(crate) unsafe extern "C" fn call(
    provider: *mut c_void,
    method: KtStr,
    json: KtStr,
    context: *const c_void,
    reply: KtReply,
) -> i32 {
    // SAFETY: the pointer that `open` handed out; such providers are leaked.
    let opened = unsafe { &*provider.cast::<Opened>() };
    // SAFETY: a text borrowed for the call.
    let name = unsafe { method.read() }.unwrap_or("?");
    log_call(opened, name);
    let Some(call) = opened.vtable.call else {
        return status::UNSUPPORTED;
    };
    let mut forwarded = Forwarded { opened, to: reply };
    let attributed = KtReply {
        ctx: std::ptr::from_mut(&mut forwarded).cast(),
        write: put,
        fail,
    };
    // SAFETY: the plugin's own pointer; everything else is the caller's and
    // outlives the call.
    unsafe {
        call(
            opened.vtable.ctx,
            method,
            json,
            context.cast::<KtContext>(),
            attributed,
        )
    }
}

fn log_call(opened: &Opened, method: &str) {
    super::log::record(
        log::TRACE,
        "host",
        &format!("{} of {} ({})", method, opened.interface, opened.plugin),
        "",
    );
}

unsafe extern "C" fn put(ctx: *mut c_void, chunk: KtStr) {
    // SAFETY: the value of `call`, which is on its stack while this runs.
    let forwarded = unsafe { &*ctx.cast::<Forwarded<'_>>() };
    // SAFETY: the caller's reply, valid for the call.
    unsafe { (forwarded.to.write)(forwarded.to.ctx, chunk) };
}

unsafe extern "C" fn fail(ctx: *mut c_void, error: KtStr) {
    // SAFETY: the value of `call`, which is on its stack while this runs; the
    // text is borrowed for the call.
    let (forwarded, text) = unsafe { (&*ctx.cast::<Forwarded<'_>>(), error.read()) };
    let opened = forwarded.opened;
    let mut error: Error = serde_json::from_str(text.unwrap_or_default()).unwrap_or_else(|_| {
        Error::new(
            Class::Plugin,
            "plugin-failed",
            format!("plugin `{}` failed without an error", opened.plugin),
        )
    });
    if error.class == Class::Plugin {
        error
            .data
            .entry("plugin")
            .or_insert_with(|| opened.plugin.clone().into());
    }
    let json = serde_json::to_string(&error).unwrap_or_default();
    // SAFETY: the caller's reply, valid for the call, and a text that outlives it.
    unsafe { (forwarded.to.fail)(forwarded.to.ctx, KtStr::new(&json)) };
}
