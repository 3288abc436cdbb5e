//! The values of arguments: those of the host, and those that a plugin knows.

use super::candidate::Candidate;
use crate::cli::{self, Route, Tree};
use crate::clock::unix_ms_after;
use crate::discovery::DiscoveredPlugin;
use crate::options::GlobalOptions;
use crate::runtime::{CompletionQuery, InheritedDescriptors, complete};
use crate::startup::Startup;
use crate::value_source::{Placeholder, ValueSource};
use clap::ArgMatches;
use kt_plugin_api::{Class, CompletionRequest, Error, OutputMode};
use std::time::Duration;

/// What a plugin has to complete an argument. It is ended [`crate::runtime`]'s grace period
/// later, so that nobody waits longer than a second.
const TIMEOUT: Duration = Duration::from_millis(700);

/// Looks values up.
pub(super) struct Values<'a> {
    startup: Startup<'a>,
    tree: &'a mut Tree,
    /// Why values are missing.
    pub(super) error: Option<Error>,
}

impl<'a> Values<'a> {
    /// Looks up for the command line in the arguments of the environment, which ends
    /// before the word to complete.
    pub(super) fn new(startup: Startup<'a>, tree: &'a mut Tree) -> Self {
        Self {
            startup,
            tree,
            error: None,
        }
    }

    /// Returns the values that begin with what is typed.
    pub(super) fn of(&mut self, placeholder: &Placeholder) -> Vec<Candidate> {
        let lines = match &placeholder.source {
            ValueSource::Profiles => self.profiles(),
            ValueSource::Plugins => self.plugins(),
            ValueSource::Argument(name) => self.of_plugin(name, &placeholder.typed),
        };
        let lines = lines.unwrap_or_else(|error| {
            self.error = Some(error);
            Vec::new()
        });
        let mut candidates = Vec::new();
        for line in &lines {
            let (value, description) = line.split_once('\t').unwrap_or((line, ""));
            if !value.starts_with(&placeholder.typed) {
                continue;
            }
            match Candidate::new(value, description) {
                Some(candidate) => candidates.push(candidate.after(&placeholder.before)),
                None => self.error = Some(malformed(value)),
            }
        }
        candidates
    }

    fn profiles(&self) -> Result<Vec<String>, Error> {
        let layers = self.startup.layers.as_ref().map_err(Clone::clone)?;
        Ok(layers.profile_names().into_iter().collect())
    }

    fn plugins(&self) -> Result<Vec<String>, Error> {
        let line = |plugin: &DiscoveredPlugin| {
            let about = plugin.manifest.as_ref().map(|m| m.description.as_str());
            format!("{}\t{}", plugin.name(), about.unwrap_or_default())
        };
        Ok(self.startup.registry.all.iter().map(line).collect())
    }

    fn of_plugin(&mut self, arg: &str, typed: &str) -> Result<Vec<String>, Error> {
        let matches = self.matches()?;
        let global = GlobalOptions::read(&matches, self.startup.env).unwrap_or_default();
        self.startup.select_profile(global.profile.as_deref(), true);
        let (route, matches) = self.tree.route(&matches).ok_or_else(no_command)?;
        let Route::Plugin(path) = route else {
            return Err(no_command());
        };
        let command = self.startup.registry.command(&path);
        let (plugin, manifest, spec) = command.ok_or_else(no_command)?;
        let arguments = cli::parse_arguments(&spec, &manifest.settings, matches)?;
        let output = OutputMode {
            format: global.format.name().to_owned(),
            ..OutputMode::default()
        };
        let yes = global.yes;
        let invocation = self
            .startup
            .invocation((manifest, &spec), arguments, yes, output)?;
        let mut isolation = self.startup.isolation(global.isolate);
        // A crash must not end the shell's command line with a message.
        isolation.isolate_untrusted = true;
        isolation.start_timeout = Some(TIMEOUT);
        let providers = self
            .startup
            .providers(InheritedDescriptors::default(), isolation);
        let request = CompletionRequest {
            arg: arg.to_owned(),
            prefix: typed.to_owned(),
            invocation,
        };
        complete(CompletionQuery {
            providers: &providers,
            plugin: (plugin, manifest),
            request: &request,
            deadline: unix_ms_after(TIMEOUT),
        })
    }

    /// Parses the words before the one to complete, as far as they are valid.
    fn matches(&mut self) -> Result<ArgMatches, Error> {
        let parsed = self
            .tree
            .root
            .try_get_matches_from_mut(&self.startup.env.args);
        parsed.map_err(|e| Error::internal("the command line cannot be parsed").cause(e))
    }
}

fn malformed(value: &str) -> Error {
    let message = format!("the completion {value:?} is empty or has control characters");
    Error::new(Class::Plugin, "invalid-completion", message)
}

fn no_command() -> Error {
    Error::internal("the command has no plugin")
}
