//! Credentials that a configuration takes from the environment: a service has
//! another one than the shell that installs it.

use kt_plugin_api::{Class, Error};
use kt_policy::{SecretRef, Source, parse};
use std::collections::BTreeSet;
use std::path::Path;

/// What is known of the variables that a configuration names.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Missing {
    /// Set here, and not for the service: what works now would stop working.
    pub(crate) lost: Vec<String>,
    /// Set nowhere.
    pub(crate) unset: Vec<String>,
}

/// Variables that `content` names as credentials.
fn variables(content: &str) -> BTreeSet<String> {
    let Ok(document) = parse(&[Source::new("desired", content)]) else {
        // The gateway refuses it in its own words.
        return BTreeSet::new();
    };
    let targets = document.providers.iter().flat_map(|p| &p.targets);
    targets
        .filter_map(|target| match &target.secret_key_ref {
            Some(SecretRef::Env(name)) => Some(name.clone()),
            _ => None,
        })
        .collect()
}

/// Names that an environment file sets to something; see `EnvironmentFile=` of
/// systemd.exec(5).
fn set_by(file: &str) -> BTreeSet<&str> {
    file.lines()
        .map(str::trim)
        .filter(|line| !line.starts_with(['#', ';']))
        .filter_map(|line| line.split_once('='))
        .filter(|(_, value)| !value.trim().trim_matches(['"', '\'']).is_empty())
        .map(|(name, _)| name.trim())
        .collect()
}

/// Compares what `content` needs with what the service will have.
pub(crate) fn missing(
    content: &str,
    environment_file: &str,
    is_set_here: &dyn Fn(&str) -> bool,
) -> Missing {
    let there = set_by(environment_file);
    let mut missing = Missing::default();
    for name in variables(content) {
        if there.contains(name.as_str()) {
            continue;
        }
        if is_set_here(&name) {
            missing.lost.push(name);
        } else {
            missing.unset.push(name);
        }
    }
    missing
}

impl Missing {
    /// Refuses a service that would lack what this shell has.
    ///
    /// # Errors
    /// Class `settings` with id `secret-not-passed-on`.
    pub(crate) fn refuse(&self, file: &Path) -> Result<(), Error> {
        let Some(first) = self.lost.first() else {
            return Ok(());
        };
        let names = self.lost.join("`, `");
        let message = format!("the service would not have `{names}`, which this shell has");
        let file = file.display();
        Err(Error::new(Class::Settings, "secret-not-passed-on", message)
            .cause("the configuration takes a credential from it, and a service manager passes on nothing of a shell")
            .hint(format!("write `{first}=…` into `{file}`, readable by you alone (`chmod 600`)"))
            .hint("or keep the secret with `kt secret set NAME` and refer to it with `{store: NAME}`"))
    }

    /// What the person should know.
    pub(crate) fn note(&self, file: &Path) -> Option<String> {
        (!self.unset.is_empty()).then(|| {
            format!(
                "the configuration takes credentials from `{}`, set nowhere yet; the service reads `{}`",
                self.unset.join("`, `"),
                file.display()
            )
        })
    }
}

#[cfg(test)]
mod tests {
    use super::{Missing, missing};
    use std::path::Path;

    const CONFIG: &str = "pack: {name: x, version: 1.0.0, enabled: true}\n\
        providers: {targets: [{id: a, provider: openai, secret_key_ref: {env: A_KEY}}, \
        {id: b, provider: openai, secret_key_ref: {env: B_KEY}}, \
        {id: c, provider: openai, secret_key_ref: {store: c}}]}\n\
        policies: {chain: []}\n";

    fn look(file: &str, here: &[&str]) -> Missing {
        missing(CONFIG, file, &|name| here.contains(&name))
    }

    #[test]
    fn a_credential_of_the_shell_must_reach_the_service() {
        let found = look("", &["A_KEY"]);
        assert_eq!((found.lost.len(), found.unset.len()), (1, 1));
        let error = found.refuse(Path::new("/e/default.env")).unwrap_err();
        assert_eq!(error.id, "secret-not-passed-on");
        assert!(error.message.contains("A_KEY") && !error.message.contains("B_KEY"));
        assert!(error.hints[0].contains("/e/default.env"));
        let found = look("# A_KEY=x\nA_KEY='secret'\nB_KEY=\n", &["A_KEY"]);
        found.refuse(Path::new("/e")).unwrap();
        assert_eq!(found.unset, ["B_KEY"]);
        assert!(found.note(Path::new("/e")).unwrap().contains("B_KEY"));
    }

    #[test]
    fn nothing_needed_is_nothing_missing() {
        assert_eq!(look("A_KEY=1\nB_KEY=2\n", &[]), Missing::default());
        let broken = missing("][", "", &|_| true);
        assert_eq!(broken, Missing::default());
    }
}
