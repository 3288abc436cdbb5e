//! Reads lists page by page, up to a limit.

use kt_plugin_api::{Class, Context, Error, Invocation};

use crate::{ApiError, Page};

/// The maximum number of items on a page of the API.
const MAX_PAGE_ITEMS: usize = 200;

/// The number of items that users are shown, unless they ask for more.
const DEFAULT_LIMIT: usize = 100;

/// The number of items up to which those that are not shown are counted.
const MAX_COUNTED: usize = 2_000;

/// How many items of a list are read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ListLimit {
    /// The maximum number of items.
    pub items: usize,
    /// Whether to count those beyond it, for a user.
    pub count_rest: bool,
}

impl ListLimit {
    /// Reads the first items, and counts no others.
    #[must_use]
    pub fn first(items: usize) -> Self {
        Self {
            items,
            count_rest: false,
        }
    }
}

/// Returns the maximum number of items to list: `--limit`, else all with `--all` and in formats
/// for programs, else 100.
///
/// # Errors
/// Class `usage` when `--limit` is not greater than 0.
pub fn list_limit(
    invocation: &Invocation,
    limit: Option<i64>,
    all: bool,
) -> Result<ListLimit, Error> {
    let count_rest = matches!(invocation.output.format.as_str(), "table" | "wide" | "");
    let items = match limit {
        Some(limit) => parse_limit(limit)?,
        None if count_rest && !all => DEFAULT_LIMIT,
        None => usize::MAX,
    };
    Ok(ListLimit { items, count_rest })
}

/// The items of a list up to a limit.
#[derive(Debug, Clone)]
pub struct PagedList<T> {
    /// The items, in the order of the list.
    pub items: Vec<T>,
    /// The cursor of the following items; `None` at the end of the list.
    pub next: Option<String>,
    /// The number of items that follow, if they were counted, and whether there are even more.
    rest: (usize, bool),
}

impl<T> PagedList<T> {
    /// Reads items from `cursor` on. `page` reads a page of a size at a cursor.
    ///
    /// # Errors
    /// When a page cannot be read, or the command is canceled.
    pub fn read(
        context: &Context<'_>,
        limit: ListLimit,
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
        (context, limit): (&Context<'_>, ListLimit),
        mut cursor: Option<String>,
        mut page: impl FnMut(u32, Option<&str>) -> Result<Page<T>, ApiError>,
        matches: impl Fn(&T) -> bool,
    ) -> Result<Self, Error> {
        let mut list = Self {
            items: Vec::new(),
            next: None,
            rest: (0, false),
        };
        let max = limit.items;
        loop {
            context.check_cancelled()?;
            let size = page_size(max - list.items.len());
            let page = page(size, cursor.as_deref())?;
            let is_empty = page.items.is_empty();
            list.items.extend(page.items.into_iter().filter(&matches));
            cursor = page.next_cursor;
            if list.items.len() >= max || cursor.is_none() || is_empty {
                break;
            }
        }
        list.next.clone_from(&cursor);
        while limit.count_rest && cursor.is_some() {
            context.check_cancelled()?;
            if list.items.len() + list.rest.0 >= MAX_COUNTED {
                list.rest.1 = true;
                break;
            }
            let page = page(page_size(usize::MAX), cursor.as_deref())?;
            list.rest.0 += page.items.iter().filter(|item| matches(item)).count();
            cursor = page.next_cursor.filter(|_| !page.items.is_empty());
        }
        Ok(list)
    }

    /// Wraps items that were read otherwise.
    #[must_use]
    pub fn whole(items: Vec<T>) -> Self {
        Self {
            items,
            next: None,
            rest: (0, false),
        }
    }

    /// Removes the items beyond the first ones of a list that was read as a whole.
    pub fn truncate(&mut self, items: usize) {
        let rest = self.items.len().saturating_sub(items);
        if rest > 0 {
            self.items.truncate(items);
            self.next = Some(String::new());
            self.rest = (rest, false);
        }
    }

    /// Returns how many of the items are shown, and the options for more; `None` if all are.
    #[must_use]
    pub fn shown_note(&self, options: &str) -> Option<String> {
        self.next.as_ref()?;
        let shown = self.items.len();
        let more = if self.rest.1 { "more than " } else { "" };
        let total = with_separators(shown + self.rest.0);
        let was_counted = self.rest.0 > 0;
        let shown = with_separators(shown);
        if !was_counted {
            return Some(format!("{shown} shown, and there are more: {options}"));
        }
        Some(format!("{shown} of {more}{total} shown: {options}"))
    }
}

fn page_size(items: usize) -> u32 {
    u32::try_from(MAX_PAGE_ITEMS.min(items)).unwrap_or(1)
}

/// Formats a whole number as `2,000`.
#[must_use]
pub fn with_separators(number: impl std::fmt::Display) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// Parses `--limit`.
///
/// # Errors
/// Class `usage` when it is not greater than 0.
fn parse_limit(limit: i64) -> Result<usize, Error> {
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

#[cfg(test)]
mod tests {
    use super::with_separators;

    #[test]
    fn thousands_are_separated() {
        for (number, text) in [
            (0, "0"),
            (999, "999"),
            (2000, "2,000"),
            (1234567, "1,234,567"),
        ] {
            assert_eq!(with_separators(number), text);
        }
    }
}
