//! The API of the kt control plane: wire types, problem documents, tokens and a thin client.
//!
//! The control plane is reached in process or over HTTP, with the same behavior. Both ways send a
//! [`Request`] and return a [`Response`] through a [`Transport`]; [`Client`] turns typed calls into
//! requests, and responses into values or an [`ApiError`].
//!
//! This crate holds data and no policy: it opens no socket or database and reads no environment. It
//! reads from the system only the [`ProcessIdentity`], because the process that registers and the
//! one that checks must identify processes alike.
//!
//! Request bodies are parsed strictly (an unknown key is an error); response bodies are parsed
//! leniently, so that an older client understands a newer server.

mod action;
mod address;
mod admin_socket;
mod audit;
mod backup;
mod client;
mod completion;
mod derive_state;
mod desired;
mod drift_policy;
mod error;
mod error_class;
mod etag;
mod gateway;
mod halt;
mod hash;
mod id;
mod instance;
mod jitter;
mod limits;
mod local_service;
mod lookup;
mod page;
mod paged_list;
mod private_temp_file;
mod problem;
mod problem_code;
mod problem_item;
mod process;
mod provider;
mod prune;
mod request;
mod selector;
mod service;
mod status_report;
mod suggestion;
mod sync_state;
mod time_argument;
mod token;
mod token_info;
mod transport;
mod version;
mod version_diff;

pub use action::{
    ActionResponse, PublishRequest, ReconcileMode, ReconcileRequest, ReloadRequest, RevertRequest,
    RolloutOutcome, RolloutStatus,
};
pub use address::{redact_address, split_addresses};
pub use admin_socket::{AdminResponse, admin_socket, admin_sockets, request_admin};
pub use audit::{AuditCorruption, AuditEntry, AuditVerification, AuditVerifier, canonical_json};
pub use backup::{BackupInfo, BackupRequest};
pub use client::{AuditQuery, Client, ListQuery, TokenQuery};
pub use completion::{CompletedObject, complete};
pub use desired::{DesiredQuery, DesiredResponse, DesiredVersion, PollOutcome};
pub use drift_policy::DriftPolicy;
pub use error::ApiError;
pub use error_class::ErrorClass;
pub use etag::{Etag, EtagError};
pub use gateway::{CreateGatewayRequest, CreateGatewayResponse, Gateway, GatewayPatch};
pub use halt::{
    GatewayHalt, Halt, HaltGatewaysRequest, HaltGatewaysResponse, HaltRequest, InstanceHalt,
    MAX_HALT_SECONDS, MAX_HALTED_GATEWAYS, UnhaltGatewaysRequest, UnhaltRequest,
};
pub use hash::{ContentHash, HashError};
pub use id::{GatewayId, IdError, InstanceId, RequestIds, TokenId, new_request_id, random_base32};
pub use instance::{AppliedVersion, ConfigSource, Instance, ObservedVersion, Rejection};
pub use jiff::Timestamp;
pub use jitter::{jitter, random_duration, random_seconds};
pub use limits::{
    LimitError, MAX_CONTENT_BYTES, MAX_DESCRIPTION_CHARS, MAX_LABELS, MAX_MESSAGE_CHARS,
    validate_description, validate_label, validate_message, validate_name,
};
pub use local_service::services_of;
pub use lookup::{check_version, gateway_not_found, parse_if_match, resolve_gateway};
pub use page::Page;
pub use paged_list::{ListLimit, PagedList, list_limit, with_separators};
pub use private_temp_file::{PrivateTempFile, sync_parent_directory};
pub use problem::Problem;
pub use problem_code::ProblemCode;
pub use problem_item::ProblemItem;
pub use process::ProcessIdentity;
pub use provider::{
    CA_FILE_VARIABLE, ConnectOptions, EMBEDDED_PROVIDER, Envelope, HTTP_PROVIDER,
    ProviderTransport, connect,
};
pub use prune::{PruneRequest, PruneResponse, VersionRange};
pub use request::{Method, Request, Response};
pub use selector::{InvalidSelector, LabelSelector};
pub use service::{ServiceMode, ServiceVersion, WhoAmI};
pub use status_report::{StatusReport, StatusResponse};
pub use suggestion::{closest_name, with_suggestion, with_token_suggestion};
pub use sync_state::SyncState;
pub use time_argument::parse_time;
pub use token::{Token, TokenError, TokenHash, TokenKind};
pub use token_info::{
    CreateTokenRequest, IssuedToken, MAX_BOOTSTRAP_SECONDS, MAX_GRACE_SECONDS, MAX_TOKEN_SECONDS,
    RotateTokenRequest, TokenInfo, TokenScope,
};
pub use transport::{FnTransport, Transport, TransportError, TransportErrorKind};
pub use version::{ConfigVersion, VersionOrigin};
pub use version_diff::{ComparedVersion, VersionDiff};

/// Name of the plugin interface through which a [`Request`] is sent.
pub const INTERFACE: &str = "kt.control-plane/1";

/// The only method of [`INTERFACE`]: its input is an [`Envelope`], its output a [`Response`], as JSON.
pub const INTERFACE_METHOD: &str = "request";
