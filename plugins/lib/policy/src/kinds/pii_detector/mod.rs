//! `pii-detector`: personal data, in requests and responses.
//!
//! Each of the hand-written detectors looks at one position of the folded text and reads a bounded
//! number of bytes from there; runs that several positions share (the local part of an address, a
//! run of digits) are measured once. So the cost of a text is linear in its length whatever it
//! holds.

mod announced;
mod bank;
mod beginning;
mod context;
mod email;
mod identifiers;
mod kinds;
mod markers;
mod network;
mod number;
mod personal_data;
mod phone;
mod policy;
#[cfg(test)]
mod reference_tests;
mod separator;
mod settings;
mod topic;
mod word_table;
mod words;

pub(crate) use settings::PiiDetector;
