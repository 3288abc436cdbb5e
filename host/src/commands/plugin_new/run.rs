//! Writes the files of a new plugin.

use super::name;
use super::templates::{Kind, Language, Names, files};
use crate::commands::context::CommandContext;
use crate::discovery::{MANIFEST, parse_manifest};
use clap::ArgMatches;
use kt_plugin_api::{Class, Error, Field, Output, View};
use serde_json::json;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

pub(in crate::commands) fn run(
    matches: &ArgMatches,
    context: &CommandContext<'_>,
) -> Result<Output, Error> {
    let text = |id: &str| matches.get_one::<String>(id).map_or("", String::as_str);
    let language = match text("lang") {
        "c" => Language::C,
        "python" => Language::Python,
        _ => Language::Rust,
    };
    let kind = match text("kind") {
        "service" => Kind::Service,
        "guard" => Kind::Guard,
        _ => Kind::Command,
    };
    let name = text("name");
    name::check(name, language)?;
    let sdk = match matches.get_one::<PathBuf>("sdk") {
        None => "\"0.1\"".to_owned(),
        Some(path) => format!("{{ path = {} }}", json!(context.env.cwd.join(path))),
    };
    let names = Names { name, sdk: &sdk };
    let dir = context.env.cwd.join(name);
    let files = files(language, kind, &names);
    if let Some((path, text)) = files.iter().find(|(path, _)| *path == MANIFEST) {
        let manifest = parse_manifest(Path::new(path), text)?;
        name::check_unused(&manifest, context.registry)?;
    }
    let written = write(&dir, &files)?;
    let value = json!({ "name": name, "dir": dir.display().to_string(), "files": written });
    let view = View::Fields(vec![
        Field::new("Name", "/name"),
        Field::new("Directory", "/dir"),
    ]);
    let output = Output::new("kt.plugin.new/1", value, view).name_path("/dir");
    Ok(output
        .note(format!("build it: make -C {name}"))
        .note(format!("test it:  make -C {name} test")))
}

/// Writes the files into a new directory; nothing remains of it if that fails.
fn write(dir: &Path, files: &[(&'static str, String)]) -> Result<Vec<&'static str>, Error> {
    fs::create_dir(dir).map_err(|error| match error.kind() {
        io::ErrorKind::AlreadyExists => {
            let message = format!("`{}` already exists", dir.display());
            Error::new(Class::Conflict, "directory-exists", message)
                .hint("choose another name, or change to another directory")
        }
        _ => not_written(dir, &error),
    })?;
    let result = files.iter().try_for_each(|(path, content)| {
        let path = dir.join(path);
        fs::create_dir_all(path.parent().unwrap_or(dir))?;
        fs::write(path, content)
    });
    if let Err(error) = result {
        drop(fs::remove_dir_all(dir));
        return Err(not_written(dir, &error));
    }
    Ok(files.iter().map(|(path, _)| *path).collect())
}

fn not_written(dir: &Path, error: &io::Error) -> Error {
    let message = format!("`{}` cannot be written", dir.display());
    Error::new(Class::Unavailable, "plugin-not-written", message).cause(error)
}
