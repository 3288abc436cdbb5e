//! `kt audit list`.

use super::query::{Filter, query};
use crate::args::{AuditListArgs, AuditListOrder};
use kt_control_api::{PagedList, connect, list_limit};
use kt_plugin_api::{CellFormat, Column, Context, Error, Invocation, Output, View};
use serde_json::json;

pub(crate) fn run(invocation: &Invocation, context: &Context<'_>) -> Result<Output, Error> {
    let args: AuditListArgs = invocation.arguments()?;
    let limit = list_limit(invocation, args.limit, args.all)?;
    let filter = Filter {
        target: args.target,
        actor: args.actor,
        action: args.action,
        since: args.since,
        until: args.until,
    };
    let client = connect(invocation, context)?;
    let mut query = query(&filter, &client)?;
    query.oldest_first = args.order == AuditListOrder::Oldest;
    let entries = PagedList::read(context, limit, None, |size, cursor| {
        query.limit = Some(size);
        query.cursor = cursor.map(str::to_owned);
        client.audit(&query)
    })?;
    let view = View::Table {
        rows: String::new(),
        columns: vec![
            Column::new("SEQ", "/seq"),
            Column::new("WHEN", "/at").format(CellFormat::Age),
            Column::new("ACTOR", "/actor"),
            Column::new("ACTION", "/action"),
            Column::new("TARGET", "/target"),
            Column::new("REV", "/rev"),
            Column::new("REQUEST", "/request_id").wide(),
            Column::new("DETAIL", "/detail").wide(),
            Column::new("SEAL", "/hash").format(CellFormat::Hash).wide(),
        ],
        empty: "the audit log has no matching entries".to_owned(),
    };
    let output = Output::new("kt.audit.list/1", json!(entries.items), view).name_path("/seq");
    Ok(match entries.shown_note("--limit, --all") {
        Some(note) => output.note(note),
        None => output,
    })
}
