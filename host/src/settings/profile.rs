//! Profiles: named settings. A profile is a table of a settings file,
//! `[profile.NAME]`, or a file, `profiles/NAME.toml` beside the user settings file,
//! or both; the file has precedence over the table.

use super::files::{Layer, LayerKind, Layers, Profile, parse};
use super::private;
use crate::environment::{self, Environment};
use crate::suggestion::closest_match;
use kt_plugin_api::{Class, Error};
use std::collections::BTreeSet;
use std::path::PathBuf;

/// The profile that is used if none is selected. It is the only one that may be
/// missing.
const DEFAULT_PROFILE: &str = "default";
/// The maximum length of a name, well below that of file names.
const MAX_NAME: usize = 128;

impl Layers {
    /// Adds the layers of the selected profile: `option`, else `KT_PROFILE`, else
    /// `default_profile` of the settings files, else the profile `default` if it
    /// exists. `KT_NO_PROFILE` disables the last two. With `allow_new` the profile
    /// may be missing.
    ///
    /// # Errors
    /// Class `settings` if the profile does not exist, or its file cannot be used.
    pub(crate) fn with_profile(
        mut self,
        env: &Environment,
        option: Option<&str>,
        allow_new: bool,
    ) -> Result<Self, Error> {
        let selected = self.selected_profile(env, option);
        let is_default = selected.is_none();
        if is_default && env.is_enabled(environment::NO_PROFILE) {
            return Ok(self);
        }
        let profile = selected.unwrap_or_else(|| Profile {
            name: DEFAULT_PROFILE.to_owned(),
            origin: "by default".to_owned(),
        });
        let layers = self.profile_layers(&profile.name)?;
        if layers.is_empty() && !is_name(&profile.name) {
            return Err(invalid_name(&profile));
        }
        if layers.is_empty() && profile.name != DEFAULT_PROFILE && !allow_new {
            return Err(self.unknown_profile(&profile));
        }
        if !is_default || !layers.is_empty() {
            self.profile = Some(profile);
        }
        self.all.splice(0..0, layers);
        Ok(self)
    }

    fn selected_profile(&self, env: &Environment, option: Option<&str>) -> Option<Profile> {
        let profile = |name: &str, origin: &str| Profile {
            name: name.to_owned(),
            origin: origin.to_owned(),
        };
        option
            .map(|name| profile(name, "--profile"))
            .or_else(|| {
                Some(profile(
                    env.var(environment::PROFILE)?,
                    environment::PROFILE,
                ))
            })
            .or_else(|| {
                if env.is_enabled(environment::NO_PROFILE) {
                    return None;
                }
                let (name, file) = self.get("default_profile")?;
                Some(profile(name.as_str()?, file))
            })
    }

    /// Returns the layers of a profile, highest precedence first.
    fn profile_layers(&self, name: &str) -> Result<Vec<Layer>, Error> {
        let file = self.profile_file(name)?;
        let tables = self.all.iter().filter_map(|layer| {
            let table = layer.table.get("profile")?.get(name)?.as_table()?;
            Some(Layer {
                origin: format!("profile {name} in {}", layer.origin),
                table: table.clone(),
                kind: LayerKind::ProfileTable,
            })
        });
        Ok(file.into_iter().chain(tables).collect())
    }

    fn profile_file(&self, name: &str) -> Result<Option<Layer>, Error> {
        // Prevents path traversal.
        if !is_name(name) {
            return Ok(None);
        }
        let file = self.profile_dir().join(format!("{name}.toml"));
        let Some(text) = private::read(&file)? else {
            return Ok(None);
        };
        Ok(Some(Layer {
            origin: format!("profile {name} in {}", file.display()),
            table: parse(&file, &text)?,
            kind: LayerKind::ProfileFile,
        }))
    }

    fn profile_dir(&self) -> PathBuf {
        self.user_file.with_file_name("profiles")
    }

    /// Returns the names of all profiles.
    pub(crate) fn profile_names(&self) -> BTreeSet<String> {
        let entries = std::fs::read_dir(self.profile_dir()).into_iter().flatten();
        let files = entries.filter_map(|entry| {
            let name = entry.ok()?.file_name().into_string().ok()?;
            let name = name.strip_suffix(".toml")?;
            is_name(name).then(|| name.to_owned())
        });
        let tables = self.all.iter().filter_map(|layer| {
            let profiles = layer.table.get("profile")?.as_table()?;
            Some(profiles.keys().cloned())
        });
        files.chain(tables.flatten()).collect()
    }

    fn unknown_profile(&self, profile: &Profile) -> Error {
        let name = &profile.name;
        let names = self.profile_names();
        let error = Error::new(
            Class::Settings,
            "unknown-profile",
            format!("profile `{name}` does not exist"),
        )
        .cause(format!("it was selected by {}", profile.origin));
        let suggestion = closest_match(name, names.iter().map(String::as_str));
        let error = suggestion.into_iter().fold(error, |error, name| {
            error.hint(format!("did you mean `{name}`?"))
        });
        let existing = if names.is_empty() {
            "no profiles exist".to_owned()
        } else {
            let names: Vec<&str> = names.iter().map(String::as_str).collect();
            format!("existing profiles: {}", names.join(", "))
        };
        error
            .hint(format!(
                "add `[profile.{name}]` to `{}`, or create `{}`",
                self.user_file.display(),
                self.profile_dir().join(format!("{name}.toml")).display()
            ))
            .hint(existing)
    }
}

