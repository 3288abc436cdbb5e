//! The text of problems, in the style people know from rustc.

use std::fmt;

use super::{Problem, Problems};

impl fmt::Display for Problem {
    /// `error[E001]: message`, the place, the line with a caret, and help.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let class = if self.code.starts_with('W') {
            "warning"
        } else {
            "error"
        };
        writeln!(f, "{class}[{}]: {}", self.code, self.message)?;
        let gutter = self.line.to_string().len();
        if self.line > 0 {
            writeln!(
                f,
                "{:gutter$}--> {}:{}:{}",
                "", self.file, self.line, self.column
            )?;
        } else if !self.file.is_empty() {
            writeln!(f, "{:gutter$}--> {}", "", self.file)?;
        }
        if let Some(line) = self.snippet.as_deref().filter(|_| self.line > 0) {
            let caret = (self.column as usize).saturating_sub(1);
            writeln!(f, "{:gutter$} |", "")?;
            writeln!(f, "{} | {line}", self.line)?;
            writeln!(f, "{:gutter$} | {:caret$}^", "", "")?;
        }
        if let Some(word) = &self.suggestion {
            writeln!(f, "{:gutter$} = help: did you mean `{word}`?", "")?;
        }
        if let Some(help) = &self.help {
            writeln!(f, "{:gutter$} = help: {help}", "")?;
        }
        Ok(())
    }
}

impl fmt::Display for Problems {
    /// Every problem, a blank line between two, and a closing count.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for problem in self {
            writeln!(f, "{problem}")?;
        }
        let s = if self.len() == 1 { "" } else { "s" };
        write!(f, "{} problem{s} found", self.len())
    }
}
