//! `kt audit verify`: reads the whole trail and computes every seal anew, here and not where the
//! trail is kept.

use kt_control_api::{
    AuditCorruption, AuditQuery, AuditVerification, AuditVerifier, ContentHash, connect,
};
use kt_plugin_api::{CellFormat, Class, Column, Context, Error, Field, Invocation, Output, View};
use serde_json::json;

/// The most that the API gives on one page.
const PAGE: u32 = 200;

/// A place and its seal, as an earlier check showed them.
struct Known {
    seq: u64,
    hash: ContentHash,
    found: Option<ContentHash>,
}

pub(crate) fn run(invocation: &Invocation, context: &Context<'_>) -> Result<Output, Error> {
    let mut known = invocation.args.text("head").map(head).transpose()?;
    let client = connect(invocation, context)?;
    let mut query = AuditQuery {
        limit: Some(PAGE),
        ..AuditQuery::default()
    };
    let mut check = AuditVerifier::default();
    let mut rows = 0;
    loop {
        context.check_cancelled()?;
        let page = client.audit(&query)?;
        rows += page.items.len();
        for row in page.items {
            if let Some(known) = known.as_mut().filter(|known| known.seq == row.seq) {
                known.found = row.hash;
            }
            check.push(row);
        }
        query.cursor = page.next_cursor;
        if query.cursor.is_none() {
            break;
        }
        context.progress(&format!("{rows} rows checked"));
    }
    let mut report = check.finish();
    report.damage.extend(known.and_then(|known| lost(&known)));
    Ok(result(&report))
}

/// `--head`, as this command shows it: `SEQ:HASH`.
fn head(text: &str) -> Result<Known, Error> {
    let parsed = text
        .split_once(':')
        .and_then(|(seq, hash)| Some((seq.parse().ok()?, hash.parse().ok()?)));
    let (seq, hash) = parsed.ok_or_else(|| {
        Error::new(
            Class::Usage,
            "bad-head",
            format!("`{text}` is no place and seal of the trail"),
        )
        .hint("an earlier `kt audit verify` shows it as `SEQ:HASH`")
    })?;
    let found = None;
    Ok(Known { seq, hash, found })
}

/// What is wrong when the trail does not hold what it held before.
fn lost(known: &Known) -> Option<AuditCorruption> {
    let message = match &known.found {
        Some(found) if *found == known.hash => return None,
        Some(_) => "the row has another seal than before: the trail was written anew",
        None => "the row that was the newest is missing: the trail was cut",
    };
    Some(AuditCorruption {
        seq: known.seq,
        message: message.to_owned(),
    })
}

fn result(report: &AuditVerification) -> Output {
    let whole = report.damage.is_empty();
    let head = report.head.map(|(seq, hash)| format!("{seq}:{hash}"));
    let value = json!({
        "result": if whole { "intact" } else { "damaged" },
        "rows": report.rows,
        "unsealed": report.unsealed,
        "head": head,
        "damage": report.damage,
    });
    let mut sections = vec![View::Fields(vec![
        Field::new("Result", "/result").format(CellFormat::State),
        Field::new("Rows", "/rows"),
        Field::new("Not sealed yet", "/unsealed"),
        Field::new("Head", "/head"),
    ])];
    if !whole {
        sections.push(View::Table {
            rows: "/damage".to_owned(),
            columns: vec![
                Column::new("ROW", "/seq"),
                Column::new("DAMAGE", "/message"),
            ],
            empty: String::new(),
        });
    }
    let output =
        Output::new("kt.audit.verify/1", value, View::Sections(sections)).name_path("/head");
    if whole {
        output.note("keep the head elsewhere: `--head` proves later that nothing was cut off")
    } else {
        output.outcome(Class::Negative.name())
    }
}
