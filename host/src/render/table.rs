//! Tables: aligned columns that fit the terminal.

use super::style::{TextStyle, styled};
use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

/// A text and its style.
pub(super) type Cell = (String, TextStyle);

/// The number of blanks between two columns.
const GAP: usize = 2;
/// Columns are not cut shorter than this.
const MIN_WIDTH: usize = 6;

/// The columns of a table that was printed in part: its continuation has the same ones, and no
/// headers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct TableLayout {
    headers: Vec<String>,
    widths: Vec<usize>,
}

/// A table to be printed.
pub(super) struct Table {
    pub(super) headers: Vec<String>,
    pub(super) rows: Vec<Vec<Cell>>,
}

impl Table {
    /// Formats the table. Columns are two spaces apart, without borders and without wrapping:
    /// piped output must have one line per item. On a terminal with `columns`, long cells are cut
    /// off; where not even that is enough, each row becomes a list of its cells.
    pub(super) fn format(
        &self,
        show_headers: bool,
        columns: Option<usize>,
        layout: &mut Option<TableLayout>,
    ) -> String {
        let continued = layout
            .as_ref()
            .filter(|layout| layout.headers == self.headers);
        let mut widths = self.widths(show_headers);
        if let Some(layout) = continued {
            let known = layout.widths.iter().zip(&mut widths);
            known.for_each(|(known, width)| *width = (*width).max(*known));
        }
        if let Some(columns) = columns
            && !self.fit(&mut widths, columns)
        {
            return self.lists();
        }
        let mut out = String::new();
        if show_headers && continued.is_none() {
            let headers: Vec<Cell> = self
                .headers
                .iter()
                .map(|header| (header.clone(), TextStyle::Header))
                .collect();
            write_line(&headers, &widths, columns.is_some(), &mut out);
        }
        for row in &self.rows {
            write_line(row, &widths, columns.is_some(), &mut out);
        }
        *layout = Some(TableLayout {
            headers: self.headers.clone(),
            widths,
        });
        out
    }

    fn widths(&self, show_headers: bool) -> Vec<usize> {
        let header = |header: &String| if show_headers { header.width() } else { 0 };
        let mut widths: Vec<usize> = self.headers.iter().map(header).collect();
        for row in &self.rows {
            for (width, (text, _)) in widths.iter_mut().zip(row) {
                *width = (*width).max(text.width());
            }
        }
        widths
    }

    /// Cuts the widest columns until the lines have at most so many columns of the terminal.
    /// Returns whether that is possible.
    fn fit(&self, widths: &mut [usize], columns: usize) -> bool {
        let gaps = GAP * widths.len().saturating_sub(1);
        let min = |(width, header): (&usize, &String)| (*width).min(MIN_WIDTH.max(header.width()));
        let minima: Vec<usize> = widths.iter().zip(&self.headers).map(min).collect();
        loop {
            let line = gaps + widths.iter().sum::<usize>();
            if line <= columns {
                return true;
            }
            let can_be_cut = widths.iter_mut().zip(&minima);
            let widest = can_be_cut
                .filter(|(width, min)| **width > **min)
                .max_by_key(|(width, _)| **width);
            match widest {
                Some((width, _)) => *width -= 1,
                None => return false,
            }
        }
    }

    /// Formats each row as a list, with a blank line between two rows.
    fn lists(&self) -> String {
        let label = self.headers.iter().map(|header| header.width()).max();
        let width = label.unwrap_or(0) + 1;
        let rows: Vec<String> = self
            .rows
            .iter()
            .map(|row| {
                let cells = self.headers.iter().zip(row);
                cells
                    .map(|(header, (text, style))| {
                        format!("{:width$} {}\n", format!("{header}:"), styled(*style, text))
                    })
                    .collect()
            })
            .collect();
        rows.join("\n")
    }
}

fn write_line(cells: &[Cell], widths: &[usize], cut: bool, out: &mut String) {
    for (i, ((text, style), width)) in cells.iter().zip(widths).enumerate() {
        let text = if cut { &truncate(text, *width) } else { text };
        out.push_str(&styled(*style, text));
        if i + 1 < cells.len() {
            out.push_str(&" ".repeat(width.saturating_sub(text.width()) + GAP));
        }
    }
    out.push('\n');
}

/// Cuts a text to a width; `…` stands for the rest.
pub(super) fn truncate(text: &str, width: usize) -> String {
    if text.width() <= width {
        return text.to_owned();
    }
    let mut cut = String::new();
    let mut used = 1;
    for c in text.chars() {
        used += c.width().unwrap_or(0);
        if used > width {
            break;
        }
        cut.push(c);
    }
    cut.push('…');
    cut
}

#[cfg(test)]
mod tests {
    use super::{Table, TableLayout, TextStyle, truncate};
    use anstream::adapter::strip_str;
    use unicode_width::UnicodeWidthStr;

    fn table(rows: &[&[&str]]) -> Table {
        let cell = |text: &&str| ((*text).to_owned(), TextStyle::Plain);
        Table {
            headers: ["NAME", "STATE", "DESCRIPTION"].map(str::to_owned).to_vec(),
            rows: rows
                .iter()
                .map(|row| row.iter().map(cell).collect())
                .collect(),
        }
    }

    fn format(table: &Table, columns: Option<usize>) -> String {
        strip_str(&table.format(true, columns, &mut None)).to_string()
    }

    #[test]
    fn lines_fit_the_terminal() {
        let long = "a description of more than forty columns in a table";
        let table = table(&[
            &["production", "in-sync", long],
            &["b", "pending", "日本語日本語日本語日本語日本語"],
        ]);
        let whole = format(&table, None);
        assert!(whole.contains(long));
        for columns in [80, 60, 40, 30] {
            let text = format(&table, Some(columns));
            let widths: Vec<_> = text.lines().map(UnicodeWidthStr::width).collect();
            assert!(
                widths.iter().all(|width| *width <= columns),
                "{columns}: {text}"
            );
            assert_eq!(text.lines().count(), 3);
        }
        assert!(format(&table, Some(40)).contains('…'));
        assert!(format(&table, Some(40)).contains("production  in-sync"));
    }

    #[test]
    fn rows_become_lists_where_nothing_can_be_cut() {
        let text = format(
            &table(&[&["a", "in-sync", "x"], &["b", "pending", "y"]]),
            Some(20),
        );
        assert_eq!(
            text,
            "NAME:        a\nSTATE:       in-sync\nDESCRIPTION: x\n\n\
             NAME:        b\nSTATE:       pending\nDESCRIPTION: y\n"
        );
    }

    #[test]
    fn a_continued_table_has_no_headers() {
        let mut layout = None;
        let first = table(&[&["production", "in-sync", "x"]]).format(true, None, &mut layout);
        assert!(first.contains("NAME"));
        let next = table(&[&["b", "in-sync", "y"]]).format(true, None, &mut layout);
        assert_eq!(strip_str(&next).to_string(), "b           in-sync  y\n");
        layout = Some(TableLayout {
            headers: vec!["OTHER".to_owned()],
            widths: vec![9],
        });
        let other = table(&[&["b", "in-sync", "y"]]).format(true, None, &mut layout);
        assert!(other.contains("NAME"));
    }

    #[test]
    fn texts_are_cut_by_their_width() {
        assert_eq!(truncate("abc", 3), "abc");
        assert_eq!(truncate("abcd", 3), "ab…");
        assert_eq!(truncate("日本語", 4), "日…");
        assert!(truncate("日本語", 4).width() <= 4);
    }
}
