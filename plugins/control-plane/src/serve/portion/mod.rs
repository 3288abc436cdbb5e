//! Sending what is asked for of a text: all of it, compressed, or a part (RFC 9110, 12.5.3 and 14).

mod coding;
mod range;
mod select;
mod wish;

pub(super) use select::select;
pub(super) use wish::Wish;
