//! The document as typed values. Absent settings stay absent: the code that uses a value applies
//! the default, so that defaults never enter the hash.

mod canonical;
pub mod defaults;
mod document;
mod gateway;
mod millis;
mod model_match;
mod policy;
mod preset;
mod providers;
mod string_enum;

pub use document::{Document, Pack};
pub use gateway::{Gateway, Outbound, SizeLimits};
pub use millis::Millis;
pub use model_match::ModelMatch;
pub use policy::{
    AuditLogger, Detection, DlpFilter, DlpRedaction, Encoding, FilterAction, InjectionAction,
    InjectionResponse, MarkerFormat, NumberRedaction, PiiDetector, Policies, PolicyKind,
    PromptInjection, Redaction, Sensitivity,
};
pub use preset::{PRESETS, Preset, find_preset};
pub use providers::{
    CircuitBreaker, DataCollection, DataPolicy, Fallback, Providers, Routing, SecretRef, Strategy,
    Target, Timeouts, Trigger,
};

pub(crate) use string_enum::{StringEnum, string_enum};
