//! The document as typed values. Absent settings stay absent: the code that uses a value applies
//! the default, so that defaults never enter the hash.

mod canonical;
pub mod defaults;
mod document;
mod gateway;
mod interned;
mod model_match;
mod policies;
mod policy_kind;
mod preset;
mod providers;
mod sections;
mod strategy;

pub use document::{Document, Pack};
pub use gateway::{Gateway, Outbound, SizeLimits};
pub(crate) use interned::intern;
pub use model_match::ModelMatch;
pub use policies::Policies;
pub use policy_kind::PolicyKind;
pub use preset::{PRESETS, Preset, find_preset};
pub use providers::{
    CircuitBreaker, DataCollection, DataPolicy, Fallback, Providers, Routing, SecretRef, Target,
    Timeouts,
};
pub(crate) use sections::section_declaration;
pub use strategy::{Strategy, Trigger};
