//! The contract of the kt control plane: wire objects, problem documents, tokens and a thin client.
//!
//! The control plane is reached in two ways, in process and over HTTP_PROVIDER, that behave alike. Both
//! carry a [`Request`] to it and a [`Response`] back; a [`Transport`] is whatever does the
//! carrying, and [`Client`] turns typed calls into requests and answers into values or an
//! [`ApiError`].
//!
//! This crate holds data and no policy of its own: it opens no file, socket or database, reads no
//! environment, and knows nothing of the host or of plugins. The one look at the machine it takes
//! is [`ProcessIdentity`], because the process that registers and the one that checks must agree
//! on how a process is named.
//!
//! What a peer sends as a *write* is read strictly (an unknown key is an error); what it sends as
//! an *answer* is read leniently, so that an older client understands a newer server.

mod address;
mod audit;
mod backup;
mod client;
mod comparison;
mod delivery;
mod drift;
mod error;
mod etag;
mod gateway;
mod hash;
mod id;
mod instance;
mod issued;
mod jitter;
mod name;
mod pages;
mod private_file;
mod problem;
mod problem_code;
mod process;
mod provider;
mod retention;
mod state;
mod token;
mod transport;
mod version;
mod which;
mod wire;

pub use address::{redact_address, split_addresses};
pub use audit::{AuditCorruption, AuditEntry, AuditVerification, AuditVerifier, canonical_json};
pub use backup::{BackupInfo, BackupRequest};
pub use client::{AuditQuery, Client, ListQuery, TokenQuery};
pub use comparison::{ComparedVersion, VersionDiff};
pub use delivery::{DesiredQuery, DesiredResponse, PollOutcome, StatusReport, StatusResponse};
pub use drift::DriftPolicy;
pub use error::{ApiError, ErrorClass};
pub use etag::{Etag, EtagError};
pub use gateway::{
    CreateGatewayRequest, CreateGatewayResponse, DesiredVersion, Gateway, GatewayPatch, Page,
    ServiceMode, ServiceVersion, WhoAmI,
};
pub use hash::{ContentHash, HashError};
pub use id::{GatewayId, IdError, InstanceId, TokenId, new_request_id, random_base32};
pub use instance::{AppliedVersion, ConfigSource, Instance, ObservedVersion, Rejection};
pub use issued::{
    CreateTokenRequest, IssuedToken, MAX_BOOTSTRAP_SECONDS, MAX_GRACE_SECONDS, MAX_TOKEN_SECONDS,
    RotateTokenRequest, TokenInfo, TokenScope,
};
pub use jiff::Timestamp;
pub use jitter::{jitter, random_duration, random_seconds};
pub use name::{
    LimitError, MAX_CONTENT_BYTES, MAX_DESCRIPTION_CHARS, MAX_LABELS, MAX_MESSAGE_CHARS,
    validate_description, validate_label, validate_message, validate_name,
};
pub use pages::{PagedList, parse_limit};
pub use private_file::{PrivateTempFile, sync_parent_directory};
pub use problem::{Problem, ProblemItem};
pub use problem_code::ProblemCode;
pub use process::ProcessIdentity;
pub use provider::{
    CA_FILE_VARIABLE, ConnectOptions, EMBEDDED_PROVIDER, Envelope, HTTP_PROVIDER,
    ProviderTransport, connect,
};
pub use retention::{PruneRequest, PruneResponse, VersionRange};
pub use state::SyncState;
pub use token::{Token, TokenError, TokenHash, TokenKind};
pub use transport::{FnTransport, Transport, TransportError, TransportErrorKind};
pub use version::{
    ActionResponse, ConfigVersion, PublishRequest, ReconcileMode, ReconcileRequest, ReloadRequest,
    RevertRequest, RolloutOutcome, RolloutStatus, VersionOrigin,
};
pub use which::{parse_if_match, resolve_gateway};
pub use wire::{Method, Request, Response};

/// Name of the interface through which a [`Request`] is carried between plugins.
pub const INTERFACE: &str = "kt.control-plane/1";

/// The one method of [`INTERFACE`]: its input is a [`Request`], its output a [`Response`], as JSON.
pub const INTERFACE_METHOD: &str = "request";
