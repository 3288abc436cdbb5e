//! The command of the pager.

use crate::environment::{self, Environment};

/// The pager, if the user has set none.
const DEFAULT_PAGER: &str = "less";

/// Returns the command of the pager: `KT_PAGER`, else `PAGER`, else `less`; `None` if that is
/// empty or `cat`.
pub(super) fn pager_command(env: &Environment) -> Option<String> {
    let set = env.text(environment::PAGER).or_else(|| env.text("PAGER"));
    let command = set.unwrap_or(DEFAULT_PAGER).trim();
    (!command.is_empty() && command != "cat").then(|| command.to_owned())
}
