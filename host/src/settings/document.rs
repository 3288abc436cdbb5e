//! Changes of a settings file that keep its comments and its form.

use super::files::{parse, unreadable};
use crate::atomic_file::{create_private_dir, replace_durably};
use kt_plugin_api::{Class, Error};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use toml_edit::{DocumentMut, Item, Table, TableLike, value};

/// A settings file that is being changed.
pub(crate) struct SettingsDocument {
    /// The file, not a link to it: a link remains one.
    path: PathBuf,
    document: DocumentMut,
}

impl SettingsDocument {
    /// Reads the file, which may be missing.
    ///
    /// # Errors
    /// Class `settings` if it cannot be read or is not valid.
    pub(crate) fn read(file: &Path) -> Result<Self, Error> {
        let path = file.canonicalize().unwrap_or_else(|_| file.to_owned());
        let text = match std::fs::read_to_string(&path) {
            Ok(text) => text,
            Err(e) if e.kind() == ErrorKind::NotFound => String::new(),
            Err(e) => return Err(unreadable(&path, &e)),
        };
        Self::of_text(path, &text)
    }

    /// Replaces the whole text.
    ///
    /// # Errors
    /// Class `settings` with the position if the text is not valid.
    pub(crate) fn with_text(self, text: &str) -> Result<Self, Error> {
        Self::of_text(self.path, text)
    }

    fn of_text(path: PathBuf, text: &str) -> Result<Self, Error> {
        // The error of the other parser has a position, and quotes no values.
        parse(&path, text)?;
        let document = text.parse().map_err(|_| {
            let message = format!("`{}` cannot be changed", path.display());
            Error::new(Class::Settings, "invalid-settings", message)
        })?;
        Ok(Self { path, document })
    }

    /// Returns the text.
    pub(crate) fn text(&self) -> String {
        self.document.to_string()
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Sets a value: a list if the key has one.
    ///
    /// # Errors
    /// Class `settings` if a part of the key has a value that is not a table.
    pub(crate) fn set(
        &mut self,
        key: &[String],
        values: &[String],
        list: bool,
    ) -> Result<(), Error> {
        let Some((last, tables)) = key.split_last() else {
            return Err(Error::internal("the key is empty"));
        };
        let mut table: &mut dyn TableLike = self.document.as_table_mut();
        for word in tables {
            let new = || {
                let mut table = Table::new();
                table.set_implicit(true);
                Item::Table(table)
            };
            let item = table.entry(word).or_insert_with(new);
            table = item.as_table_like_mut().ok_or_else(|| {
                let message = format!("`{word}` in `{}` is not a table", self.path.display());
                Error::new(Class::Settings, "invalid-settings", message)
            })?;
        }
        let mut item = match (list, values) {
            (true, all) => value(all.iter().map(String::as_str).collect::<toml_edit::Array>()),
            (false, all) => value(all.last().map(String::as_str).unwrap_or_default()),
        };
        if let Some(old) = table.get(last).and_then(Item::as_value)
            && let Some(new) = item.as_value_mut()
        {
            // The comment after the value.
            *new.decor_mut() = old.decor().clone();
        }
        match table.get_mut(last) {
            // The key remains, with the comment before it.
            Some(old) => *old = item,
            None => drop(table.insert(last, item)),
        }
        Ok(())
    }

    /// Removes a value, and tables that are empty then. Returns whether there was one.
    pub(crate) fn unset(&mut self, key: &[String]) -> bool {
        remove(self.document.as_table_mut(), key)
    }

    /// Writes the file atomically.
    ///
    /// # Errors
    /// Class `settings`; the file is unchanged then.
    pub(crate) fn write(&self) -> Result<(), Error> {
        let directory = self.path.parent().unwrap_or(Path::new("/"));
        create_private_dir(directory)
            .and_then(|()| replace_durably(&self.path, self.text().as_bytes()))
            .map_err(|e| {
                let message = format!("cannot write `{}`", self.path.display());
                Error::new(Class::Settings, "unwritable-settings", message).cause(e)
            })
    }
}

fn remove(table: &mut dyn TableLike, key: &[String]) -> bool {
    match key {
        [] => false,
        [last] => table.remove(last).is_some(),
        [first, rest @ ..] => {
            let Some(below) = table.get_mut(first).and_then(Item::as_table_like_mut) else {
                return false;
            };
            let removed = remove(below, rest);
            if removed && below.is_empty() {
                table.remove(first);
            }
            removed
        }
    }
}

#[cfg(test)]
mod tests {
    use super::SettingsDocument;

    fn words(key: &str) -> Vec<String> {
        key.split('.').map(str::to_owned).collect()
    }

    #[test]
    fn comments_and_form_are_kept() {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("config.toml");
        let text = "# mine\ndefault_profile = 'a' # why\n\n[api]\n# the server\nurl = 'x'\n";
        std::fs::write(&file, text).unwrap();
        let mut document = SettingsDocument::read(&file).unwrap();
        document
            .set(&words("default_profile"), &["b".to_owned()], false)
            .unwrap();
        document
            .set(&words("api.url"), &["y".to_owned()], false)
            .unwrap();
        document
            .set(
                &words("plugins.isolate"),
                &["p".to_owned(), "q".to_owned()],
                true,
            )
            .unwrap();
        document.write().unwrap();
        let written = std::fs::read_to_string(&file).unwrap();
        assert_eq!(
            written,
            "# mine\ndefault_profile = \"b\" # why\n\n[api]\n# the server\nurl = \"y\"\n\n\
             [plugins]\nisolate = [\"p\", \"q\"]\n"
        );
        let mut document = SettingsDocument::read(&file).unwrap();
        assert!(document.unset(&words("plugins.isolate")));
        assert!(!document.unset(&words("plugins.isolate")));
        assert!(document.unset(&words("api.url")));
        assert!(
            document
                .text()
                .starts_with("# mine\ndefault_profile = \"b\" # why\n")
        );
        assert!(!document.text().contains("plugins") && !document.text().contains("[api]"));
    }

    #[test]
    fn a_value_cannot_become_a_table() {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("config.toml");
        std::fs::write(&file, "api = 'x'\n").unwrap();
        let mut document = SettingsDocument::read(&file).unwrap();
        let error = document
            .set(&words("api.url"), &["y".to_owned()], false)
            .unwrap_err();
        assert!(error.message.contains("is not a table"), "{error}");
        assert!(document.with_text("a = [").is_err());
    }
}
