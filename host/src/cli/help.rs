//! The sections of help that `clap` does not render: subcommands under headings,
//! and one line for each global option.

use clap::Command;
use clap::builder::Styles;
use unicode_width::UnicodeWidthStr;

/// The heading of subcommands if none of them has one.
const ONLY_HEADING: &str = "Commands";
/// The heading of subcommands without one beside others that have one.
const DEFAULT_HEADING: &str = "Other commands";
/// Descriptions narrower than this are printed on a line of their own.
const MIN_DESCRIPTION_WIDTH: usize = 24;
const INDENT: usize = 2;
const GAP: usize = 2;
/// The indentation of descriptions on a line of their own, as in `clap`.
const NEXT_LINE_INDENT: usize = 10;

/// A subcommand as it is listed in the help of its parent.
pub(super) struct Entry {
    pub(super) name: String,
    pub(super) about: String,
    pub(super) heading: Option<String>,
}

/// A row of a section.
struct Row {
    /// With styles.
    term: String,
    term_width: usize,
    description: String,
}

/// Sets the help of a command that has subcommands.
pub(super) fn with_sections(command: Command, entries: &[Entry], width: usize) -> Command {
    let commands = command_sections(entries, width);
    let template = template(&command, "");
    command.before_help(commands).help_template(template)
}

/// Sets the help of the root command, which also lists the global options.
pub(super) fn with_root_sections(root: Command, entries: &[Entry], width: usize) -> Command {
    let commands = command_sections(entries, width);
    let globals = global_options(&root, width);
    let template = template(&root, &globals);
    root.before_help(commands).help_template(template)
}

/// `{before-help}` holds the sections of subcommands: unlike the template it is
/// free text, in which braces have no meaning.
fn template(command: &Command, globals: &str) -> String {
    let mut text = "{about-with-newline}\n{usage-heading} {usage}\n\n{before-help}".to_owned();
    if command.get_positionals().next().is_some() {
        let header = styled_header("Arguments");
        text.push_str(&format!("{header}{{positionals}}\n\n"));
    }
    text.push_str(&styled_header("Options"));
    let mut args = command.get_arguments();
    if args.any(|arg| !arg.is_global_set() && !arg.is_hide_set()) {
        text.push_str("{options}");
    } else {
        let name = styled_literal("-h, --help");
        text.push_str(&format!("{:INDENT$}{name}{:GAP$}Print help", "", ""));
    }
    text.push_str(&format!("{globals}{{after-help}}"));
    text
}

fn styled_header(name: &str) -> String {
    let style = Styles::styled();
    let style = style.get_header();
    format!("{style}{name}:{style:#}\n")
}

fn styled_literal(text: &str) -> String {
    let style = Styles::styled();
    let style = style.get_literal();
    format!("{style}{text}{style:#}")
}

/// Renders the subcommands, under their headings in alphabetical order, so that
/// the order does not depend on which plugins are installed. Those without a
/// heading come last.
fn command_sections(entries: &[Entry], width: usize) -> String {
    let mut headings: Vec<&str> = entries
        .iter()
        .filter_map(|e| e.heading.as_deref())
        .collect();
    headings.sort_unstable_by_key(|h| (h.to_lowercase(), *h));
    headings.dedup();
    let default = if headings.is_empty() {
        ONLY_HEADING
    } else {
        DEFAULT_HEADING
    };
    let name_width = entries.iter().map(|e| e.name.width()).max().unwrap_or(0);
    headings
        .into_iter()
        .map(Some)
        .chain(std::iter::once(None))
        .filter_map(|heading| {
            let rows: Vec<Row> = entries
                .iter()
                .filter(|e| e.heading.as_deref() == heading)
                .map(Row::of_command)
                .collect();
            let header = styled_header(heading.unwrap_or(default));
            (!rows.is_empty()).then(|| format!("{header}{}", lines(&rows, name_width, width)))
        })
        .collect::<Vec<_>>()
        .join("\n\n")
}

