//! Profiles: settings under a name. A profile is a table of a settings file,
//! `[profile.NAME]`, or a file of its own, `profiles/NAME.toml` beside the
//! person's file, or both; the file of its own is the stronger one.

use super::files::{Kind, Layer, Layers, parse};
use super::private;
use super::unknown::nearest;
use crate::environment::{self, Environment};
use kt_plugin_api::{Class, Error};
use std::collections::BTreeSet;
use std::path::PathBuf;

/// The profile that is used when nothing chooses one. It is the only one that
/// need not exist.
const IMPLIED: &str = "default";
/// The longest name; the file system wants some bound.
const MAX_NAME: usize = 128;

/// A profile in force.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Profile {
    pub(crate) name: String,
    /// What chose it.
    pub(crate) origin: String,
}

impl Layers {
    /// Puts the chosen profile on top: `option`, else `KT_PROFILE`, else the
    /// files' `default_profile`, else the one of the implied name if there is
    /// one. With `KT_NO_PROFILE` nobody's habits choose, only the first two. A
    /// profile that `may_be_new` need not exist.
    ///
    /// # Errors
    /// Class `settings` when there is no such profile, or when its file cannot
    /// be used.
    pub(crate) fn with_profile(
        mut self,
        env: &Environment,
        option: Option<&str>,
        may_be_new: bool,
    ) -> Result<Self, Error> {
        let chosen = self.choice(env, option);
        let implied = chosen.is_none();
        if implied && env.switch(environment::NO_PROFILE) {
            return Ok(self);
        }
        let profile = chosen.unwrap_or_else(|| Profile {
            name: IMPLIED.to_owned(),
            origin: "by default".to_owned(),
        });
        let found = self.of_profile(&profile.name)?;
        if found.is_empty() && !is_name(&profile.name) {
            return Err(bad_name(&profile));
        }
        if found.is_empty() && profile.name != IMPLIED && !may_be_new {
            return Err(self.unknown(&profile));
        }
        if !implied || !found.is_empty() {
            self.profile = Some(profile);
        }
        self.all.splice(0..0, found);
        Ok(self)
    }

    fn choice(&self, env: &Environment, option: Option<&str>) -> Option<Profile> {
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
                if env.switch(environment::NO_PROFILE) {
                    return None;
                }
                let (name, file) = self.get("default_profile")?;
                Some(profile(name.as_str()?, file))
            })
    }

    /// What the places hold for a profile, strongest first.
    fn of_profile(&self, name: &str) -> Result<Vec<Layer>, Error> {
        let own = self.own_file(name)?;
        let parts = self.all.iter().filter_map(|layer| {
            let table = layer.table.get("profile")?.get(name)?.as_table()?;
            Some(Layer {
                origin: format!("profile {name} in {}", layer.origin),
                table: table.clone(),
                kind: Kind::Part,
            })
        });
        Ok(own.into_iter().chain(parts).collect())
    }

    fn own_file(&self, name: &str) -> Result<Option<Layer>, Error> {
        // Nothing else becomes the name of a file.
        if !is_name(name) {
            return Ok(None);
        }
        let file = self.folder().join(format!("{name}.toml"));
        let Some(text) = private::read(&file)? else {
            return Ok(None);
        };
        Ok(Some(Layer {
            origin: format!("profile {name} in {}", file.display()),
            table: parse(&file, &text)?,
            kind: Kind::ProfileFile,
        }))
    }

    fn folder(&self) -> PathBuf {
        self.user_file.with_file_name("profiles")
    }

    /// The names of every profile.
    fn names(&self) -> BTreeSet<String> {
        let entries = std::fs::read_dir(self.folder()).into_iter().flatten();
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

    fn unknown(&self, profile: &Profile) -> Error {
        let name = &profile.name;
        let names = self.names();
        let error = Error::new(
            Class::Settings,
            "unknown-profile",
            format!("there is no profile `{name}`"),
        )
        .cause(format!("it is chosen by {}", profile.origin));
        let near = nearest(name, names.iter().map(String::as_str));
        let error = near.into_iter().fold(error, |error, near| {
            error.hint(format!("did you mean `{near}`?"))
        });
        let there = if names.is_empty() {
            "there are no profiles yet".to_owned()
        } else {
            let names: Vec<&str> = names.iter().map(String::as_str).collect();
            format!("the profiles are: {}", names.join(", "))
        };
        error
            .hint(format!(
                "add `[profile.{name}]` to `{}`, or write `{}`",
                self.user_file.display(),
                self.folder().join(format!("{name}.toml")).display()
            ))
            .hint(there)
    }
}

/// Whether a name can be that of a file.
fn is_name(name: &str) -> bool {
    let good = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-');
    !name.is_empty() && name.len() <= MAX_NAME && !name.starts_with('.') && name.chars().all(good)
}

fn bad_name(profile: &Profile) -> Error {
    Error::new(
        Class::Settings,
        "bad-profile-name",
        format!("`{}` is no name of a profile", profile.name),
    )
    .cause(format!("it is chosen by {}", profile.origin))
    .hint("use letters, digits, `.`, `_` and `-`, at most 128, the first no `.`")
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
    fn the_own_file_stands_above_the_table_and_is_merged_with_it() {
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
    fn the_implied_profile_is_used_where_it_exists_and_is_wanted() {
        let by_table = Home::new("[profile.default.api]\nurl = 't'\n");
        let by_file = Home::new("").profile("default", "[api]\nurl = 'f'\n");
        for (home, url) in [(&by_table, "t"), (&by_file, "f")] {
            assert_eq!(value(&home.with(None).unwrap(), "api.url").0, url);
            let service = Environment::for_test(&[("KT_NO_PROFILE", "1")]);
            let layers = home.layers().with_profile(&service, None, false).unwrap();
            assert!(layers.get("api.url").is_none() && layers.profile.is_none());
            let told = home.layers().with_profile(&service, Some("default"), false);
            assert_eq!(value(&told.unwrap(), "api.url").0, url);
        }
        // A service that was installed with it goes on when it is gone.
        assert!(Home::new("").with(Some("default")).is_ok());
    }

    #[test]
    fn an_unknown_profile_is_compared_with_those_of_both_kinds() {
        let home = Home::new("[profile.work.api]\nurl = 't'\n").profile("staging", "");
        let error = home.with(Some("stagign")).unwrap_err();
        assert_eq!(error.id, "unknown-profile");
        assert_eq!(error.hints[0], "did you mean `staging`?");
        assert_eq!(error.hints[2], "the profiles are: staging, work");
        let new = home
            .layers()
            .with_profile(&Environment::for_test(&[]), Some("new"), true)
            .unwrap();
        assert_eq!(new.profile.unwrap().name, "new");
    }

    #[test]
    fn only_a_name_becomes_a_file_name() {
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
        assert_eq!(error.id, "bad-profile-name");
        // A table may have any name, as it could before there were files.
        let spaced = Home::new("[profile.\"my work\".api]\nurl = 't'\n");
        assert_eq!(
            value(&spaced.with(Some("my work")).unwrap(), "api.url").0,
            "t"
        );
    }

    #[test]
    fn a_broken_file_is_shown_with_its_place_and_without_its_content() {
        let home = Home::new("").profile("a", "[api]\ntoken = 'canary\n");
        let error = home.with(Some("a")).unwrap_err();
        assert_eq!(error.location.as_ref().unwrap().line, 2);
        assert!(!format!("{error:?}").contains("canary"), "{error:?}");
        assert!(Path::new(&error.location.as_ref().unwrap().file).ends_with("profiles/a.toml"));
    }
}
