//! Pages of lists.

use kt_control_api::Page;

/// Cuts the items that were read to one page. Callers read one item more than fits, which tells
/// whether there is a next page.
pub(super) fn page<T>(mut items: Vec<T>, limit: usize, cursor: impl Fn(&T) -> String) -> Page<T> {
    let more = items.len() > limit;
    items.truncate(limit);
    let next_cursor = items.last().filter(|_| more).map(cursor);
    Page { items, next_cursor }
}
