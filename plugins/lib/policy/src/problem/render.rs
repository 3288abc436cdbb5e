//! The text form of problems, rendered by `annotate-snippets` in the style of rustc.

use std::fmt;

use annotate_snippets::renderer::DEFAULT_TERM_WIDTH;
use annotate_snippets::{AnnotationKind, Group, Level, Origin, Renderer, Snippet};

use super::{Problem, Problems};

/// Cuts long lines around the location. The text is plain, because it is also part of JSON output
/// and of logs.
const RENDERER: Renderer = Renderer::plain().term_width(DEFAULT_TERM_WIDTH);

impl fmt::Display for Problem {
    /// `error[E001]: message`, the location, the line with a caret, and help.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let level = if self.code.starts_with('W') {
            Level::WARNING
        } else {
            Level::ERROR
        };
        let group = Group::with_title(level.primary_title(&self.message).id(self.code));
        let mut group = self.add_location(group);
        if let Some(word) = &self.suggestion {
            group = group.element(Level::HELP.message(format!("did you mean `{word}`?")));
        }
        if let Some(help) = &self.help {
            group = group.element(Level::HELP.message(help));
        }
        writeln!(f, "{}", RENDERER.render(&[group]))
    }
}

impl Problem {
    fn add_location<'p>(&'p self, group: Group<'p>) -> Group<'p> {
        if let Some(snippet) = self.snippet.as_ref() {
            let location = AnnotationKind::Primary.span(snippet.span());
            return group.element(
                Snippet::source(&*snippet.line)
                    .path(&self.file)
                    .line_start(self.line as usize)
                    .annotation(location),
            );
        }
        if self.file.is_empty() {
            return group;
        }
        let mut origin = Origin::path(&self.file);
        if self.line > 0 {
            origin = origin
                .line(self.line as usize)
                .char_column(self.column as usize);
        }
        group.element(origin)
    }
}

impl fmt::Display for Problems {
    /// Every problem, separated by blank lines, and the number of problems.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for problem in self {
            writeln!(f, "{problem}")?;
        }
        let s = if self.len() == 1 { "" } else { "s" };
        write!(f, "{} problem{s} found", self.len())
    }
}
