//! The settings.

use serde_json::{Map, Value};

use super::forms::{header, scheme, secret_ref, url};
use crate::chain::{FailMode, HttpForm};
use crate::decode::Millis;
use crate::kinds::guard::{
    FAIL_MODE, GuardResponse, PARALLEL, REQUESTS, RESPONSES, TIMEOUT, WINDOW,
};
use crate::model::SecretRef;
use crate::settings::{
    Weaker, any_mapping, boolean, choice, duration, group, integer, settings, text, texts,
};

settings! {
    /// A guard that is asked over HTTP; `NAME` is yours.
    pub(crate) ExternalGuard {
        /// The form of requests and answers: `presidio` is `POST /analyze` of Microsoft Presidio,
        /// `http` has the messages of `kt.policy/1`. Required.
        form: HttpForm = choice();
        /// The address that texts are posted to. Required.
        url: String = url();
        /// The reference to the credential: `env` or `store`.
        secret_key_ref: SecretRef = secret_ref();
        /// The header that contains the credential.
        api_key_header: String = header().default(HEADER.to_owned());
        /// The word before the credential: `Bearer` in `Authorization`, none elsewhere.
        api_key_prefix: String = scheme();
        /// The language of the texts, for `presidio`.
        language: String = text(2..=10).default(LANGUAGE.to_owned());
        /// The entities that are found, for `presidio`, such as `PERSON`; all by default.
        entities: Vec<String> = texts(1..=100);
        /// The least score of an entity in percent, for `presidio`.
        min_score: u64 = integer(0..=100).default(MIN_SCORE)
            .weaker(Weaker::Higher("entities have to be more certain"));
        /// What the guard receives as its settings, for `http`.
        settings: Map<String, Value> = any_mapping();
        /// Whether requests are judged.
        requests: bool = boolean().default(REQUESTS).weaker(Weaker::Off);
        /// Whether responses are judged.
        responses: bool = boolean().default(RESPONSES).weaker(Weaker::Off);
        /// The time limit of a judgment.
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
    }
}

/// The default of `api_key_header`.
pub(super) const HEADER: &str = "Authorization";
/// The default of `language`.
pub(super) const LANGUAGE: &str = "en";
/// The default of `min_score`.
pub(super) const MIN_SCORE: u64 = 50;
