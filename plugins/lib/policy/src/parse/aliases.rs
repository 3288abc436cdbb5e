//! `providers.targets[].aliases` and `providers.routing.default_model`.

use crate::decode::{Diagnostics, LengthRange, Mapping, truncate};
use crate::model::{ModelMatch, Target};
use crate::problem::code;

const NAME: LengthRange = LengthRange { min: 1, max: 200 };

/// Reads the aliases of a target.
pub(crate) fn aliases(
    target: &Mapping<'_>,
    diagnostics: &mut Diagnostics<'_>,
) -> Option<Vec<String>> {
    let items = target.sequence("aliases", diagnostics)?;
    let mut aliases: Vec<String> = Vec::new();
    for item in &items {
        let Some(alias) = item.bounded_string(&NAME, diagnostics) else {
            continue;
        };
        if alias.matches('*').count() > 1 {
            let message = format!("`{}` must have at most one `*`", item.path);
            diagnostics.report(code::INVALID_VALUE, item.location, &item.path, message);
        } else if aliases.contains(&alias) {
            let message = format!("`{}` repeats an earlier item", item.path);
            diagnostics.report(code::DUPLICATE, item.location, &item.path, message);
        }
        aliases.push(alias);
    }
    Some(aliases)
}

/// Reads the model that serves requests for unknown models.
pub(crate) fn default_model(
    routing: &Mapping<'_>,
    targets: &[Target],
    diagnostics: &mut Diagnostics<'_>,
) -> Option<String> {
    let field = routing.field("default_model", diagnostics)?;
    let model = field.bounded_string(&NAME, diagnostics)?;
    let matches: Vec<ModelMatch> = targets
        .iter()
        .filter_map(|target| target.match_model(&model))
        .collect();
    if matches.is_empty() {
        let message = format!("no target serves the model `{}`", truncate(&model));
        diagnostics
            .report(
                code::INVALID_REFERENCE,
                field.location,
                &field.path,
                message,
            )
            .suggest(&model, targets.iter().flat_map(Target::model_names));
    } else if targets.iter().any(Target::matches_any_model) {
        // A target that serves every model leaves none for the default.
        let message = format!(
            "`{}` has no effect: a target serves every model",
            field.path
        );
        diagnostics
            .report(code::INVALID_VALUE, field.location, &field.path, message)
            .help("set `model` or `aliases` for every target");
    }
    Some(model)
}
