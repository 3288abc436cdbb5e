//! Reading a list page by page, up to a limit.

use kt_plugin_api::{Class, Context, Error, Invocation};

use crate::{ApiError, Page};

/// The most that the API gives on one page.
const PAGE: usize = 200;

/// What was read of a list.
#[derive(Debug, Clone)]
pub struct PagedList<T> {
    /// The items, in the order of the list.
    pub items: Vec<T>,
    /// Where the rest begins; `None` when there is no rest.
    pub next: Option<String>,
}

impl<T> PagedList<T> {
    /// Reads at most `limit` items from `cursor` on. `page` is given the size of a page and where
    /// it begins.
    ///
    /// # Errors
    /// When a page cannot be read, or the command is to end.
    pub fn read(
        context: &Context<'_>,
        limit: usize,
        mut cursor: Option<String>,
        mut page: impl FnMut(u32, Option<&str>) -> Result<Page<T>, ApiError>,
    ) -> Result<Self, Error> {
        let mut items = Vec::new();
        loop {
            context.check_cancelled()?;
            let wanted = PAGE.min(limit - items.len());
            let size = u32::try_from(wanted).unwrap_or(1);
            let found = page(size, cursor.as_deref())?;
            let nothing = found.items.is_empty();
            items.extend(found.items);
            cursor = found.next_cursor;
            if items.len() >= limit || cursor.is_none() || nothing {
                let next = cursor;
                return Ok(Self { items, next });
            }
        }
    }
}

/// `--limit`.
///
/// # Errors
/// Class `usage` when it is not above 0.
pub fn parse_limit(invocation: &Invocation) -> Result<usize, Error> {
    usize::try_from(invocation.args.integer("limit").unwrap_or(100))
        .ok()
        .filter(|n| *n > 0)
        .ok_or_else(|| Error::new(Class::Usage, "bad-limit", "`--limit` must be above 0"))
}
