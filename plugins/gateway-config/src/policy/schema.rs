//! `kt policy schema`: prints the JSON Schema of configurations.

use kt_plugin_api::{Output, View};

pub(crate) fn run() -> Output {
    Output::new("kt.policy.schema/1", kt_policy::json_schema(), View::Json)
}
