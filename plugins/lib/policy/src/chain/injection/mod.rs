//! `prompt-injection`: heuristics over several readings of a text.
//!
//! A text is read as it stands and with its disguises removed
//! ([`views`](views)). In each reading, phrases of attacks score by group
//! ([`rules`](rules)); what is denied, quoted or talked about scores less
//! ([`score`](score)), so that a question about injection is not one.

mod base64;
mod fold;
mod rules;
mod score;
mod triggers;
mod views;

pub(crate) use score::Injection;
