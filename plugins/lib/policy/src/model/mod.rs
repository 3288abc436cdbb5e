//! The document as typed values. An absent setting stays absent: defaults are
//! applied by whoever uses the value, so that they never enter the hash.

mod canonical;
mod document;
mod gateway;
mod millis;
mod policy;
mod providers;
mod source_location;
mod word;

pub use document::{Document, Pack};
pub use gateway::{Gateway, Outbound, SizeLimits};
pub use millis::Millis;
pub use policy::{
    AuditLogger, Detection, DlpFilter, Encoding, FilterAction, InjectionAction, InjectionResponse,
    MarkerFormat, PiiDetector, Policies, PolicyKind, PromptInjection, Redaction, Sensitivity,
};
pub use providers::{
    CircuitBreaker, DataCollection, DataPolicy, Fallback, Providers, Routing, SecretRef, Strategy,
    Target, Timeouts, Trigger,
};
pub use source_location::SourceLocation;

pub(crate) use word::{Word, words};
