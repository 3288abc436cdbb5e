//! The output of commands that change a service.

use kt_plugin_api::{Output, View};
use serde_json::{Value, json};

/// Formats the result of a change as data and as a message.
pub(super) fn change_output(
    schema: &str,
    mut value: Value,
    message: String,
    notes: Vec<String>,
) -> Output {
    if let Some(map) = value.as_object_mut() {
        map.insert("notes".to_owned(), json!(notes));
    }
    let mut output = Output::new(schema, value, View::Message(message)).name_path("/service");
    output.notes = notes;
    output
}
