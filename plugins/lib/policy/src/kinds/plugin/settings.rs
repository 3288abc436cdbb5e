//! The settings.

use serde_json::{Map, Value};

use crate::chain::FailMode;
use crate::decode::Millis;
use crate::kinds::guard::{
    FAIL_MODE, GuardResponse, PARALLEL, REQUESTS, RESPONSES, TIMEOUT, WINDOW,
};
use crate::settings::{Weaker, any_mapping, boolean, choice, duration, group, integer, settings};

settings! {
    /// A guard that a plugin provides, by the interface `kt.policy/1`; `NAME` is that of the
    /// provider.
    pub(crate) PluginGuard {
        /// Whether requests are judged.
        requests: bool = boolean().default(REQUESTS).weaker(Weaker::Off);
        /// Whether responses are judged.
        responses: bool = boolean().default(RESPONSES).weaker(Weaker::Off);
        /// The time limit of a judgment, the time in the queue included.
        timeout: Millis = duration().default(TIMEOUT);
        /// What happens to texts that could not be judged: `closed` blocks them.
        fail_mode: FailMode = choice().default(FAIL_MODE)
            .weaker(Weaker::To("open", "texts that cannot be judged pass"));
        /// Whether the upstream receives a request while it is judged; its response waits for the
        /// verdict.
        parallel: bool = boolean().default(PARALLEL)
            .weaker(Weaker::To("true", "the upstream receives texts before they are judged"));
        /// The characters of a stream that are judged together; text waits until they have
        /// arrived.
        window: u64 = integer(32..=65_536).default(WINDOW);
        /// The response to what is found.
        response: GuardResponse = group();
        /// What the plugin receives as its settings.
        settings: Map<String, Value> = any_mapping();
    }
}
