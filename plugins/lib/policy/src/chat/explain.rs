//! What decided about the texts of a document.

use serde::Serialize;

use super::document::{Roles, request_units, response_units};
use super::request_parts::RequestParts;
use super::unit::Unit;
use super::units::Units;
use crate::chain::{Chain, Explanation};
use crate::json::JsonError;

/// One reason of a decision, with the place of the text.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct TextExplanation {
    /// The index of the message of a request.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub message: Option<usize>,
    /// What was found.
    #[serde(flatten)]
    pub explanation: Explanation,
}

/// Explains what a chain finds in a request.
///
/// # Errors
/// When it is not JSON that every reader reads alike.
pub fn explain_request(chain: &Chain, document: &str) -> Result<Vec<TextExplanation>, JsonError> {
    let units = request_units(chain, document, &RequestParts::default())?;
    let roles = Roles::new(&units.roles);
    Ok(explained(&units, |unit| {
        chain.explain(&unit.text, &unit.label, Some(roles.role_of(unit)))
    }))
}

/// Explains what a chain finds in a response.
///
/// # Errors
/// When it is not JSON that every reader reads alike.
pub fn explain_response(chain: &Chain, document: &str) -> Result<Vec<TextExplanation>, JsonError> {
    let units = response_units(chain, document, |_| true)?;
    Ok(explained(&units, |unit| {
        chain.explain(&unit.text, &unit.label, None)
    }))
}

/// What several readings of a text find is there once.
fn explained(
    units: &Units<'_>,
    explain: impl Fn(&Unit<'_>) -> Vec<Explanation>,
) -> Vec<TextExplanation> {
    let mut all: Vec<TextExplanation> = Vec::new();
    let readings = units
        .single
        .iter()
        .chain(&units.readings)
        .chain(&units.gists);
    for unit in readings {
        let found = explain(unit)
            .into_iter()
            .map(|explanation| TextExplanation {
                message: unit.message,
                explanation,
            });
        for explanation in found {
            if !all.contains(&explanation) {
                all.push(explanation);
            }
        }
    }
    all
}
