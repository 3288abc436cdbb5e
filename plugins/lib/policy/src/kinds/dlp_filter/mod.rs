//! `dlp-filter`: confidential terms and patterns of an organization, in requests and responses.

mod policy;
mod settings;
mod term;
mod terms;

pub(crate) use settings::DlpFilter;
