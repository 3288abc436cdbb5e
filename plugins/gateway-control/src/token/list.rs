//! `kt token list`.

use crate::args::TokenListArgs;
use kt_control_api::{PagedList, TokenInfo, TokenQuery, TokenScope, connect, list_limit};
use kt_plugin_api::{CellFormat, Column, Context, Error, Invocation, Output, View};
use serde_json::{Value, json};

pub(crate) fn run(invocation: &Invocation, context: &Context<'_>) -> Result<Output, Error> {
    let args: TokenListArgs = invocation.arguments()?;
    let limit = list_limit(invocation, args.limit, false)?;
    let client = connect(invocation, context)?;
    let mut query = TokenQuery {
        active: (!args.all).then_some(true),
        gateway: args.id,
        ..TokenQuery::default()
    };
    let tokens = PagedList::read(context, limit, None, |size, cursor| {
        query.limit = Some(size);
        query.cursor = cursor.map(str::to_owned);
        client.tokens(&query)
    })?;
    let rows: Vec<Value> = tokens.items.iter().map(row).collect();
    let view = View::Table {
        rows: String::new(),
        columns: vec![
            Column::new("ID", "/id"),
            Column::new("NAME", "/name"),
            Column::new("SCOPE", "/scope"),
            Column::new("GATEWAY", "/gateway"),
            Column::new("STATE", "/state").format(CellFormat::State),
            Column::new("CREATED", "/created_at").format(CellFormat::Age),
            Column::new("EXPIRES", "/expires_at"),
            Column::new("USED", "/last_used_at").format(CellFormat::Age),
            Column::new("HINT", "/hint").wide(),
            Column::new("BY", "/created_by").wide(),
        ],
        empty: "there are no tokens; `kt token create` creates one".to_owned(),
    };
    let output = Output::new("kt.token.list/1", Value::Array(rows), view).name_path("/id");
    Ok(match tokens.shown_note("--limit") {
        Some(note) => output.note(note),
        None => output,
    })
}

fn row(token: &TokenInfo) -> Value {
    let state = if token.active {
        "active"
    } else if token.scope == TokenScope::Bootstrap && token.gateway.is_some() {
        "used"
    } else if token.revoked_at.is_some() {
        "revoked"
    } else {
        "expired"
    };
    let mut row = json!(token);
    if let Some(members) = row.as_object_mut() {
        members.insert("state".to_owned(), state.into());
    }
    row
}
