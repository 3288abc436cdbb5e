//! The width of the terminal.

use crate::environment::Environment;
use rustix::termios::{Winsize, tcgetwinsize};
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

/// Returns the number of columns of standard output, if it is a terminal.
pub(super) fn stdout_columns() -> Option<usize> {
    columns_of(tcgetwinsize(stdout()).ok())
}

/// Returns the number of columns of standard error, if it is a terminal.
pub(super) fn stderr_columns() -> Option<usize> {
    columns_of(tcgetwinsize(stderr()).ok())
}

fn columns_of(size: Option<Winsize>) -> Option<usize> {
    size.map(|size| usize::from(size.ws_col))
        .filter(|columns| *columns > 0)
}
