//! The options and the output of the command.

use super::templates::{ALL, Template};
use super::write::{Target, check, write};
use crate::args::{InitArgs, InitTemplate};
use kt_plugin_api::{Class, Column, Error, Invocation, Output, View};
use serde_json::{Value, json};
use std::path::{Path, PathBuf};

pub(crate) fn run(invocation: &Invocation) -> Result<Output, Error> {
    let args: InitArgs = invocation.arguments()?;
    if args.list {
        return Ok(list());
    }
    let template = selected_template(args.template)?;
    let directory = args.dir.unwrap_or_default();
    let targets = targets(invocation, template, &directory);
    if invocation.dry_run {
        check(&targets)?;
        let output = result(template, &directory, &targets, "would-write");
        return Ok(output.note("nothing was written"));
    }
    write(&targets)?;
    let output = result(template, &directory, &targets, "written");
    Ok(add_next_steps(output, &directory))
}

fn selected_template(template: InitTemplate) -> Result<&'static Template, Error> {
    let name = template.as_ref();
    Template::find(name).ok_or_else(|| {
        let message = format!("template `{name}` does not exist");
        Error::new(Class::Usage, "no-such-template", message)
            .hint("`kt init --list` lists the templates")
    })
}

fn targets(invocation: &Invocation, template: &Template, directory: &Path) -> Vec<Target> {
    let target = |(name, content): &(&str, &'static str)| {
        let path = directory.join(name);
        Target {
            path: invocation.resolve_path(&path),
            display_path: path.display().to_string(),
            content,
        }
    };
    template.files.iter().map(target).collect()
}

fn result(template: &Template, directory: &Path, targets: &[Target], result: &str) -> Output {
    let files: Vec<&str> = targets
        .iter()
        .map(|target| target.display_path.as_str())
        .collect();
    let is_current = directory.as_os_str().is_empty();
    let value = json!({
        "result": result,
        "template": template.name,
        "dir": if is_current { Path::new(".") } else { directory },
        "files": files,
    });
    let view = View::Table {
        rows: "/files".to_owned(),
        columns: vec![Column::new("FILE", "")],
        empty: String::new(),
    };
    Output::new("kt.init/1", value, view)
}

/// Adds the next steps.
fn add_next_steps(output: Output, directory: &Path) -> Output {
    let file: PathBuf = directory.join("policy-config.yaml");
    let file = file.display();
    let test = if directory.as_os_str().is_empty() {
        "kt policy test".to_owned()
    } else {
        format!("kt policy test --pack-dir {}", directory.display())
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
