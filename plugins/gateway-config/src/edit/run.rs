//! The loop of editing, validating, confirming and publishing.

use super::draft::Draft;
use super::editor;
use crate::args::GatewayEditArgs;
use crate::diff::{Side, SideLoader};
use crate::rollout::{Change, wait_for_rollout};
use kt_control_api::{Client, Gateway, ProviderTransport, ReloadRequest, connect, resolve_gateway};
use kt_plugin_api::{Class, Context, Error, Invocation, Output, View};
use kt_policy::{Diff, Source};
use kt_policy_file::PolicyFile;
use serde_json::json;

/// The schema of the output.
const SCHEMA: &str = "kt.gateway.edit/1";

/// What an edit is based on.
struct Session<'a> {
    invocation: &'a Invocation,
    context: &'a Context<'a>,
    options: GatewayEditArgs,
    client: Client<ProviderTransport<'a>>,
    gateway: Gateway,
    /// The desired configuration when the edit began.
    base: Side,
}

pub(crate) fn run(invocation: &Invocation, context: &Context<'_>) -> Result<Output, Error> {
    if !invocation.output.interactive && !invocation.yes {
        return Err(Error::new(
            Class::Usage,
            "confirmation-required",
            "an edit is published after a confirmation, and the session is not interactive",
        )
        .hint("pass `--yes`, or publish a file with `kt gateway reload --file`"));
    }
    let args: GatewayEditArgs = invocation.arguments()?;
    let client = connect(invocation, context)?;
    let gateway = resolve_gateway(&client, args.id.as_deref())?;
    let desired = gateway.desired.as_ref().map(|desired| desired.version);
    let version = desired.ok_or_else(|| {
        let message = format!("gateway `{}` has no configuration yet", gateway.name);
        Error::new(Class::NotFound, "no-version", message).hint(format!(
            "`kt init` creates one, and `kt gateway reload --id {} --file policy-config.yaml` publishes it",
            gateway.name
        ))
    })?;
    let content = client.config_content(gateway.id.as_str(), version)?;
    let loader = SideLoader {
        invocation,
        context,
        client: &client,
        gateway: &gateway,
    };
    let base = loader.version("desired", version)?;
    let draft = Draft::new(&gateway.name, content)?;
    let mut session = Session {
        invocation,
        context,
        options: args,
        client,
        gateway,
        base,
    };
    match session.edit(&draft) {
        Ok(output) => Ok(output),
        Err(error) => Err(draft.keep(&session.gateway.name, error)),
    }
}

impl Session<'_> {
    /// Edits until a configuration is applied, or the user has had enough.
    fn edit(&mut self, draft: &Draft) -> Result<Output, Error> {
        loop {
            editor::edit(self.invocation, draft.path())?;
            self.context.check_cancelled()?;
            let Some(text) = draft.edited()? else {
                return Ok(self.unchanged("the file is as it was, or empty"));
            };
            let result = self.publish(&text);
            match result {
                Err(error) if can_be_repaired(&error) => self.offer_again(error)?,
                result => return result,
            }
        }
    }

    fn publish(&mut self, text: &str) -> Result<Output, Error> {
        let file = self.parse(text)?;
        let content = file.content();
        let diff = self.base.diff_to(&Side::of_file(file))?;
        if diff.base_sha256.as_deref() == Some(diff.target_sha256.as_str()) {
            return Ok(self.unchanged("only comments or notation were changed"));
        }
        let next = self.gateway.last_version + 1;
        let question = format!(
            "{}\npublish it as version {next} of gateway `{}`?",
            diff.text(),
            self.gateway.name
        );
        self.context.confirm(&question)?;
        let request = ReloadRequest {
            content: Some(content),
            source: None,
            message: self.options.message.clone(),
        };
        let etag = Some(self.gateway.etag());
        let id = self.gateway.id.clone();
        let response = self.client.reload(id.as_str(), &request, etag);
        let response = response.map_err(|error| self.conflict(error.into()))?;
        let change = Change {
            schema: SCHEMA,
            verb: "edited",
            can_be_superseded: true,
            previous: self.gateway.desired.as_ref().map(|d| d.version),
            response,
        };
        // The next edit, if this one is rejected, is based on this change.
        self.gateway = change.response.gateway.clone();
        let timeout = (!self.options.no_wait).then_some(self.options.timeout);
        let output = wait_for_rollout(&self.client, self.context, &change, timeout)?;
        Ok(with_changes(output, &diff))
    }

    fn parse(&self, text: &str) -> Result<PolicyFile, Error> {
        let name = "policy-config.yaml".to_owned();
        let sources = vec![Source::new(name.clone(), text)];
        let document = kt_policy::parse(&sources)
            .map_err(|problems| kt_policy_file::invalid_configuration(&problems))?;
        Ok(PolicyFile {
            name,
            sources,
            document,
        })
    }

    /// Names what to do if the gateway was changed while the user edited.
    fn conflict(&self, error: Error) -> Error {
        if error.class != Class::Conflict {
            return error;
        }
        error.hint(format!(
            "`kt gateway diff --id {} --against desired --file FILE` compares the edit with the new version",
            self.gateway.name
        ))
    }

    /// Shows an error, and asks whether to edit again. A script is never asked.
    fn offer_again(&self, error: Error) -> Result<(), Error> {
        if self.invocation.yes {
            return Err(error);
        }
        let mut message = error.to_string();
        for problem in &error.problems {
            message.push('\n');
            message.push_str(problem.snippet.as_deref().unwrap_or(&problem.message));
        }
        self.context.warn(&message);
        match self.context.confirm("edit it again?") {
            Ok(()) => Ok(()),
            Err(declined) if declined.class == Class::Usage => Err(error),
            Err(interrupted) => Err(interrupted),
        }
    }

    fn unchanged(&self, reason: &str) -> Output {
        let gateway = &self.gateway;
        let value = json!({
            "id": gateway.id,
            "name": gateway.name,
            "result": "unchanged",
            "version": self.base.version,
            "etag": gateway.etag().to_string(),
            "changes": [],
        });
        let message = format!("gateway `{}` unchanged: {reason}", gateway.name);
        Output::new(SCHEMA, value, View::Message(message)).name_path("/version")
    }
}

/// Whether another edit can help.
fn can_be_repaired(error: &Error) -> bool {
    !error.problems.is_empty() || error.class == Class::Rejected
}

fn with_changes(mut output: Output, diff: &Diff) -> Output {
    if let Some(members) = output.value.as_object_mut() {
        members.insert("changes".to_owned(), json!(diff.changes));
    }
    output
}
