//! The files of new plugins. Those of services are complete backends, those of guards complete
//! guards.

/// The language of a plugin.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Language {
    Rust,
    C,
    Python,
}

/// What a plugin provides.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Command,
    Service,
    Guard,
}

/// A file, before names are inserted.
pub(super) struct TemplateFile {
    pub(super) path: &'static str,
    pub(super) content: &'static str,
}

/// Names that the files contain.
pub(super) struct Names<'a> {
    pub(super) name: &'a str,
    /// The dependency on the SDK in `Cargo.toml`: a version or a path.
    pub(super) sdk: &'a str,
}

macro_rules! template {
    ($path:literal, $source:literal) => {
        TemplateFile {
            path: $path,
            content: include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/templates/", $source)),
        }
    };
}

/// A file of a plugin of the tests: the service backend runs gateways under a real supervisord,
/// and the guard judges the requests of real gateways.
macro_rules! example {
    ($path:literal, $source:literal) => {
        TemplateFile {
            path: $path,
            content: include_str!(concat!(
                env!("CARGO_MANIFEST_DIR"),
                "/../tests/plugins/",
                $source
            )),
        }
    };
}

/// The names in the files of the examples, and those in the files of a new plugin.
const EXAMPLE_NAMES: [(&str, &str); 5] = [
    ("service-supervisord", "{{name}}"),
    ("service_supervisord", "plugin"),
    ("PROVIDER = \"supervisord\"", "PROVIDER = \"{{name}}\""),
    ("word-list", "{{name}}"),
    ("word_list", "plugin"),
];

const LICENSE: TemplateFile = template!("LICENSE", "any/LICENSE");

const COMMAND: [TemplateFile; 3] = [
    template!("README.md", "any/README-command.md"),
    template!("plugin.toml", "any/command.toml"),
    template!("plugin-test.toml", "any/command-test.toml"),
];

const SERVICE: [TemplateFile; 1] = [template!("plugin.toml", "any/service.toml")];

const GUARD: [TemplateFile; 3] = [
    template!("README.md", "any/README-guard.md"),
    template!("plugin.toml", "any/guard.toml"),
    example!("plugin-test.toml", "word-list-python/plugin-test.toml"),
];

const C: [TemplateFile; 5] = [
    template!("Makefile", "c/Makefile"),
    template!(".gitignore", "c/gitignore"),
    template!("json.h", "c/json.h"),
    template!("json-test.c", "c/json-test.c"),
    TemplateFile {
        path: "kt_plugin.h",
        content: kt_plugin_api::C_HEADER,
    },
];

const C_COMMAND: [TemplateFile; 1] = [template!("plugin.c", "c-command/plugin.c")];

const C_SERVICE: [TemplateFile; 5] = [
    template!("README.md", "c-service/README.md"),
    template!("plugin.c", "c-service/plugin.c"),
    template!("message.h", "c-service/message.h"),
    template!("plan.h", "c-service/plan.h"),
    template!("script.h", "c-service/script.h"),
];

const C_GUARD: [TemplateFile; 3] = [
    template!("plugin.c", "c-guard/plugin.c"),
    template!("words.h", "c-guard/words.h"),
    template!("words-test.c", "c-guard/words-test.c"),
];

const RUST: [TemplateFile; 2] = [
    template!("Makefile", "rust/Makefile"),
    template!(".gitignore", "rust/gitignore"),
];

const RUST_COMMAND: [TemplateFile; 3] = [
    template!("Cargo.toml", "rust-command/Cargo.toml.in"),
    template!("build.rs", "rust-command/build.rs.in"),
    template!("src/lib.rs", "rust-command/lib.rs.in"),
];

const RUST_SERVICE: [TemplateFile; 9] = [
    template!("README.md", "rust-service/README.md"),
    template!("Cargo.toml", "rust-service/Cargo.toml.in"),
    template!("src/lib.rs", "rust-service/lib.rs.in"),
    template!("src/detect.rs", "rust-service/detect.rs.in"),
    template!("src/files.rs", "rust-service/files.rs.in"),
    template!("src/observe.rs", "rust-service/observe.rs.in"),
    template!("src/paths.rs", "rust-service/paths.rs.in"),
    template!("src/steps.rs", "rust-service/steps.rs.in"),
    template!("src/tests.rs", "rust-service/tests.rs.in"),
];

const RUST_GUARD: [TemplateFile; 3] = [
    template!("Cargo.toml", "rust-guard/Cargo.toml.in"),
    template!("src/lib.rs", "rust-guard/lib.rs.in"),
    template!("src/words.rs", "rust-guard/words.rs.in"),
];

