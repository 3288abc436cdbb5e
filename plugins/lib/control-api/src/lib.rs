//! The contract of the kt control plane: wire objects, problem documents, tokens and a thin client.
//!
//! The control plane is reached in two ways, in process and over HTTP, that behave alike. Both
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

pub use address::{addresses, redacted_address};
pub use audit::{AuditDamage, AuditEntry, AuditVerification, AuditVerifier, canonical_json};
pub use backup::{BackupInfo, BackupRequest};
pub use client::{AuditQuery, Client, ListQuery, TokenQuery};
pub use comparison::{ComparedVersion, VersionDiff};
pub use delivery::{DesiredQuery, DesiredResponse, Poll, StatusReport, StatusResponse};
pub use drift::DriftPolicy;
pub use error::{ApiError, Class};
pub use etag::{Etag, EtagError};
pub use gateway::{
    CreateGateway, CreatedGateway, Desired, Gateway, GatewayPatch, Page, Service, ServiceVersion,
    WhoAmI,
};
pub use hash::{ContentHash, HashError};
pub use id::{GatewayId, IdError, InstanceId, TokenId, random_base32, request_id};
pub use instance::{Applied, Instance, Observed, Rejection, Source};
pub use issued::{
    CreateToken, IssuedToken, MAX_BOOTSTRAP_SECONDS, MAX_GRACE_SECONDS, MAX_TOKEN_SECONDS,
    RotateToken, TokenInfo, TokenScope,
};
pub use jiff::Timestamp;
pub use jitter::{jittered, random_seconds, random_time};
pub use name::{
    LimitError, MAX_CONTENT_BYTES, MAX_DESCRIPTION_CHARS, MAX_LABELS, MAX_MESSAGE_CHARS,
    check_description, check_label, check_message, check_name,
};
pub use pages::{Pages, limit};
pub use private_file::{PrivateDraft, sync_directory_of};
pub use problem::{Problem, ProblemItem};
pub use problem_code::ProblemCode;
pub use process::ProcessIdentity;
pub use provider::{
    CA_FILE_VARIABLE, Connection, EMBEDDED, Envelope, HTTP, ProviderTransport, connect,
};
pub use retention::{PruneVersions, PrunedVersions, VersionRange};
pub use state::State;
pub use token::{Token, TokenError, TokenHash, TokenKind};
pub use transport::{FnTransport, Transport, TransportError, TransportErrorKind};
pub use version::{
    ActionResponse, ConfigVersion, Origin, PublishConfig, Reconcile, ReconcileMode, Reload, Revert,
    Rollout, RolloutOutcome,
};
pub use which::{find_gateway, if_match};
pub use wire::{Method, Request, Response};

/// Name of the interface through which a [`Request`] is carried between plugins.
pub const INTERFACE: &str = "kt.control-plane/1";

/// The one method of [`INTERFACE`]: its input is a [`Request`], its output a [`Response`], as JSON.
pub const INTERFACE_METHOD: &str = "request";
