//! Hand-written detectors of personal data.
//!
//! Each looks at one position of the folded text and reads a bounded number of
//! bytes from there; runs that several positions share (the local part of an
//! address, a run of digits) are measured once. So the cost of a text is
//! linear in its length whatever it holds.

mod bank;
mod email;
mod network;
mod number;
mod personal_data;
mod phone;
mod progress;
mod word_byte;
mod words;

pub(crate) use email::character;
pub(crate) use personal_data::{PersonalData, begins_with};
pub(crate) use progress::Progress;
pub(crate) use word_byte::{after_word, is_word};
pub(crate) use words::RecentWords;