/// Renders the global options of the root command. Their texts are kt's own and
/// contain no braces, so they may be part of the template.
fn global_options(root: &Command, width: usize) -> String {
    let rows: Vec<Row> = root
        .get_arguments()
        .filter(|arg| arg.is_global_set() && !arg.is_hide_set())
        .map(Row::of_option)
        .collect();
    let term_width = rows.iter().map(|row| row.term_width).max().unwrap_or(0);
    let header = styled_header("Global options");
    format!("\n\n{header}{}", lines(&rows, term_width, width))
}

impl Row {
    fn of_command(entry: &Entry) -> Self {
        Self {
            term: styled_literal(&entry.name),
            term_width: entry.name.width(),
            description: entry.about.clone(),
        }
    }

    fn of_option(arg: &clap::Arg) -> Self {
        let mut names = match arg.get_short() {
            Some(short) => format!("-{short}, "),
            None => "    ".to_owned(),
        };
        names.push_str("--");
        names.push_str(arg.get_long().unwrap_or_default());
        let value = arg
            .get_value_names()
            .filter(|_| arg.get_action().takes_values())
            .and_then(<[_]>::first)
            .map(|name| format!(" <{name}>"))
            .unwrap_or_default();
        Self {
            term_width: names.width() + value.width(),
            term: format!("{}{value}", styled_literal(&names)),
            description: arg.get_help().map(ToString::to_string).unwrap_or_default(),
        }
    }
}

/// Renders rows in two columns, or with each description on the next lines
/// where the second column would be too narrow.
fn lines(rows: &[Row], term_width: usize, width: usize) -> String {
    let column = INDENT + term_width + GAP;
    let next_line = width < column + MIN_DESCRIPTION_WIDTH;
    let indent = if next_line { NEXT_LINE_INDENT } else { column };
    let rows = rows.iter().map(|row| {
        let term = format!("{:INDENT$}{}", "", row.term);
        let separator = if next_line {
            format!("\n{:indent$}", "")
        } else {
            " ".repeat(column - INDENT - row.term_width)
        };
        let description = wrap(&row.description, width.saturating_sub(indent));
        let description = description.join(&format!("\n{:indent$}", ""));
        format!("{term}{separator}{description}")
    });
    rows.collect::<Vec<_>>().join("\n")
}

/// Breaks a text at spaces into lines of at most `width` columns, unless a word
/// is longer.
fn wrap(text: &str, width: usize) -> Vec<String> {
    let mut lines = vec![String::new()];
    for word in text.split_whitespace() {
        let Some(line) = lines.last_mut() else { break };
        if line.is_empty() {
            line.push_str(word);
        } else if line.width() + 1 + word.width() <= width {
            line.push(' ');
            line.push_str(word);
        } else {
            lines.push(word.to_owned());
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::{Entry, command_sections};

    fn entry(name: &str, about: &str, heading: Option<&str>) -> Entry {
        Entry {
            name: name.to_owned(),
            about: about.to_owned(),
            heading: heading.map(str::to_owned),
        }
    }

    fn plain(entries: &[Entry], width: usize) -> String {
        let styled = command_sections(entries, width);
        anstream::adapter::strip_str(&styled).to_string()
    }

    #[test]
    fn headings_are_sorted_and_commands_without_one_come_last() {
        let entries = [
            entry("a", "First", Some("Service")),
            entry("bb", "Second", None),
            entry("c", "Third", Some("configuration")),
            entry("d", "Fourth", Some("Service")),
        ];
        let text = plain(&entries, 80);
        let expected = "configuration:\n  c   Third\n\nService:\n  a   First\n  d   Fourth\n\n\
                        Other commands:\n  bb  Second";
        assert_eq!(text, expected);
    }

    #[test]
    fn without_headings_there_is_one_section() {
        assert_eq!(
            plain(&[entry("a", "First", None)], 80),
            "Commands:\n  a  First"
        );
    }

    #[test]
    fn narrow_terminals_wrap_with_indentation() {
        let long = [entry("name", "one two three four five six seven", None)];
        let expected = "Commands:\n  name  one two three four five\n        six seven";
        assert_eq!(plain(&long, 32), expected);
        let expected = "Commands:\n  name\n          one two\n          three four\n          \
                        five six\n          seven";
        assert_eq!(plain(&long, 20), expected);
    }
}
