//! Suggestions for misspelled names of objects.

use kt_plugin_api::Error;

use crate::{Client, ListQuery, TokenQuery, Transport};

/// Names with a lower Jaro-Winkler similarity are not suggested.
const MIN_SIMILARITY: f64 = 0.8;
/// The number of pages of names that are read, so that a typing error does not take long.
const MAX_PAGES: usize = 25;
/// The number of items on a page.
const PAGE_SIZE: u32 = 200;

/// Returns the name that is most similar to `name`, if one is similar enough.
pub fn closest_name<'c>(
    name: &str,
    candidates: impl IntoIterator<Item = &'c str>,
) -> Option<&'c str> {
    candidates
        .into_iter()
        .map(|candidate| (strsim::jaro_winkler(candidate, name), candidate))
        .filter(|(similarity, _)| *similarity >= MIN_SIMILARITY)
        .max_by(|a, b| a.0.total_cmp(&b.0))
        .map(|(_, candidate)| candidate)
}

/// Adds the most similar name to an error, if there is one.
#[must_use]
pub fn with_suggestion<'c>(
    error: Error,
    name: &str,
    candidates: impl IntoIterator<Item = &'c str>,
) -> Error {
    match closest_name(name, candidates) {
        Some(found) => error.hint(format!("did you mean `{found}`?")),
        None => error,
    }
}

/// Returns the names of the gateways, as far as they may be read.
pub(crate) fn gateway_names<T: Transport>(client: &Client<T>) -> Vec<String> {
    let mut query = ListQuery {
        limit: Some(PAGE_SIZE),
        ..ListQuery::default()
    };
    let mut names = Vec::new();
    for _ in 0..MAX_PAGES {
        let Ok(page) = client.list_gateways(&query) else {
            break;
        };
        names.extend(page.items.into_iter().map(|gateway| gateway.name));
        query.cursor = page.next_cursor;
        if query.cursor.is_none() {
            break;
        }
    }
    names
}

/// Adds the id of the token to an error that has this name or the most similar id or name.
#[must_use]
pub fn with_token_suggestion<T: Transport>(error: Error, client: &Client<T>, text: &str) -> Error {
    let page = client.tokens(&TokenQuery {
        limit: Some(PAGE_SIZE),
        active: Some(true),
        ..TokenQuery::default()
    });
    let tokens = page.map(|page| page.items).unwrap_or_default();
    let named: Vec<(String, String)> = tokens
        .into_iter()
        .map(|token| (token.id.to_string(), token.name))
        .collect();
    let candidates = named
        .iter()
        .flat_map(|(id, name)| [id.as_str(), name.as_str()]);
    let Some(found) = closest_name(text, candidates) else {
        return error;
    };
    let token = named.iter().find(|(id, name)| id == found || name == found);
    match token {
        Some((id, name)) => error.hint(format!("did you mean `{id}` ({name})?")),
        None => error,
    }
}

#[cfg(test)]
mod tests {
    use super::closest_name;

    #[test]
    fn a_similar_name_is_suggested_and_no_other() {
        let names = ["production", "staging"];
        assert_eq!(closest_name("prodution", names), Some("production"));
        assert_eq!(closest_name("stagign", names), Some("staging"));
        assert_eq!(closest_name("edge", names), None);
    }
}
