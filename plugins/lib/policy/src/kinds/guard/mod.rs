//! What the kinds have in common whose verdict comes from outside of the gateway.

mod settings;

pub(crate) use settings::{
    FAIL_MODE, GuardResponse, GuardSettings, PARALLEL, REQUESTS, RESPONSES, TIMEOUT, WINDOW,
};