/// Returns whether a name is valid as the name of a profile file.
fn is_name(name: &str) -> bool {
    let valid = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-');
    !name.is_empty() && name.len() <= MAX_NAME && !name.starts_with('.') && name.chars().all(valid)
}

fn invalid_name(profile: &Profile) -> Error {
    Error::new(
        Class::Settings,
        "invalid-profile-name",
        format!("`{}` is not a valid profile name", profile.name),
    )
    .cause(format!("it was selected by {}", profile.origin))
    .hint("use at most 128 letters, digits, `.`, `_` and `-`, not beginning with `.`")
}

#[cfg(test)]
mod tests {
    use super::super::files::Layers;
    use super::is_name;
    use crate::environment::Environment;
    use kt_plugin_api::{Dirs, Error};
    use std::fs;
    use std::os::unix::fs::PermissionsExt;
    use std::path::Path;

    struct Home(tempfile::TempDir);

    impl Home {
        fn new(config: &str) -> Self {
            let home = Self(tempfile::tempdir().unwrap());
            fs::create_dir(home.0.path().join("profiles")).unwrap();
            fs::write(home.0.path().join("config.toml"), config).unwrap();
            home
        }

        fn profile(self, name: &str, text: &str) -> Self {
            let file = self.0.path().join(format!("profiles/{name}.toml"));
            fs::write(&file, text).unwrap();
            fs::set_permissions(&file, PermissionsExt::from_mode(0o600)).unwrap();
            self
        }

        fn layers(&self) -> Layers {
            Layers::read(&Dirs {
                config: self.0.path().to_owned(),
                ..Dirs::default()
            })
            .unwrap()
        }

        fn with(&self, name: Option<&str>) -> Result<Layers, Error> {
            self.layers()
                .with_profile(&Environment::for_test(&[]), name, false)
        }
    }

    fn value(layers: &Layers, key: &str) -> (String, String) {
        let (value, origin) = layers.get(key).unwrap();
        (value.as_str().unwrap().to_owned(), origin.to_owned())
    }

    #[test]
    fn the_file_is_merged_with_the_table_and_has_precedence() {
        let home = Home::new("[api]\nurl = 'c'\n[profile.a.api]\nurl = 't'\nx = 'tx'\n")
            .profile("a", "[api]\nurl = 'f'\n");
        let layers = home.with(Some("a")).unwrap();
        let (url, origin) = value(&layers, "api.url");
        assert_eq!(url, "f");
        assert!(origin.ends_with("profiles/a.toml"), "{origin}");
        assert_eq!(value(&layers, "api.x").0, "tx");
        assert!(home.with(None).unwrap().profile.is_none());
    }

    #[test]
    fn the_default_profile_is_used_if_it_exists() {
        let by_table = Home::new("[profile.default.api]\nurl = 't'\n");
        let by_file = Home::new("").profile("default", "[api]\nurl = 'f'\n");
        for (home, url) in [(&by_table, "t"), (&by_file, "f")] {
            assert_eq!(value(&home.with(None).unwrap(), "api.url").0, url);
            let service = Environment::for_test(&[("KT_NO_PROFILE", "1")]);
            let layers = home.layers().with_profile(&service, None, false).unwrap();
            assert!(layers.get("api.url").is_none() && layers.profile.is_none());
            let selected = home.layers().with_profile(&service, Some("default"), false);
            assert_eq!(value(&selected.unwrap(), "api.url").0, url);
        }
        // A service that was installed with it works without it.
        assert!(Home::new("").with(Some("default")).is_ok());
    }

    #[test]
    fn an_unknown_profile_is_compared_with_files_and_tables() {
        let home = Home::new("[profile.work.api]\nurl = 't'\n").profile("staging", "");
        let error = home.with(Some("stagign")).unwrap_err();
        assert_eq!(error.id, "unknown-profile");
        assert_eq!(error.hints[0], "did you mean `staging`?");
        assert_eq!(error.hints[2], "existing profiles: staging, work");
        let new = home
            .layers()
            .with_profile(&Environment::for_test(&[]), Some("new"), true)
            .unwrap();
        assert_eq!(new.profile.unwrap().name, "new");
    }

    #[test]
    fn only_a_valid_name_becomes_a_file_name() {
        for name in ["a", "A-b_c.9", "a..b", &"x".repeat(128)] {
            assert!(is_name(name), "{name}");
        }
        let long = "x".repeat(129);
        for name in ["", ".a", "..", "a/b", "../a", "a b", "é", "a\0", &long] {
            assert!(!is_name(name), "{name}");
        }
        let home = Home::new("");
        fs::write(home.0.path().join("evil.toml"), "").unwrap();
        let error = home.with(Some("../evil")).unwrap_err();
        assert_eq!(error.id, "invalid-profile-name");
        // The name of a table is not restricted.
        let spaced = Home::new("[profile.\"my work\".api]\nurl = 't'\n");
        assert_eq!(
            value(&spaced.with(Some("my work")).unwrap(), "api.url").0,
            "t"
        );
    }

    #[test]
    fn an_invalid_file_is_reported_with_position_and_without_content() {
        let home = Home::new("").profile("a", "[api]\ntoken = 'canary\n");
        let error = home.with(Some("a")).unwrap_err();
        assert_eq!(error.location.as_ref().unwrap().line, 2);
        assert!(!format!("{error:?}").contains("canary"), "{error:?}");
        assert!(Path::new(&error.location.as_ref().unwrap().file).ends_with("profiles/a.toml"));
    }
}
