//! The codes of problems, each with its status, title and class.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::ErrorClass;

macro_rules! problem_codes {
    ($($(#[$doc:meta])* $name:ident $text:literal $status:literal $class:ident $title:literal;)+) => {
        /// The cause of an error response.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
        #[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
        pub enum ProblemCode {
            $($(#[$doc])* #[serde(rename = $text)] $name,)+
            /// A cause that only a newer control plane knows.
            #[serde(other, rename = "unknown")]
            Unknown,
        }

        impl ProblemCode {
            /// Every code that a control plane of this version sends.
            pub const ALL: &'static [Self] = &[$(Self::$name,)+];

            /// Returns the code on the wire.
            #[must_use]
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$name => $text,)+ Self::Unknown => "unknown" }
            }

            /// Returns its HTTP status.
            #[must_use]
            pub fn status(self) -> u16 {
                match self { $(Self::$name => $status,)+ Self::Unknown => 500 }
            }

            /// Returns its title.
            #[must_use]
            pub fn title(self) -> &'static str {
                match self { $(Self::$name => $title,)+ Self::Unknown => "Unknown cause" }
            }

            /// Returns its class; `None` for a code of a newer control plane.
            #[must_use]
            pub fn class(self) -> Option<ErrorClass> {
                match self { $(Self::$name => Some(ErrorClass::$class),)+ Self::Unknown => None }
            }
        }
    };
}

problem_codes! {
    /// The request is malformed: an invalid header, query or JSON.
    MalformedRequest "malformed-request" 400 Usage "The request is malformed";
    /// A request without TLS to a server that requires it.
    TlsRequired "tls-required" 400 Unavailable "TLS is required";
    /// No token, or an invalid one.
    Unauthenticated "unauthenticated" 401 Unauthorized "A valid token is required";
    /// The scope of the token does not allow the request.
    InsufficientScope "insufficient-scope" 403 Unauthorized "The token does not allow this";
    /// There is no such gateway, version or path.
    NotFound "not-found" 404 NotFound "Not found";
    /// The path does not support the method.
    MethodNotAllowed "method-not-allowed" 405 Usage "The method is not allowed";
    /// The gateway was deleted.
    Gone "gone" 410 NotFound "The gateway was deleted";
    /// The version exists, but its content was pruned.
    ContentPruned "content-pruned" 410 NotFound "The content was pruned";
    /// Another gateway has the name.
    NameTaken "name-taken" 409 Conflict "The name is taken";
    /// The gateway has no desired version yet.
    NoConfiguration "no-configuration" 409 Conflict "The gateway has no configuration yet";
    /// No live instance serves a version that could be accepted.
    NothingApplied "nothing-applied" 409 Conflict "No version is applied";
    /// Live instances serve different configurations.
    AppliedDiffers "applied-differs" 409 Conflict "The instances serve different configurations";
    /// The applied configuration was never published.
    ContentUnknown "content-unknown" 409 Conflict "The applied configuration is unknown";
    /// Another instance is not stored, since the gateway has as many live ones as it may have.
    TooManyInstances "too-many-instances" 409 Conflict "The gateway has too many live instances";
    /// The token is revoked or expired.
    TokenInactive "token-inactive" 409 Conflict "The token is inactive";
    /// The gateway was changed since the revision of `If-Match`.
    VersionConflict "version-conflict" 412 Conflict "The gateway was changed";
    /// The idempotency key was used for another request.
    IdempotencyKeyReused "idempotency-key-reused" 422 Conflict "The idempotency key belongs to another request";
    /// The request is well-formed but invalid; `errors` lists why.
    ValidationFailed "validation-failed" 422 Usage "The request is invalid";
    /// The body exceeds the limit.
    BodyTooLarge "body-too-large" 413 Usage "The body is too large";
    /// The body was not received in time.
    RequestTimeout "request-timeout" 408 Unavailable "The request timed out";
    /// The body is neither JSON nor YAML.
    UnsupportedMediaType "unsupported-media-type" 415 Usage "The media type is not supported";
    /// Too many requests.
    RateLimited "rate-limited" 429 Unavailable "Too many requests";
    /// The store was locked for longer than the timeout of requests.
    StorageBusy "storage-busy" 503 Unavailable "The store is busy";
    /// The store cannot be read or written.
    StorageFailed "storage-failed" 503 Unavailable "The store failed";
    /// A newer kt created the store, with a schema that this one does not support.
    StorageTooNew "storage-too-new" 503 Incompatible "The store was created by a newer kt";
    /// The server is shutting down.
    Draining "draining" 503 Unavailable "The server is shutting down";
    /// Only supported over HTTP, and requested in process.
    NeedsServer "needs-server" 501 Usage "This requires a server";
    /// Only supported for a store in a file, and the store is a database.
    NeedsFile "needs-file" 501 Usage "This requires a store in a file";
    /// A bug in the control plane.
    Internal "internal" 500 Bug "The control plane failed";
}

impl fmt::Display for ProblemCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_distinct_and_round_trip() {
        for (at, code) in ProblemCode::ALL.iter().enumerate() {
            let json = serde_json::to_string(code).unwrap();
            assert_eq!(json, format!("\"{code}\""));
            assert_eq!(serde_json::from_str::<ProblemCode>(&json).unwrap(), *code);
            assert!(
                !ProblemCode::ALL[..at]
                    .iter()
                    .any(|other| other.as_str() == code.as_str())
            );
            assert!(code.class().is_some() && code.status() >= 400);
        }
    }

    #[test]
    fn an_unknown_code_is_not_an_error() {
        assert_eq!(
            serde_json::from_str::<ProblemCode>("\"moon-in-retrograde\"").unwrap(),
            ProblemCode::Unknown
        );
    }
}
