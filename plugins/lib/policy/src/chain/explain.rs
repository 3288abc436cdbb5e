//! What decided about a text: for people who test policies, with the text that was found.

use super::evaluation::PromptText;
use super::explanation::Explanation;
use super::prompt::Chain;
use super::scanner::Scanner;

impl Chain {
    /// Explains what the chain finds in a text of a request, or of a response if `role` is `None`.
    pub(crate) fn explain(&self, text: &str, label: &str, role: Option<&str>) -> Vec<Explanation> {
        let mut found = Vec::new();
        if let Some(role) = role {
            let text = PromptText { role, text };
            let policies = self.compiled.request.iter();
            found.extend(policies.filter_map(|policy| policy.explain(&text)));
        }
        let Some(rules) = &self.compiled.rules else {
            return found;
        };
        let mut scanner = Scanner::labeled(label);
        scanner.push(rules, text, true);
        found.extend(scanner.matched.into_iter().map(|(pattern, range)| {
            let pattern = &rules.patterns[pattern];
            Explanation {
                policy: pattern.source.policy,
                kind: pattern.kind,
                setting: pattern.setting.clone(),
                found: text[range].to_owned(),
                score: None,
            }
        }));
        found
    }
}
