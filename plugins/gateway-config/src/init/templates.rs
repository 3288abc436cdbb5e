//! The templates in the directory `templates/`.

/// A configuration with test cases.
pub(super) struct Template {
    /// The value of `--template`.
    pub(super) name: &'static str,
    /// An alternative name: that of the compatible product.
    pub(super) alias: Option<&'static str>,
    /// The description.
    pub(super) about: &'static str,
    /// The paths, relative to the directory of the pack, and the contents.
    pub(super) files: &'static [(&'static str, &'static str)],
}

/// The paths and contents of the files of a template.
macro_rules! files {
    ($directory:literal: $($name:literal),+ $(,)?) => {
        &[$(($name, include_str!(concat!("../../templates/", $directory, "/", $name)))),+]
    };
}

/// All templates; the first is the default.
pub(super) const ALL: [Template; 4] = [
    Template {
        name: "starter",
        alias: None,
        about: "Block injections, redact personal data, log every decision",
        files: files!("starter": "policy-config.yaml", "tests/injection.json",
            "tests/personal-data.json", "tests/question.json", "tests/secret.json"),
    },
    Template {
        name: "prompt-injection",
        alias: Some("prompt-injection-detection"),
        about: "Block injections, including encoded ones",
        files: files!("prompt-injection": "policy-config.yaml", "tests/built-in.json",
            "tests/encoded.json", "tests/own-pattern.json", "tests/question.json"),
    },
    Template {
        name: "pii-redaction",
        alias: None,
        about: "Redact personal data in requests and responses",
        files: files!("pii-redaction": "policy-config.yaml", "tests/question.json",
            "tests/request.json", "tests/response.json"),
    },
    Template {
        name: "dlp",
        alias: None,
        about: "Block confidential terms and identifiers",
        files: files!("dlp": "policy-config.yaml", "tests/question.json",
            "tests/response.json", "tests/term.json"),
    },
];

impl Template {
    /// Finds a template by its name or alias.
    pub(super) fn find(name: &str) -> Option<&'static Self> {
        ALL.iter()
            .find(|template| template.name == name || template.alias == Some(name))
    }
}

#[cfg(test)]
mod tests {
    use super::{ALL, Template};
    use std::path::Path;

    /// A file that is missing in the list would not be written.
    #[test]
    fn every_file_of_the_templates_is_listed() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("templates");
        let count = |directory: &Path| std::fs::read_dir(directory).unwrap().count();
        assert_eq!(count(&root), ALL.len());
        for template in &ALL {
            let cases = count(&root.join(template.name).join("tests"));
            assert_eq!(template.files.len(), cases + 1, "{}", template.name);
            assert!(cases >= 2, "{}", template.name);
        }
    }

    #[test]
    fn a_template_is_found_by_name_and_alias() {
        let name = |name| Template::find(name).map(|template| template.name);
        assert_eq!(name("prompt-injection-detection"), Some("prompt-injection"));
        assert_eq!(name("dlp"), Some("dlp"));
        assert_eq!(name("nonsense"), None);
    }
}
