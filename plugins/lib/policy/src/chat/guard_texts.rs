//! The texts of a request or a response as guards judge them.

use super::document::{EvaluatedDocument, Roles};
use super::protocol;
use super::unit::{Unit, Units};
use crate::chain::{Chain, Direction, Guard, GuardText, Judgment, Rewrite, evaluate_judgments};
use crate::json::{JsonError, scalars};

/// Returns the texts of a document, in the order of their indexes.
///
/// Each text is there by itself. A text that is split into parts is there joined too, and one with
/// escapes without them: a guard sees what the model sees.
///
/// # Errors
/// When it is not JSON that every reader reads alike.
pub fn guard_texts(document: &str, direction: Direction) -> Result<Vec<GuardText>, JsonError> {
    let scalars = scalars(document)?;
    let roles = Roles::of(&scalars);
    let units = Units::of(&scalars, side(direction));
    let text = |unit: &Unit| GuardText {
        role: match direction {
            Direction::Request => roles.role_of(unit).to_owned(),
            Direction::Response => "assistant".to_owned(),
        },
        text: unit.text.clone(),
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
    let mut units = Units::of(&scalars(document)?, side(direction));
    let single = std::mem::take(&mut units.single);
    let readings = std::mem::take(&mut units.readings);
    let all: Vec<&Unit> = single.iter().chain(&readings).collect();
    let texts: Vec<&str> = all.iter().map(|unit| &*unit.text).collect();
    let guard = |(index, judgment)| Some((chain.guards().get(index)?, judgment));
    let judgments: Vec<(&Guard, &Judgment)> = judgments
        .iter()
        .filter_map(|(index, judgment)| guard((*index, judgment)))
        .collect();
    let mut evaluation = evaluate_judgments(&texts, direction, &judgments);
    let mut edits = Vec::new();
    for Rewrite { index, spans, .. } in std::mem::take(&mut evaluation.rewrites) {
        edits.extend(units.edits(all[index], &spans));
    }
    Ok(EvaluatedDocument::new(evaluation, edits))
}

fn side(direction: Direction) -> protocol::Direction {
    match direction {
        Direction::Request => protocol::Direction::Request,
        Direction::Response => protocol::Direction::Response,
    }
}
