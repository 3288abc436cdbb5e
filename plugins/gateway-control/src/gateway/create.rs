//! `kt gateway create`.

use crate::token::{Draft, kept};
use kt_control_api::{ApiError, CreateGatewayRequest, CreateGatewayResponse, DriftPolicy, connect};
use kt_plugin_api::{CellFormat, Class, Context, Error, Field, Invocation, Output, View};

use serde_json::json;
use std::collections::BTreeMap;

pub(crate) fn run(invocation: &Invocation, context: &Context<'_>) -> Result<Output, Error> {
    let request = request(invocation)?;
    if invocation.args.path("output-file").is_some() && !request.issue_token {
        return Err(Error::new(
            Class::Usage,
            "no-server",
            "a gateway of the embedded store needs no token",
        )
        .hint("leave out `--output-file`, or name a server with `--api-url`"));
    }
    let client = connect(invocation, context)?;
    // The file comes first: a token that cannot be kept must not be made.
    let draft = Draft::beside(invocation, false)?;
    let created = client.create_gateway(&request).map_err(refused)?;
    shown(&created, request.issue_token, draft)
}

fn request(invocation: &Invocation) -> Result<CreateGatewayRequest, Error> {
    let file = invocation.args.text("file");
    let read = file
        .map(|file| kt_policy_file::read(invocation, &[file]))
        .transpose()?;
    Ok(CreateGatewayRequest {
        name: invocation.required("name")?.to_owned(),
        description: invocation
            .args
            .text("description")
            .unwrap_or_default()
            .to_owned(),
        labels: labels(&invocation.args.texts("label"))?,
        drift: drift(invocation).unwrap_or_default(),
        content: read.as_ref().map(|r| r.content()),
        source: read.as_ref().map(|r| r.name.clone()),
        message: None,
        issue_token: invocation.setting("api.url").is_some(),
    })
}

fn refused(failure: ApiError) -> Error {
    let taken = failure.existing_id.as_ref().map(ToString::to_string);
    let error = Error::from(failure);
    match taken {
        Some(id) => error.hint(format!(
            "`kt gateway inspect --id {id}` shows the existing one"
        )),
        None => error,
    }
}

fn shown(
    created: &CreateGatewayResponse,
    with_token: bool,
    draft: Option<Draft>,
) -> Result<Output, Error> {
    let mut value = json!({
        "id": created.gateway.id,
        "name": created.gateway.name,
        "description": created.gateway.description,
        "version": created.version.as_ref().map(|v| v.version),
        "sha256": created.version.as_ref().map(|v| v.sha256),
        "created_at": created.gateway.created_at,
    });
    let in_file = draft.is_some();
    if with_token {
        let token = created.token.as_ref().ok_or_else(|| lost(created))?;
        let (key, shown) = kept(token, draft).map_err(|error| another(error, created))?;
        if let Some(members) = value.as_object_mut() {
            members.insert(key.to_owned(), shown.into());
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
        output.note("keep the token now: it is not shown again")
    } else if created.version.is_none() {
        output.note(format!(
            "no configuration yet; `kt gateway reload --id {} --file policy-config.yaml` gives it one",
            created.gateway.name
        ))
    } else {
        output
    })
}

/// The answer to the first attempt was lost, and the second does not have the token.
fn lost(created: &CreateGatewayResponse) -> Error {
    let name = &created.gateway.name;
    let message =
        format!("gateway `{name}` was registered, but the answer that had its token was lost");
    another(
        Error::new(Class::UnknownEffect, "token-lost", message),
        created,
    )
}

fn another(error: Error, created: &CreateGatewayResponse) -> Error {
    let id = &created.gateway.id;
    error
        .hint(format!(
            "make another token: kt token create --name {} --scope gateway --id {id}",
            created.gateway.name
        ))
        .data("id", id.to_string())
}

/// `--drift`.
pub(crate) fn drift(invocation: &Invocation) -> Option<DriftPolicy> {
    DriftPolicy::parse(invocation.args.text("drift")?)
}

/// `KEY=VALUE` pairs.
pub(crate) fn labels(pairs: &[&str]) -> Result<BTreeMap<String, String>, Error> {
    pairs
        .iter()
        .map(|pair| {
            pair.split_once('=')
                .map(|(k, v)| (k.to_owned(), v.to_owned()))
                .ok_or_else(|| {
                    Error::new(Class::Usage, "bad-label", format!("`{pair}` is no label"))
                        .hint("write it as `--label KEY=VALUE`")
                })
        })
        .collect()
}
