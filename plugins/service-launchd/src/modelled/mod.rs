//! Tests over the model of launchd in `tests/models/launchd`: **modelled, not
//! macOS**. The end-to-end tests run kt over the same model.

mod faults;
mod lifecycle;
mod mac;
