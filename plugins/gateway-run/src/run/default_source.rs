//! What a gateway serves if no option names it.

use super::options::Options;
use kt_control_api::{connect, resolve_gateway};
use kt_plugin_api::{Class, Context, Error, Event, Invocation};
use serde_json::json;
use std::path::PathBuf;
use std::time::Duration;

/// The configuration that `kt init` writes.
const CONFIG_FILE: &str = "policy-config.yaml";
/// The time limit for the control plane.
const LOOKUP_TIMEOUT: Duration = Duration::from_secs(10);

/// Selects the only gateway, else the configuration in the working directory, unless the
/// options name what to serve; and reports it.
///
/// # Errors
/// If there are several gateways, or neither a gateway nor a configuration.
pub(super) fn select(
    invocation: &Invocation,
    context: &Context<'_>,
    options: &mut Options,
) -> Result<(), Error> {
    if options.gateway.is_some() || !options.files.is_empty() {
        return Ok(());
    }
    let file = PathBuf::from(CONFIG_FILE);
    let has_file = invocation.resolve_path(&file).is_file();
    let client = connect(invocation, &context.with_timeout(LOOKUP_TIMEOUT))?;
    let message = match resolve_gateway(&client, None) {
        Ok(only) => {
            options.gateway = Some(only.id.to_string());
            format!("serving gateway `{}`, the only one", only.name)
        }
        Err(error) if error.class == Class::NotFound && has_file => {
            options.files = vec![file];
            format!("serving `{CONFIG_FILE}` of the working directory, without a gateway")
        }
        Err(error) if error.class == Class::NotFound => {
            let message = "there is nothing to serve: no gateway, and no `policy-config.yaml` here";
            return Err(Error::new(Class::Usage, "nothing-to-serve", message)
                .hint("`kt init` writes a configuration, `kt gateway create NAME --file FILE` creates a gateway"));
        }
        Err(error) if has_file => {
            return Err(error.hint(format!(
                "`--file {CONFIG_FILE}` serves the file that is here"
            )));
        }
        Err(error) => return Err(error),
    };
    let data = json!({ "gateway": options.gateway, "files": options.files });
    context.event(&Event {
        event: "selected".to_owned(),
        message,
        data,
    });
    Ok(())
}
