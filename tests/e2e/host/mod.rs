//! The host's own commands and manners.

mod output;
