//! Login and logout: the token in the file of a profile.

mod list;
mod login;
mod logout;
mod profile;
mod switch;
mod token;

pub(crate) use list::{profile_names, run as list};
pub(crate) use login::run as login;
pub(crate) use logout::run as logout;
pub(crate) use switch::run as switch;
pub(crate) use token::run as token;
