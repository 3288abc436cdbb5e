//! The templates, as they lie in `templates/`.

/// A configuration with its cases.
pub(super) struct Template {
    /// What `--template` takes.
    pub(super) name: &'static str,
    /// The same under another name, that of the compatible product.
    pub(super) alias: Option<&'static str>,
    /// What it is for.
    pub(super) about: &'static str,
    /// Names, relative to the folder of the pack, and contents.
    pub(super) files: &'static [(&'static str, &'static str)],
}

/// Names and contents of the files of a template.
macro_rules! files {
    ($folder:literal: $($name:literal),+ $(,)?) => {
        &[$(($name, include_str!(concat!("../../templates/", $folder, "/", $name)))),+]
    };
}

/// Every template; the first is the one for who does not choose.
pub(super) const ALL: [Template; 4] = [
    Template {
        name: "starter",
        alias: None,
        about: "Refuse injections, redact personal data, record every decision",
        files: files!("starter": "policy-config.yaml", "tests/injection.json",
            "tests/personal-data.json", "tests/question.json"),
    },
    Template {
        name: "prompt-injection",
        alias: Some("prompt-injection-detection"),
        about: "Refuse injections, encoded ones too",
        files: files!("prompt-injection": "policy-config.yaml", "tests/built-in.json",
            "tests/encoded.json", "tests/own-pattern.json", "tests/question.json"),
    },
    Template {
        name: "pii-redaction",
        alias: None,
        about: "Redact personal data in requests and answers",
        files: files!("pii-redaction": "policy-config.yaml", "tests/question.json",
            "tests/request.json", "tests/response.json"),
    },
    Template {
        name: "dlp",
        alias: None,
        about: "Keep an organisation's own terms and identifiers in the house",
        files: files!("dlp": "policy-config.yaml", "tests/question.json",
            "tests/response.json", "tests/term.json"),
    },
];

impl Template {
    /// The template of a name.
    pub(super) fn named(name: &str) -> Option<&'static Self> {
        ALL.iter()
            .find(|template| template.name == name || template.alias == Some(name))
    }
}

#[cfg(test)]
mod tests {
    use super::{ALL, Template};
    use std::path::Path;

    /// A file that is not named here would silently not be written.
    #[test]
    fn every_file_of_the_templates_is_there() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("templates");
        let count = |folder: &Path| std::fs::read_dir(folder).unwrap().count();
        assert_eq!(count(&root), ALL.len());
        for template in &ALL {
            let cases = count(&root.join(template.name).join("tests"));
            assert_eq!(template.files.len(), cases + 1, "{}", template.name);
            assert!(cases >= 2, "{}", template.name);
        }
    }

    #[test]
    fn a_template_is_found_by_either_name() {
        let name = |asked| Template::named(asked).map(|template| template.name);
        assert_eq!(name("prompt-injection-detection"), Some("prompt-injection"));
        assert_eq!(name("dlp"), Some("dlp"));
        assert_eq!(name("nonsense"), None);
    }
}
