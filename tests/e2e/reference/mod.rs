//! Stable interfaces, as golden files: the command reference, the help of every
//! command, and the shapes of JSON output.

mod cli;
mod shape_table;
mod shapes;
