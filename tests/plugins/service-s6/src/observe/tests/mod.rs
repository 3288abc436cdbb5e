//! What is read of what s6 says.

mod files;
mod seen;
mod states;
