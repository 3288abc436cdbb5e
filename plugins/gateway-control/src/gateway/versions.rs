//! `kt gateway versions`.

use crate::args::GatewayVersionsArgs;
use kt_control_api::{PagedList, connect, list_limit, resolve_gateway};
use kt_plugin_api::{CellFormat, Class, Column, Context, Error, Invocation, Output, View};
use serde_json::json;

pub(crate) fn run(invocation: &Invocation, context: &Context<'_>) -> Result<Output, Error> {
    let args: GatewayVersionsArgs = invocation.arguments()?;
    let limit = list_limit(invocation, args.limit, args.all)?;
    let before = before(args.before)?;
    let client = connect(invocation, context)?;
    let gateway = resolve_gateway(&client, args.id.as_deref())?;
    let id = gateway.id.as_str();
    let versions = PagedList::read(context, limit, before, |size, cursor| {
        client.config_versions(id, Some(size), cursor)
    })?;
    let view = View::Table {
        rows: String::new(),
        columns: vec![
            Column::new("VERSION", "/version"),
            Column::new("ORIGIN", "/origin"),
            Column::new("AUTHOR", "/author"),
            Column::new("SHA256", "/sha256").format(CellFormat::Hash),
            Column::new("CREATED", "/created_at").format(CellFormat::Age),
            Column::new("REVERTS", "/reverts_to").wide(),
            Column::new("SIZE", "/size").wide(),
            Column::new("PINNED", "/pinned").wide(),
            Column::new("PRUNED", "/pruned_at")
                .format(CellFormat::Age)
                .wide(),
            Column::new("SOURCE", "/source").wide(),
            Column::new("MESSAGE", "/message"),
        ],
        empty: format!(
            "gateway `{}` has no configuration; `kt gateway reload` publishes one",
            gateway.name
        ),
    };
    let output =
        Output::new("kt.gateway.versions/1", json!(versions.items), view).name_path("/version");
    let last = versions.items.last().map_or(0, |version| version.version);
    let options = format!("--limit, --all, --before {last}");
    Ok(match versions.shown_note(&options) {
        Some(note) => output.note(note),
        None => output,
    })
}

fn before(version: Option<i64>) -> Result<Option<String>, Error> {
    match version {
        None => Ok(None),
        Some(number) if number > 0 => Ok(Some(number.to_string())),
        Some(_) => Err(Error::new(
            Class::Usage,
            "invalid-version",
            "`--before` must be a number from 1",
        )),
    }
}
