//! Reads lists page by page, up to a limit.

use kt_plugin_api::{Class, Context, Error, Invocation};

use crate::{ApiError, Page};

/// The maximum number of items on a page of the API.
const MAX_PAGE_ITEMS: usize = 200;

/// The items of a list up to a limit.
#[derive(Debug, Clone)]
pub struct PagedList<T> {
    /// The items, in the order of the list.
    pub items: Vec<T>,
    /// The cursor of the following items; `None` at the end of the list.
    pub next: Option<String>,
}

impl<T> PagedList<T> {
    /// Reads at most `limit` items from `cursor` on. `page` reads a page of a size at a cursor.
    ///
    /// # Errors
    /// When a page cannot be read, or the command is canceled.
    pub fn read(
        context: &Context<'_>,
        limit: usize,
        cursor: Option<String>,
        page: impl FnMut(u32, Option<&str>) -> Result<Page<T>, ApiError>,
    ) -> Result<Self, Error> {
        Self::read_matching((context, limit), cursor, page, |_| true)
    }

    /// The same for the items that `matches` selects: the API does not.
    ///
    /// # Errors
    /// As [`PagedList::read`].
    pub fn read_matching(
        (context, limit): (&Context<'_>, usize),
        mut cursor: Option<String>,
        mut page: impl FnMut(u32, Option<&str>) -> Result<Page<T>, ApiError>,
        matches: impl Fn(&T) -> bool,
    ) -> Result<Self, Error> {
        let mut items = Vec::new();
        loop {
            context.check_cancelled()?;
            let count = MAX_PAGE_ITEMS.min(limit - items.len());
            let size = u32::try_from(count).unwrap_or(1);
            let page = page(size, cursor.as_deref())?;
            let is_empty = page.items.is_empty();
            items.extend(page.items.into_iter().filter(&matches));
            cursor = page.next_cursor;
            if items.len() >= limit || cursor.is_none() || is_empty {
                let next = cursor;
                return Ok(Self { items, next });
            }
        }
    }
}

/// The number of items that users are shown, unless they ask for more.
const DEFAULT_LIMIT: usize = 100;

/// Returns the maximum number of items to list: `--limit`, else all with `--all` and in formats
/// for programs, else 100.
///
/// # Errors
/// Class `usage` when `--limit` is not greater than 0.
pub fn list_limit(invocation: &Invocation, limit: Option<i64>, all: bool) -> Result<usize, Error> {
    let for_users = matches!(invocation.output.format.as_str(), "table" | "wide" | "");
    match limit {
        Some(limit) => parse_limit(limit),
        None if for_users && !all => Ok(DEFAULT_LIMIT),
        None => Ok(usize::MAX),
    }
}

/// Parses `--limit`.
///
/// # Errors
/// Class `usage` when it is not greater than 0.
pub fn parse_limit(limit: i64) -> Result<usize, Error> {
    usize::try_from(limit)
        .ok()
        .filter(|n| *n > 0)
        .ok_or_else(|| {
            Error::new(
                Class::Usage,
                "invalid-limit",
                "`--limit` must be greater than 0",
            )
        })
}