const PYTHON: [TemplateFile; 2] = [
    template!("Makefile", "python/Makefile"),
    template!(".gitignore", "python/gitignore"),
];

const PYTHON_COMMAND: [TemplateFile; 2] = [
    template!("plugin.py", "python-command/plugin.py"),
    template!("test_plugin.py", "python-command/test_plugin.py"),
];

const PYTHON_SERVICE: [TemplateFile; 4] = [
    template!("README.md", "python-service/README.md"),
    template!("plugin.toml", "python-service/plugin.toml"),
    example!("plugin.py", "service-supervisord/service_supervisord.py"),
    example!(
        "test_plugin.py",
        "service-supervisord/test_service_supervisord.py"
    ),
];

const PYTHON_GUARD: [TemplateFile; 2] = [
    example!("plugin.py", "word-list-python/word_list.py"),
    example!("test_plugin.py", "word-list-python/test_word_list.py"),
];

/// Returns the files of a plugin, with its names.
pub(super) fn files(
    language: Language,
    kind: Kind,
    names: &Names<'_>,
) -> Vec<(&'static str, String)> {
    let parts: &[&[TemplateFile]] = match (language, kind) {
        (Language::C, Kind::Command) => &[&C, &COMMAND, &C_COMMAND],
        (Language::C, Kind::Guard) => &[&C, &GUARD, &C_GUARD],
        (Language::C, Kind::Service) => &[&C, &SERVICE, &C_SERVICE],
        (Language::Rust, Kind::Command) => &[&RUST, &COMMAND, &RUST_COMMAND],
        (Language::Rust, Kind::Guard) => &[&RUST, &GUARD, &RUST_GUARD],
        (Language::Rust, Kind::Service) => &[&RUST, &SERVICE, &RUST_SERVICE],
        (Language::Python, Kind::Command) => &[&PYTHON, &COMMAND, &PYTHON_COMMAND],
        (Language::Python, Kind::Guard) => &[&PYTHON, &GUARD, &PYTHON_GUARD],
        (Language::Python, Kind::Service) => &[&PYTHON, &PYTHON_SERVICE],
    };
    let files = parts.iter().flat_map(|part| part.iter()).chain([&LICENSE]);
    files
        .map(|file| (file.path, insert(file.content, language, names)))
        .collect()
}

fn insert(content: &str, language: Language, names: &Names<'_>) -> String {
    let Names { name, sdk } = names;
    let build = if sdk.starts_with('"') {
        format!("{{ version = {sdk}, features = [\"build\"] }}")
    } else {
        sdk.replace(" }", ", features = [\"build\"] }")
    };
    let ident = name.replace('-', "_");
    let entry = match language {
        Language::Python => "kind = \"process\"\nexecutable = \"plugin.py\"".to_owned(),
        Language::Rust | Language::C => format!("library = \"{ident}\""),
    };
    let content = EXAMPLE_NAMES
        .iter()
        .fold(content.to_owned(), |text, (from, to)| {
            text.replace(from, to)
        });
    content
        .replace("{{entry}}", &entry)
        .replace("{{name}}", name)
        .replace("{{ident}}", &ident)
        .replace("{{camel}}", &camel(name))
        .replace("{{sdk}}", sdk)
        .replace("{{sdk-build}}", &build)
}

/// Returns the name of a type: `my-plugin` is `MyPlugin`.
fn camel(name: &str) -> String {
    name.split('-')
        .map(|word| {
            let (first, rest) = word.split_at(word.len().min(1));
            first.to_ascii_uppercase() + rest
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::{EXAMPLE_NAMES, Kind, Language, Names, files};

    #[test]
    fn every_placeholder_is_replaced() {
        let names = Names {
            name: "my-plugin",
            sdk: "\"0.1\"",
        };
        for language in [Language::Rust, Language::C, Language::Python] {
            for kind in [Kind::Command, Kind::Service, Kind::Guard] {
                let files = files(language, kind, &names);
                for required in ["LICENSE", "README.md", "Makefile", "plugin.toml"] {
                    assert!(
                        files.iter().any(|(path, _)| *path == required),
                        "{required}"
                    );
                }
                for (path, content) in files {
                    let examples = EXAMPLE_NAMES.map(|(name, _)| name);
                    for left in examples.into_iter().chain(["{{"]) {
                        assert!(!content.contains(left), "{path} of {language:?}, {kind:?}");
                    }
                }
            }
        }
    }
}
