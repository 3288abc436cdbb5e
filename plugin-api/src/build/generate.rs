//! Generates structs of arguments.

use super::names::{camel, field};
use crate::manifest::{ArgSpec, ArgType, CommandSpec, Manifest};
use std::error::Error;
use std::path::{Path, PathBuf};

/// Generates the file `args.rs` in `OUT_DIR` from the manifest at `path`, which is
/// relative to the folder of the package.
///
/// # Errors
/// If the manifest cannot be read, or the file cannot be written.
pub fn generate_args(path: impl AsRef<Path>) -> Result<(), Box<dyn Error>> {
    let path = path.as_ref();
    emit(&format!("cargo::rerun-if-changed={}", path.display()));
    let text = std::fs::read_to_string(path)
        .map_err(|e| format!("cannot read `{}`: {e}", path.display()))?;
    let code = from_text(&text).map_err(|e| format!("`{}`: {e}", path.display()))?;
    let out = std::env::var_os("OUT_DIR").ok_or("`OUT_DIR` is not set")?;
    std::fs::write(PathBuf::from(out).join("args.rs"), code)?;
    Ok(())
}

#[expect(clippy::print_stdout, reason = "cargo reads it from a build script")]
fn emit(line: &str) {
    println!("{line}");
}

fn from_text(text: &str) -> Result<String, Box<dyn Error>> {
    let manifest: Manifest = toml::from_str(text)?;
    let commands = manifest.commands.iter().filter(|c| !c.args.is_empty());
    Ok(commands.map(command).collect())
}

fn command(spec: &CommandSpec) -> String {
    let path = spec.path.join(" ");
    let name = camel(&path);
    let mut fields = String::new();
    let mut reads = String::new();
    let mut enums = String::new();
    for arg in &spec.args {
        let (about, field, base) = (doc(&arg.about), field(&arg.name), base(arg, &name));
        let kind = kind(arg, &base);
        fields.push_str(&format!("{about}    pub(crate) {field}: {kind},\n"));
        reads.push_str(&format!(
            "            {field}: args.get({:?})?,\n",
            arg.name
        ));
        if arg.kind == ArgType::Enum {
            enums.push_str(&enumeration(arg, &base, &path));
        }
    }
    format!(
        "/// The arguments of `kt {path}`.\n\
         #[derive(Debug, Clone, PartialEq)]\n\
         pub(crate) struct {name}Args {{\n{fields}}}\n\n\
         impl ::kt_plugin_api::CommandArgs for {name}Args {{\n    \
             const PATH: &'static [&'static str] = &{:?};\n\n    \
             fn read(args: &::kt_plugin_api::Args) -> ::core::result::Result<Self, ::kt_plugin_api::Error> {{\n        \
                 ::core::result::Result::Ok(Self {{\n{reads}        }})\n    }}\n}}\n\n{enums}",
        spec.path
    )
}

/// Returns the lines of a documentation comment.
fn doc(about: &str) -> String {
    let lines = about.lines().map(|line| format!("    /// {line}\n"));
    lines.collect()
}

/// Returns the type of one value.
fn base(arg: &ArgSpec, command: &str) -> String {
    match arg.kind {
        ArgType::String => "::std::string::String".to_owned(),
        ArgType::Integer => "i64".to_owned(),
        ArgType::Boolean => "bool".to_owned(),
        ArgType::Path => "::std::path::PathBuf".to_owned(),
        ArgType::Duration => "::core::time::Duration".to_owned(),
        ArgType::Enum => format!("{command}{}", camel(&arg.name)),
    }
}

/// Returns the type of the field: a required argument, and one with a default, always
/// have a value.
fn kind(arg: &ArgSpec, base: &str) -> String {
    if arg.kind == ArgType::Boolean {
        base.to_owned()
    } else if arg.repeatable {
        format!("::std::vec::Vec<{base}>")
    } else if arg.required || arg.default.is_some() {
        base.to_owned()
    } else {
        format!("::core::option::Option<{base}>")
    }
}

fn enumeration(arg: &ArgSpec, name: &str, path: &str) -> String {
    let variants: Vec<(String, &String)> = arg.values.iter().map(|v| (camel(v), v)).collect();
    let lines = |line: &dyn Fn(&str, &str) -> String| -> String {
        variants
            .iter()
            .map(|(variant, value)| line(variant, value))
            .collect()
    };
    let definitions = lines(&|variant, value| format!("    /// `{value}`.\n    {variant},\n"));
    let parse = lines(&|variant, value| {
        format!("            {value:?} => ::core::option::Option::Some(Self::{variant}),\n")
    });
    let text = lines(&|variant, value| format!("            Self::{variant} => {value:?},\n"));
    format!(
        "/// A value of `{}` of `kt {path}`.\n\
         #[derive(Debug, Clone, Copy, PartialEq, Eq)]\n\
         pub(crate) enum {name} {{\n{definitions}}}\n\n\
         impl ::kt_plugin_api::ArgValue for {name} {{\n    \
             fn from_value(value: &::kt_plugin_api::Value) -> ::core::option::Option<Self> {{\n        \
                 match value.as_str()? {{\n{parse}            _ => ::core::option::Option::None,\n        }}\n    }}\n}}\n\n\
         impl ::core::convert::AsRef<str> for {name} {{\n    \
             fn as_ref(&self) -> &str {{\n        match self {{\n{text}        }}\n    }}\n}}\n\n",
        arg.name
    )
}

#[cfg(test)]
mod tests {
    use super::from_text;

    const MANIFEST: &str = r#"
manifest = 1
name = "a"
version = "1.0.0"
description = "A"
api = "^1.0"
library = "a"

[[command]]
path = ["a", "run"]
about = "Run"
arg = [
  { name = "if-match", long = "if-match", about = "Tag" },
  { name = "count", about = "Count", type = "integer", required = true },
  { name = "wait", long = "wait", about = "Wait", type = "duration", default = "1s" },
  { name = "file", long = "file", about = "File", type = "path", repeatable = true },
  { name = "all", long = "all", about = "All", type = "boolean" },
  { name = "format", long = "format", about = "Format", type = "enum", values = ["json-patch", "text"] },
]

[[command]]
path = ["a", "stop"]
about = "Stop"
"#;

    #[test]
    fn each_argument_has_the_type_of_the_manifest() {
        let code = from_text(MANIFEST).unwrap();
        for line in [
            "pub(crate) struct ARunArgs {",
            "pub(crate) if_match: ::core::option::Option<::std::string::String>,",
            "pub(crate) count: i64,",
            "pub(crate) wait: ::core::time::Duration,",
            "pub(crate) file: ::std::vec::Vec<::std::path::PathBuf>,",
            "pub(crate) all: bool,",
            "pub(crate) format: ::core::option::Option<ARunFormat>,",
            "\"json-patch\" => ::core::option::Option::Some(Self::JsonPatch),",
            "if_match: args.get(\"if-match\")?,",
        ] {
            assert!(code.contains(line), "no `{line}` in\n{code}");
        }
        assert!(!code.contains("AStopArgs"));
        assert!(from_text("manifest = 1").is_err());
    }
}
