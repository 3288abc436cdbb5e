//! The gateways that labels select.

use kt_control_api::{Client, Gateway, LabelSelector, ListLimit, ListQuery, PagedList, Transport};
use kt_plugin_api::{Class, Context, Error};

/// Parses `--selector`, which may be repeated: all requirements must hold.
///
/// # Errors
/// Class `usage` when a selector is empty or malformed, or there is none.
pub fn parse_selector(texts: &[String]) -> Result<LabelSelector, Error> {
    let mut all = LabelSelector::default();
    for text in texts {
        let parsed = text.parse::<LabelSelector>();
        all.extend(parsed.map_err(|error| invalid(&error.to_string()))?);
    }
    if all.is_empty() {
        return Err(invalid("an empty selector would select every gateway"));
    }
    Ok(all)
}

fn invalid(message: &str) -> Error {
    Error::new(Class::Usage, "invalid-selector", message).hint(
        "use `key=value`, `key!=value`, `key in (a,b)`, `key notin (a,b)`, `key` or `!key`, \
         separated by commas",
    )
}

/// Returns the gateways that a selector matches, by name; without one, all. The control plane
/// filters by the labels of which the selector requires one value, the others are filtered here.
///
/// # Errors
/// When the list cannot be read.
pub fn select<T: Transport>(
    client: &Client<T>,
    context: &Context<'_>,
    selector: Option<&LabelSelector>,
) -> Result<Vec<Gateway>, Error> {
    let mut query = ListQuery {
        labels: selector
            .map(LabelSelector::required_labels)
            .unwrap_or_default(),
        ..ListQuery::default()
    };
    let page = |size, cursor: Option<&str>| {
        query.limit = Some(size);
        query.cursor = cursor.map(str::to_owned);
        client.list_gateways(&query)
    };
    let matches =
        |gateway: &Gateway| selector.is_none_or(|selector| selector.matches(&gateway.labels));
    let all = ListLimit::first(usize::MAX);
    Ok(PagedList::read_matching((context, all), None, page, matches)?.items)
}
