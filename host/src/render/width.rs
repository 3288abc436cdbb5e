//! The width of the terminal.

use crate::environment::Environment;
use rustix::termios::tcgetwinsize;
use std::io::{stderr, stdin, stdout};

/// Lines of help are not longer than this, on wide terminals either.
const MAX_WIDTH: usize = 100;

/// Returns the number of columns for help: of the terminal, else `COLUMNS`, else
/// the maximum.
pub(crate) fn terminal_width(env: &Environment) -> usize {
    let size = tcgetwinsize(stdout())
        .or_else(|_| tcgetwinsize(stderr()))
        .or_else(|_| tcgetwinsize(stdin()));
    let columns = size.ok().map(|size| usize::from(size.ws_col));
    let variable = || env.var("COLUMNS")?.parse().ok();
    columns
        .or_else(variable)
        .filter(|columns| *columns > 0)
        .map_or(MAX_WIDTH, |columns| columns.min(MAX_WIDTH))
}
