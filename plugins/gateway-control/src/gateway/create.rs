//! `kt gateway create`.

use super::options::{drift, labels};
use crate::args::GatewayCreateArgs;
use crate::token::{OutputFile, store_token};
use kt_control_api::{ApiError, CreateGatewayRequest, CreateGatewayResponse, connect};
use kt_plugin_api::{CellFormat, Class, Context, Error, Field, Invocation, Output, View};

use serde_json::json;

pub(crate) fn run(invocation: &Invocation, context: &Context<'_>) -> Result<Output, Error> {
    let args: GatewayCreateArgs = invocation.arguments()?;
    let request = request(&args, invocation, context)?;
    if args.output_file.is_some() && !request.issue_token {
        return Err(Error::new(
            Class::Usage,
            "no-server",
            "a gateway of the embedded store needs no token",
        )
        .hint("omit `--output-file`, or pass the address of a server with `--api-url`"));
    }
    let client = connect(invocation, context)?;
    // Create the file first: do not issue a token that cannot be stored.
    let output_file = OutputFile::create(invocation, args.output_file.as_deref(), false)?;
    let created = client.create_gateway(&request).map_err(create_error)?;
    result(&created, request.issue_token, output_file)
}

fn request(
    args: &GatewayCreateArgs,
    invocation: &Invocation,
    context: &Context<'_>,
) -> Result<CreateGatewayRequest, Error> {
    let file = args.file.as_ref();
    let policy_file = file
        .map(|file| kt_policy_file::read(invocation, context, &[file]))
        .transpose()?;
    Ok(CreateGatewayRequest {
        name: args.name.clone(),
        description: args.description.clone().unwrap_or_default(),
        labels: labels(&args.label)?,
        drift: drift(args.drift.as_ref()).unwrap_or_default(),
        content: policy_file.as_ref().map(|r| r.content()),
        source: policy_file.as_ref().map(|r| r.name.clone()),
        issue_token: invocation.setting("api.url").is_some(),
        ..CreateGatewayRequest::default()
    })
}

fn create_error(error: ApiError) -> Error {
    let existing = error.existing_id.as_ref().map(ToString::to_string);
    let error = Error::from(error);
    match existing {
        Some(id) => error.hint(format!(
            "`kt gateway inspect {id}` shows the existing gateway"
        )),
        None => error,
    }
}

fn result(
    created: &CreateGatewayResponse,
    with_token: bool,
    output_file: Option<OutputFile>,
) -> Result<Output, Error> {
    let mut value = json!({
        "id": created.gateway.id,
        "name": created.gateway.name,
        "description": created.gateway.description,
        "version": created.version.as_ref().map(|v| v.version),
        "sha256": created.version.as_ref().map(|v| v.sha256),
        "created_at": created.gateway.created_at,
    });
    let in_file = output_file.is_some();
    if with_token {
        let token = created
            .token
            .as_ref()
            .ok_or_else(|| token_lost_error(created))?;
        let (key, stored) =
            store_token(token, output_file).map_err(|error| add_token_hint(error, created))?;
        if let Some(members) = value.as_object_mut() {
            members.insert(key.to_owned(), stored.into());
        }
    }
    let view = View::Fields(vec![
        Field::new("ID", "/id"),
        Field::new("Name", "/name"),
        Field::new("Version", "/version"),
        Field::new("SHA-256", "/sha256").format(CellFormat::Hash),
        Field::new("Token", "/token"),
        Field::new("File", "/output_file"),
    ]);
    let output = Output::new("kt.gateway.create/1", value, view).name_path("/id");
    Ok(if with_token && !in_file {
        output.note("store the token now: it cannot be printed again")
    } else if created.version.is_none() {
        output.note(format!(
            "the gateway has no configuration; publish one with `kt gateway reload {} --file policy-config.yaml`",
            created.gateway.name
        ))
    } else {
        output
    })
}

/// The response to the first attempt was lost, and the response to the retry has no token.
fn token_lost_error(created: &CreateGatewayResponse) -> Error {
    let name = &created.gateway.name;
    let message =
        format!("gateway `{name}` was registered, but the response with its token was lost");
    add_token_hint(
        Error::new(Class::UnknownEffect, "token-lost", message),
        created,
    )
}

fn add_token_hint(error: Error, created: &CreateGatewayResponse) -> Error {
    let id = &created.gateway.id;
    error
        .hint(format!(
            "create another token: kt token create {} --scope gateway --id {id}",
            created.gateway.name
        ))
        .data("id", id.to_string())
}
