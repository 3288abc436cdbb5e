//! One name per cause of failure, with its status, its title and its class.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::ErrorClass;

macro_rules! slugs {
    ($($(#[$doc:meta])* $name:ident $text:literal $status:literal $class:ident $title:literal;)+) => {
        /// The cause of a failed request. One cause, one slug.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
        #[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
        pub enum ProblemCode {
            $($(#[$doc])* #[serde(rename = $text)] $name,)+
            /// A cause that only a newer control plane knows.
            #[serde(other, rename = "unknown")]
            Unknown,
        }

        impl ProblemCode {
            /// Every slug a control plane of this version sends.
            pub const ALL: &'static [Self] = &[$(Self::$name,)+];

            /// Returns the text on the wire.
            #[must_use]
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$name => $text,)+ Self::Unknown => "unknown" }
            }

            /// Returns the HTTP_PROVIDER status that goes with it.
            #[must_use]
            pub fn status(self) -> u16 {
                match self { $(Self::$name => $status,)+ Self::Unknown => 500 }
            }

            /// Returns the summary that goes with it.
            #[must_use]
            pub fn title(self) -> &'static str {
                match self { $(Self::$name => $title,)+ Self::Unknown => "Unknown cause" }
            }

            /// Returns the class of error; `None` for a slug of a newer control plane.
            #[must_use]
            pub fn class(self) -> Option<ErrorClass> {
                match self { $(Self::$name => Some(ErrorClass::$class),)+ Self::Unknown => None }
            }
        }
    };
}

slugs! {
    /// The request is not one: bad header, query or JSON.
    MalformedRequest "malformed-request" 400 Usage "The request cannot be understood";
    /// It came without TLS to a server that speaks nothing else.
    TlsRequired "tls-required" 400 Unavailable "Only TLS is spoken here";
    /// No token, or not a valid one.
    Unauthenticated "unauthenticated" 401 Unauthorized "A valid token is needed";
    /// The token may not do this.
    InsufficientScope "insufficient-scope" 403 Unauthorized "The token does not allow this";
    /// No such gateway, version or path.
    NotFound "not-found" 404 NotFound "There is no such thing";
    /// The path exists, the method on it does not.
    MethodNotAllowed "method-not-allowed" 405 Usage "The method is not allowed here";
    /// Existed and was deleted.
    Gone "gone" 410 NotFound "The gateway was deleted";
    /// The version is there, and what it held was taken away.
    ContentPruned "content-pruned" 410 NotFound "The content was pruned";
    /// Another gateway has the name.
    NameTaken "name-taken" 409 Conflict "The name is taken";
    /// Nothing is desired yet, so there is nothing to act on.
    NoConfiguration "no-configuration" 409 Conflict "The gateway has no configuration yet";
    /// No live instance serves anything that could be accepted.
    NothingApplied "nothing-applied" 409 Conflict "Nothing is applied";
    /// Live instances serve different configurations.
    AppliedDiffers "applied-differs" 409 Conflict "The instances differ";
    /// What is served was never published.
    ContentUnknown "content-unknown" 409 Conflict "What is applied is not known here";
    /// Revoked or expired, so there is nothing to replace.
    TokenInactive "token-inactive" 409 Conflict "The token has ended";
    /// Changed since the caller looked.
    VersionConflict "version-conflict" 412 Conflict "The gateway was changed meanwhile";
    /// The same key came with another request.
    IdempotencyKeyReused "idempotency-key-reused" 422 Conflict "The idempotency key belongs to another request";
    /// The request is understood but what it says is not acceptable; `errors` has every reason.
    ValidationFailed "validation-failed" 422 Usage "The request is not valid";
    /// More bytes than are accepted.
    BodyTooLarge "body-too-large" 413 Usage "The body is too large";
    /// The body did not arrive in time.
    RequestTimeout "request-timeout" 408 Unavailable "The request did not arrive in time";
    /// Neither JSON nor YAML.
    UnsupportedMediaType "unsupported-media-type" 415 Usage "The media type is not supported";
    /// The part that is asked for lies behind the end.
    /// Too many requests.
    RateLimited "rate-limited" 429 Unavailable "Too many requests";
    /// The store was locked for longer than a request may wait.
    StorageBusy "storage-busy" 503 Unavailable "The store is busy";
    /// The store cannot be read or written.
    StorageFailed "storage-failed" 503 Unavailable "The store has failed";
    /// The store was made by a newer kt that this one may not write, or not even read.
    StorageTooNew "storage-too-new" 503 Incompatible "The store belongs to a newer kt";
    /// The server is about to end.
    Draining "draining" 503 Unavailable "The server is shutting down";
    /// Only sent over HTTP_PROVIDER, and asked for in process.
    NeedsServer "needs-server" 501 Usage "Only a server does this";
    /// Only done with a store in a file, and the server's is a database.
    NeedsFile "needs-file" 501 Usage "Only a store in a file can do this";
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
    fn slugs_are_distinct_and_read_back() {
        for (at, slug) in ProblemCode::ALL.iter().enumerate() {
            let json = serde_json::to_string(slug).unwrap();
            assert_eq!(json, format!("\"{slug}\""));
            assert_eq!(serde_json::from_str::<ProblemCode>(&json).unwrap(), *slug);
            assert!(
                !ProblemCode::ALL[..at]
                    .iter()
                    .any(|other| other.as_str() == slug.as_str())
            );
            assert!(slug.class().is_some() && slug.status() >= 400);
        }
    }

    #[test]
    fn a_newer_slug_is_not_an_error() {
        assert_eq!(
            serde_json::from_str::<ProblemCode>("\"moon-in-retrograde\"").unwrap(),
            ProblemCode::Unknown
        );
    }
}
