//! The texts of a request or a response as guards judge them.

use super::document::{EvaluatedDocument, Roles};
use super::numbering::number_markers;
use super::protocol;
use super::unit::Unit;
use super::units::Units;
use crate::chain::{
    Chain, Decision, Direction, Guard, GuardAction, GuardText, Judgment, Rewrite,
    evaluate_judgments,
};
use crate::json::JsonError;

/// Returns the texts of a document, in the order of their indexes.
///
/// Each text is there by itself. A text that is split into parts is there joined too, and one with
/// escapes without them: a guard sees what the model sees.
///
/// # Errors
/// When it is not JSON that every reader reads alike.
pub fn guard_texts(document: &str, direction: Direction) -> Result<Vec<GuardText>, JsonError> {
    let units = units_of(document, direction)?;
    let roles = Roles::new(&units.roles);
    let text = |unit: &Unit<'_>| GuardText {
        role: match direction {
            Direction::Request => roles.role_of(unit).to_owned(),
            Direction::Response => "assistant".to_owned(),
        },
        text: unit.text.to_string(),
    };
    let units = units.single.iter().chain(&units.readings);
    Ok(units.map(text).collect())
}

/// Evaluates a document by the judgments of guards on its [`guard_texts`], each with the index of
/// the guard in the chain.
///
/// # Errors
/// When it is not JSON that every reader reads alike.
pub fn evaluate_guards(
    chain: &Chain,
    document: &str,
    direction: Direction,
    judgments: &[(usize, Judgment)],
) -> Result<EvaluatedDocument, JsonError> {
    let mut units = units_of(document, direction)?;
    let texts = units.single.iter().chain(&units.readings);
    let texts: Vec<&str> = texts.map(|unit| &*unit.text).collect();
    let guard = |(index, judgment)| Some((chain.guards().get(index)?, judgment));
    let judgments: Vec<(&Guard, &Judgment)> = judgments
        .iter()
        .filter_map(|(index, judgment)| guard((*index, judgment)))
        .collect();
    let mut evaluation = evaluate_judgments(&texts, direction, &judgments);
    let count = units.single.len();
    let rewrites = std::mem::take(&mut evaluation.rewrites).into_iter();
    let (mut of_single, mut of_readings): (Vec<Rewrite>, Vec<Rewrite>) =
        rewrites.partition(|rewrite| rewrite.index < count);
    for rewrite in &mut of_readings {
        rewrite.index -= count;
    }
    let mut fixed = of_single.iter().map(|rewrite| rewrite.index);
    if let Some(index) = fixed.find(|index| units.single[*index].is_fixed()) {
        let finds = |judgment: &&(&Guard, &Judgment)| {
            let judged = judgment.1.as_ref().ok().and_then(|texts| texts.get(index));
            judgment.0.action == GuardAction::Redact && judged.is_some_and(|j| !j.spans.is_empty())
        };
        if let Some((guard, _)) = judgments.iter().find(finds) {
            evaluation.decision = Decision::Block(guard.block(direction));
            return Ok(EvaluatedDocument::new(evaluation, Vec::new()));
        }
    }
    // The values of guards are not restored.
    drop(number_markers(
        document,
        &units,
        &mut of_single,
        &mut of_readings,
        chain.restores(),
    ));
    let mut edits = Vec::new();
    let single = std::mem::take(&mut units.single);
    for Rewrite { index, spans, .. } in of_single {
        edits.extend(units.edits(&single[index], &spans));
    }
    let readings = std::mem::take(&mut units.readings);
    for Rewrite { index, spans, .. } in of_readings {
        edits.extend(units.edits(&readings[index], &spans));
    }
    Ok(EvaluatedDocument::new(evaluation, edits))
}

/// Returns the texts of a document but the words of the protocol, which no guard is asked about.
fn units_of(document: &str, direction: Direction) -> Result<Units<'_>, JsonError> {
    let mut units = Units::of(document, side(direction))?;
    units.single.retain(|unit| !unit.is_decoded);
    Ok(units)
}

fn side(direction: Direction) -> protocol::Direction {
    match direction {
        Direction::Request => protocol::Direction::Request,
        Direction::Response => protocol::Direction::Response,
    }
}

#[cfg(test)]
mod tests {
    use super::{evaluate_guards, guard_texts};
    use crate::chain::{Direction, Judged, Limits};
    use crate::compile::compile;
    use crate::parse::parse;
    use crate::source::Source;

    #[test]
    fn values_of_a_request_are_numbered_and_those_of_a_response_are_not() {
        let text = "pack: {name: t, version: 1.0.0, enabled: true}\n\
            policies: {chain: ['plugin:names']}\npolicy: {'plugin:names': {}}\n";
        let document = parse(&[Source::new("test.yaml", text)]).unwrap();
        let chain = compile(&document, &Limits::default()).unwrap();
        for (direction, document, expected) in [
            (
                Direction::Request,
                r#"{"messages":[{"role":"user","content":"\u0041nn, Bob"},{"role":"user","content":"Bob"}]}"#,
                r#"{"messages":[{"role":"user","content":"[NAME_1], [NAME_2]"},{"role":"user","content":"[NAME_2]"}]}"#,
            ),
            (
                Direction::Response,
                r#"{"choices":[{"message":{"content":"Ann and Bob"}}]}"#,
                r#"{"choices":[{"message":{"content":"[NAME] and [NAME]"}}]}"#,
            ),
        ] {
            let found = guard_texts(document, direction).unwrap().into_iter();
            let judged = found.map(|text| {
                let names = ["Ann", "Bob"];
                let names = names.iter().filter_map(|name| {
                    let at = text.text.find(name)?;
                    Some((at..at + 3, "NAME".to_owned()))
                });
                Judged {
                    spans: names.collect(),
                    block: None,
                }
            });
            let judgments = [(0, Ok(judged.collect()))];
            let evaluated = evaluate_guards(&chain, document, direction, &judgments).unwrap();
            assert_eq!(evaluated.redact(document), expected);
        }
    }

    /// A second `[EMAIL_1]` would be restored as the value of the first.
    #[test]
    fn a_placeholder_that_is_restored_stands_for_no_value_of_a_guard() {
        let masked = r#"{"messages":[{"role":"user","content":"[EMAIL_1], bob at b"}]}"#;
        for (redaction, expected) in [
            ("{restore: true}", "[EMAIL_1], [EMAIL_1x]"),
            ("{restore: false}", "[EMAIL_1], [EMAIL_1]"),
        ] {
            let text = format!(
                "pack: {{name: t, version: 1.0.0, enabled: true}}\n\
                 policies: {{chain: [pii-detector, 'plugin:names']}}\n\
                 policy: {{pii-detector: {{redaction: {redaction}}}, 'plugin:names': {{}}}}\n"
            );
            let document = parse(&[Source::new("test.yaml", text)]).unwrap();
            let chain = compile(&document, &Limits::default()).unwrap();
            let direction = Direction::Request;
            let found = guard_texts(masked, direction).unwrap().into_iter();
            let judged = found.map(|text| Judged {
                spans: text
                    .text
                    .find("bob at b")
                    .map(|at| (at..at + 8, "EMAIL".to_owned()))
                    .into_iter()
                    .collect(),
                block: None,
            });
            let judgments = [(0, Ok(judged.collect()))];
            let evaluated = evaluate_guards(&chain, masked, direction, &judgments).unwrap();
            let redacted = evaluated.redact(masked);
            assert!(redacted.contains(expected), "{redacted}");
        }
    }
}
