//! The configuration of a gateway.

use super::seeds::files;
use kt_policy::{Limits, Source, compile, parse};

/// Problems have positions in the file; the canonical form of a document is a
/// document with the same canonical form.
pub(super) fn check(input: &[u8]) {
    let Ok(text) = std::str::from_utf8(input) else {
        return;
    };
    let document = match parse(&[Source::new("policy-config.yaml", text)]) {
        Ok(document) => document,
        Err(problems) => {
            assert!(!problems.is_empty(), "a rejection without a problem");
            let lines = text.matches(['\n', '\r']).count() + 1;
            for problem in problems.iter() {
                let line = usize::try_from(problem.line).unwrap_or(usize::MAX);
                assert!(line <= lines + 1, "line {line} of {lines}: {problem:?}");
            }
            return;
        }
    };
    let canonical = document.canonical();
    let parsed = parse(&[Source::new("canonical", canonical.clone())]);
    let parsed = parsed.unwrap_or_else(|e| panic!("the canonical form is invalid: {e:?}"));
    assert_eq!(parsed.canonical(), canonical, "the form is not stable");
    // Patterns may be rejected by the limits of a gateway.
    drop(compile(&document, &Limits::default()));
}

pub(super) fn seeds() -> Vec<Vec<u8>> {
    let mut seeds = files("docs/examples", ".yaml");
    seeds.extend(files("plugins/gateway-config/templates", ".yaml"));
    seeds
}
