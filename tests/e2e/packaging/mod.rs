//! `make install` and the packages of a staged tree, as a distribution uses them.

mod debian;
mod formats;
mod install;
mod profile;
