//! The command's options and results.

use super::templates::{ALL, Template};
use super::write::{Target, check, write};
use kt_plugin_api::{Class, Column, Error, Invocation, Output, View};
use serde_json::{Value, json};
use std::path::{Path, PathBuf};

pub(crate) fn run(invocation: &Invocation) -> Result<Output, Error> {
    if invocation.args.flag("list") {
        return Ok(list());
    }
    let template = chosen(invocation)?;
    let folder = invocation.args.path("dir").unwrap_or_default();
    let targets = targets(invocation, template, &folder);
    if invocation.dry_run {
        check(&targets)?;
        let output = result(template, &folder, &targets, "would-write");
        return Ok(output.note("nothing was written"));
    }
    write(&targets)?;
    let output = result(template, &folder, &targets, "written");
    Ok(next(output, &folder))
}

fn chosen(invocation: &Invocation) -> Result<&'static Template, Error> {
    let name = invocation.args.text("template").unwrap_or(ALL[0].name);
    Template::named(name).ok_or_else(|| {
        let message = format!("there is no template `{name}`");
        Error::new(Class::Usage, "no-such-template", message).hint("`kt init --list` shows them")
    })
}

fn targets(invocation: &Invocation, template: &Template, folder: &Path) -> Vec<Target> {
    let target = |(name, content): &(&str, &'static str)| {
        let shown = folder.join(name);
        Target {
            path: invocation.resolve_path(&shown),
            shown: shown.display().to_string(),
            content,
        }
    };
    template.files.iter().map(target).collect()
}

fn result(template: &Template, folder: &Path, targets: &[Target], word: &str) -> Output {
    let files: Vec<&str> = targets.iter().map(|target| target.shown.as_str()).collect();
    let here = folder.as_os_str().is_empty();
    let value = json!({
        "result": word,
        "template": template.name,
        "dir": if here { Path::new(".") } else { folder },
        "files": files,
    });
    let view = View::Table {
        rows: "/files".to_owned(),
        columns: vec![Column::new("FILE", "")],
        empty: String::new(),
    };
    Output::new("kt.init/1", value, view)
}

/// Says what to do with the files.
fn next(output: Output, folder: &Path) -> Output {
    let file: PathBuf = folder.join("policy-config.yaml");
    let file = file.display();
    let test = if folder.as_os_str().is_empty() {
        "kt policy test".to_owned()
    } else {
        format!("kt policy test --pack-dir {}", folder.display())
    };
    output
        .note(format!("check it: kt policy lint --file {file}"))
        .note(format!("test it:  {test}"))
        .note(format!("run it:   kt gateway run --policy-config {file}"))
}

fn list() -> Output {
    let templates: Vec<Value> = ALL
        .iter()
        .map(|t| json!({ "name": t.name, "alias": t.alias, "about": t.about }))
        .collect();
    let view = View::Table {
        rows: String::new(),
        columns: vec![
            Column::new("TEMPLATE", "/name"),
            Column::new("ALIAS", "/alias").wide(),
            Column::new("FOR", "/about"),
        ],
        empty: String::new(),
    };
    Output::new("kt.init.templates/1", Value::from(templates), view).name_path("/name")
}
