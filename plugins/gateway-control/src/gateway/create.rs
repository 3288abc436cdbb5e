//! `kt gateway create`.

use kt_control_api::{CreateGateway, connect};
use kt_plugin_api::{Class, Context, Error, Field, Format, Invocation, Output, View};

use serde_json::json;
use std::collections::BTreeMap;

pub(crate) fn run(invocation: &Invocation, context: &Context<'_>) -> Result<Output, Error> {
    let file = invocation.args.text("file");
    let read = file
        .map(|file| kt_policy_file::read(invocation, &[file]))
        .transpose()?;
    let request = CreateGateway {
        name: invocation.required("name")?.to_owned(),
        description: invocation
            .args
            .text("description")
            .unwrap_or_default()
            .to_owned(),
        labels: labels(&invocation.args.texts("label"))?,
        content: read.as_ref().map(|r| r.content()),
        source: read.as_ref().map(|r| r.name.clone()),
        message: None,
        issue_token: invocation.setting("api.url").is_some(),
    };
    let created = connect(invocation, context)?
        .create_gateway(&request)
        .map_err(|e| {
            let taken = e.existing_id.as_ref().map(ToString::to_string);
            let error = Error::from(e);
            match taken {
                Some(id) => error.hint(format!(
                    "`kt gateway inspect --id {id}` shows the existing one"
                )),
                None => error,
            }
        })?;
    let mut value = json!({
        "id": created.gateway.id,
        "name": created.gateway.name,
        "description": created.gateway.description,
        "version": created.version.as_ref().map(|v| v.version),
        "sha256": created.version.as_ref().map(|v| v.sha256),
        "created_at": created.gateway.created_at,
    });
    if let (Some(token), Some(map)) = (&created.token, value.as_object_mut()) {
        map.insert("token".to_owned(), token.expose().into());
    }
    let view = View::Fields(vec![
        Field::new("ID", "/id"),
        Field::new("Name", "/name"),
        Field::new("Version", "/version"),
        Field::new("SHA-256", "/sha256").format(Format::Hash),
        Field::new("Token", "/token"),
    ]);
    let output = Output::new("kt.gateway.create/1", value, view).named("/id");
    Ok(match (&created.token, &created.version) {
        (Some(_), _) => output.note("keep the token now: it is not shown again"),
        (None, None) => output.note(format!(
            "no configuration yet; `kt gateway reload --id {} --file policy-config.yaml` gives it one",
            created.gateway.name
        )),
        (None, Some(_)) => output,
    })
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
