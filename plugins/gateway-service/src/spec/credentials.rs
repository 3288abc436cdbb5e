//! Credentials that a configuration reads from environment variables: the environment
//! of a service differs from that of the shell that installs it.

use kt_plugin_api::{Class, Error};
use kt_policy::{SecretRef, Source, parse};
use std::collections::BTreeSet;
use std::path::Path;

/// The credential variables that the service does not have.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct MissingCredentials {
    /// Set in this shell but not for the service.
    pub(crate) only_in_shell: Vec<String>,
    /// Not set anywhere.
    pub(crate) unset: Vec<String>,
}

/// Returns the variables that the configuration `content` reads credentials from.
fn variables(content: &str) -> BTreeSet<String> {
    let Ok(document) = parse(&[Source::new("desired", content)]) else {
        // The gateway rejects it, with its own message.
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

/// Returns the names that an environment file sets to a non-empty value; see
/// `EnvironmentFile=` in systemd.exec(5).
fn set_by(file: &str) -> BTreeSet<&str> {
    file.lines()
        .map(str::trim)
        .filter(|line| !line.starts_with(['#', ';']))
        .filter_map(|line| line.split_once('='))
        .filter(|(_, value)| !value.trim().trim_matches(['"', '\'']).is_empty())
        .map(|(name, _)| name.trim())
        .collect()
}

/// Compares the variables that `content` reads with those that the service will have.
pub(crate) fn find_missing(
    content: &str,
    environment_file: &str,
    is_set_in_shell: &dyn Fn(&str) -> bool,
) -> MissingCredentials {
    let set = set_by(environment_file);
    let mut missing = MissingCredentials::default();
    for name in variables(content) {
        if set.contains(name.as_str()) {
            continue;
        }
        if is_set_in_shell(&name) {
            missing.only_in_shell.push(name);
        } else {
            missing.unset.push(name);
        }
    }
    missing
}

impl MissingCredentials {
    /// Refuses a service that would not have a credential of this shell.
    ///
    /// # Errors
    /// Class `settings` with ID `secret-not-passed-on`.
    pub(crate) fn refuse(&self, file: &Path) -> Result<(), Error> {
        let Some(first) = self.only_in_shell.first() else {
            return Ok(());
        };
        let names = self.only_in_shell.join("`, `");
        let message = format!("the service would not have `{names}`, which this shell has");
        let file = file.display();
        Err(Error::new(Class::Settings, "secret-not-passed-on", message)
            .cause("the configuration reads a credential from it, and a service manager does not pass on the variables of a shell")
            .hint(format!("add `{first}=…` to `{file}`, readable only by you (`chmod 600`)"))
            .hint("or store the secret with `kt secret set NAME` and refer to it with `{store: NAME}`"))
    }

    /// Returns a note about variables that are not set.
    pub(crate) fn note(&self, file: &Path) -> Option<String> {
        (!self.unset.is_empty()).then(|| {
            format!(
                "the configuration reads credentials from `{}`, which are not set; the service reads `{}`",
                self.unset.join("`, `"),
                file.display()
            )
        })
    }
}

#[cfg(test)]
mod tests {
    use super::{MissingCredentials, find_missing};
    use std::path::Path;

    const CONFIG: &str = "pack: {name: x, version: 1.0.0, enabled: true}\n\
        providers: {targets: [{id: a, provider: openai, secret_key_ref: {env: A_KEY}}, \
        {id: b, provider: openai, secret_key_ref: {env: B_KEY}}, \
        {id: c, provider: openai, secret_key_ref: {store: c}}]}\n\
        policies: {chain: []}\n";

    fn compare(file: &str, shell: &[&str]) -> MissingCredentials {
        find_missing(CONFIG, file, &|name| shell.contains(&name))
    }

    #[test]
    fn a_credential_of_the_shell_must_be_set_for_the_service() {
        let missing = compare("", &["A_KEY"]);
        assert_eq!((missing.only_in_shell.len(), missing.unset.len()), (1, 1));
        let error = missing.refuse(Path::new("/e/default.env")).unwrap_err();
        assert_eq!(error.id, "secret-not-passed-on");
        assert!(error.message.contains("A_KEY") && !error.message.contains("B_KEY"));
        assert!(error.hints[0].contains("/e/default.env"));
        let missing = compare("# A_KEY=x\nA_KEY='secret'\nB_KEY=\n", &["A_KEY"]);
        missing.refuse(Path::new("/e")).unwrap();
        assert_eq!(missing.unset, ["B_KEY"]);
        assert!(missing.note(Path::new("/e")).unwrap().contains("B_KEY"));
    }

    #[test]
    fn nothing_is_missing_without_a_reference() {
        assert_eq!(
            compare("A_KEY=1\nB_KEY=2\n", &[]),
            MissingCredentials::default()
        );
        let invalid = find_missing("][", "", &|_| true);
        assert_eq!(invalid, MissingCredentials::default());
    }
}
