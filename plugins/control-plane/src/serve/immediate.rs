//! Requests that are handled on the event loop: they read a few rows of a file, which takes less time
//! than the switch to another thread and back.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use kt_control_api::{Request, Response};

use super::auth::{self, Credential};
use super::blocking::internal_error;
use super::storage::LocalStore;
use crate::api::{Api, ApiError, LongPoll, Principal, Reply};

/// The API over a connection that is never waited for.
#[derive(Clone)]
pub(super) struct ImmediateApi {
    api: Api,
    store: Arc<LocalStore>,
}

impl ImmediateApi {
    pub(super) fn new(api: &Api, store: &Arc<LocalStore>) -> Self {
        Self {
            api: api.clone().with_store(store.immediate()),
            store: Arc::clone(store),
        }
    }

    /// Handles a request; `None` when that has to be done on another thread.
    pub(super) fn handle(
        &self,
        request: &Request,
        caller: &Principal,
    ) -> Result<Option<Reply>, ApiError> {
        let handle = AssertUnwindSafe(|| self.api.handle_immediately(request, caller));
        catch_unwind(handle).map_err(|_| internal_error())
    }

    /// Returns the caller with a credential; `None` when that has to be done on another thread, as
    /// for a token that is unknown.
    pub(super) fn authenticate(
        &self,
        credential: Credential,
    ) -> Option<Result<Principal, ApiError>> {
        match credential {
            Credential::Token(hash) => {
                let record = self.store.cached_token(&hash)?;
                Some(auth::token_holder(&self.api, Some(record)))
            }
            Credential::User(_) | Credential::None => {
                Some(auth::authenticate(&self.api, credential))
            }
        }
    }

    /// Checks the credential of a long poll, and returns the response if the condition holds now;
    /// `None` when that has to be done on another thread.
    pub(super) fn check(
        &self,
        poll: &LongPoll,
        credential: Credential,
    ) -> Option<Result<Option<Response>, ApiError>> {
        // There may be thousands of instances to read.
        if poll.awaits_answers() {
            return None;
        }
        if let Err(problem) = self.authenticate(credential)? {
            return Some(Err(problem));
        }
        let check = AssertUnwindSafe(|| self.api.try_poll(poll));
        catch_unwind(check).ok()?.ok().map(Ok)
    }
}
