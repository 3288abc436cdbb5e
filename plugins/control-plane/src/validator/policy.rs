//! The validator of `policy-config.yaml`.

use kt_control_api::ProblemItem;
use kt_policy::{Document, Problem, Source, diff, parse};

use super::contract::{ConfigComparison, NamedContent, ValidationResult, Validator};

/// Accepts what the gateway can parse. The limits of patterns depend on the gateway, which checks
/// them.
#[derive(Debug, Clone, Copy, Default)]
pub struct PolicyValidator;

impl Validator for PolicyValidator {
    fn check(&self, name: &str, text: &str) -> ValidationResult {
        Ok(document(name, text)?
            .sha256()
            .parse()
            .expect("a SHA-256 hash has 64 hexadecimal digits"))
    }

    fn compare(
        &self,
        from: NamedContent<'_>,
        to: NamedContent<'_>,
    ) -> Result<ConfigComparison, Vec<ProblemItem>> {
        let diff = diff(&document(from.0, from.1)?, &document(to.0, to.1)?);
        Ok(ConfigComparison {
            same: diff.is_empty(),
            unified: diff.unified(from.0, to.0),
            diff: serde_json::to_value(&diff).expect("a diff has only string keys"),
        })
    }
}

fn document(name: &str, text: &str) -> Result<Document, Vec<ProblemItem>> {
    parse(&[Source::new(name, text)]).map_err(|problems| problems.iter().map(item).collect())
}

fn item(problem: &Problem) -> ProblemItem {
    ProblemItem {
        code: problem.code.to_owned(),
        message: problem.message.clone(),
        pointer: Some(pointer(&problem.path)),
        file: Some(problem.file.clone()),
        // 0 means that there is no position.
        line: (problem.line > 0).then_some(problem.line),
        column: (problem.column > 0).then_some(problem.column),
        suggestion: problem.suggestion.clone(),
        hint: problem.help.clone(),
    }
}

/// Converts `policies.chain[0]` to `/policies/chain/0`.
fn pointer(path: &str) -> String {
    path.split(['.', '[', ']'])
        .filter(|part| !part.is_empty())
        .fold(String::new(), |mut pointer, part| {
            pointer.push('/');
            pointer.push_str(&part.replace('~', "~0").replace('/', "~1"));
            pointer
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_become_pointers() {
        assert_eq!(pointer("policies.chain[0]"), "/policies/chain/0");
        assert_eq!(pointer(""), "");
    }

    #[test]
    fn problems_have_file_and_line() {
        let problems = PolicyValidator.check("my.yaml", "pack: [").unwrap_err();
        assert_eq!(problems[0].file.as_deref(), Some("my.yaml"));
        assert_eq!(problems[0].line, Some(1));
    }
}
