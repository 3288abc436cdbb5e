//! `prompt-injection`: attempts to override the instructions of a model.
//!
//! A text is read as it stands and with its disguises removed
//! ([`views`](views)). In each reading, phrases of attacks score by group
//! ([`rules`](rules)); what is denied, quoted or talked about scores less
//! ([`score`](score)), so that a question about injection is not one.

mod base64;
mod explain;
mod fold;
mod policy;
mod rules;
mod score;
mod settings;
mod triggers;
mod views;

pub(crate) use settings::PromptInjection;
