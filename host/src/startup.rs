//! What every run of kt reads first: directories, settings and plugins.

#![forbid(unsafe_code)]

use crate::discovery::PluginManifest;
use crate::discovery::{RecordPaths, Registry, ScanOptions, SearchDir, SearchScope, search_path};
use crate::environment::{self, Environment};
use crate::options;
use crate::runtime::{InheritedDescriptors, IsolationPolicy, Providers};
use crate::settings::{self, Layers};
use kt_plugin_api::manifest::CommandSpec;
use kt_plugin_api::{Dirs, Error, Invocation, OutputMode};
use std::path::PathBuf;
use std::sync::Arc;

/// The directories, settings and plugins of a run.
pub(crate) struct Startup<'a> {
    pub(crate) env: &'a Environment,
    pub(crate) dirs: Dirs,
    pub(crate) search: Vec<SearchDir>,
    pub(crate) registry: Registry,
    /// The settings, or why they cannot be read.
    pub(crate) layers: Result<Layers, Error>,
    /// The directories of `--plugin-dir`.
    plugin_dirs: Vec<PathBuf>,
    cache: PathBuf,
}

impl<'a> Startup<'a> {
    /// Reads them; no code of a plugin runs.
    ///
    /// # Errors
    /// Class `settings` if there is no home directory.
    pub(crate) fn read(env: &'a Environment) -> Result<Self, Error> {
        let dirs = crate::dirs::resolve(env)?;
        let plugin_dirs: Vec<PathBuf> = options::early_values(env, "--plugin-dir")
            .map(PathBuf::from)
            .collect();
        let search = search_path(env, search_scope(env), &plugin_dirs, &dirs);
        let layers = Layers::read(&dirs);
        let allow_shadow = layers
            .as_ref()
            .map(|l| l.list("plugins.allow_shadow"))
            .unwrap_or_default();
        let cache = crate::dirs::usable_cache(env, &dirs);
        let registry = Registry::scan(&ScanOptions {
            path: &search,
            cache: &cache,
            exe: &env.exe,
            allow_shadow: &allow_shadow,
            records: Arc::new(RecordPaths::of(&dirs)),
        });
        Ok(Self {
            env,
            dirs,
            search,
            registry,
            layers,
            plugin_dirs,
            cache,
        })
    }

    /// Adds the settings of the selected profile.
    pub(crate) fn select_profile(&mut self, name: Option<&str>, may_be_new: bool) {
        let read = std::mem::replace(&mut self.layers, Err(Error::internal("not read")));
        self.layers = read.and_then(|l| l.with_profile(self.env, name, may_be_new));
    }

    /// Returns whether no option excludes plugins.
    pub(crate) fn has_all_plugins(&self) -> bool {
        matches!(search_scope(self.env), SearchScope::All)
    }

    /// Returns which plugins run in processes of their own; `all` for every one.
    pub(crate) fn isolation(&self, all: bool) -> IsolationPolicy {
        let mut policy = IsolationPolicy {
            isolate_all: all,
            ..IsolationPolicy::default()
        };
        if let Ok(layers) = &self.layers {
            policy.isolate = layers.list("plugins.isolate");
            policy.allow_in_process = layers.list("plugins.allow_in_process");
            let limit = layers.get("plugins.memory_limit");
            // Another type is reported as invalid when a process is started.
            policy.memory_limit = limit.map(|(value, _)| match value.as_str() {
                Some(text) => text.to_owned(),
                None => value.type_str().to_owned(),
            });
        }
        policy
    }

    /// Returns the plugins' providers.
    pub(crate) fn providers(
        &self,
        inherited: InheritedDescriptors,
        isolation: IsolationPolicy,
    ) -> Providers<'_> {
        let configured = self
            .layers
            .as_ref()
            .map(|l| l.map("providers"))
            .unwrap_or_default();
        let access = (inherited, isolation);
        Providers::new(&self.registry, configured, &self.cache, self.env, access)
    }

    /// Returns the invocation of a command with these arguments.
    ///
    /// # Errors
    /// If the settings cannot be read.
    pub(crate) fn invocation(
        &self,
        (manifest, spec): (&PluginManifest, &CommandSpec),
        arguments: crate::cli::ParsedArguments,
        yes: bool,
        output: OutputMode,
    ) -> Result<Invocation, Error> {
        let layers = self.layers.as_ref().map_err(Clone::clone)?;
        let (settings, origins) =
            settings::resolve(&manifest.settings, &arguments.settings, self.env, layers);
        Ok(Invocation {
            path: spec.path.clone(),
            settings,
            origins,
            profile: layers.profile.as_ref().map(|p| p.name.clone()),
            dirs: self.dirs.clone(),
            cwd: self.env.cwd.clone(),
            exe: self.env.exe.clone(),
            plugin_dirs: self.explicit_plugin_dirs(),
            host_version: env!("CARGO_PKG_VERSION").to_owned(),
            dry_run: arguments.dry_run,
            yes,
            output,
            args: arguments.args,
        })
    }

    /// Returns the plugin directories of the option and the environment, so that a
    /// service can use the same.
    fn explicit_plugin_dirs(&self) -> Vec<PathBuf> {
        let listed = self.env.var(environment::PLUGIN_PATH).unwrap_or_default();
        let listed = listed
            .split(':')
            .filter(|p| !p.is_empty())
            .map(PathBuf::from);
        self.plugin_dirs
            .iter()
            .cloned()
            .chain(listed)
            .map(|p| self.env.cwd.join(p))
            .collect()
    }
}

/// Returns which plugins the options exclude.
fn search_scope(env: &Environment) -> SearchScope {
    if options::early_flag(env, "--no-plugins") {
        SearchScope::NoPlugins
    } else if options::early_flag(env, "--only-bundled") {
        SearchScope::OnlyBundled
    } else {
        SearchScope::All
    }
}
