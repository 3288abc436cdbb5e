//! What the kinds have in common whose verdict comes from outside of the gateway.

mod settings;

pub(crate) use settings::{
    ACTION, FAIL_MODE, GuardResponse, PARALLEL, REQUESTS, RESPONSES, TIMEOUT, WINDOW,
    check_parallel,
};
