//! `kt audit verify`: reads the whole audit log and verifies its hash chain, on the client and not on
//! the server that stores it.

use crate::args::AuditVerifyArgs;
use kt_control_api::{
    AuditCorruption, AuditQuery, AuditVerification, AuditVerifier, ContentHash, connect,
};
use kt_plugin_api::{CellFormat, Class, Column, Context, Error, Field, Invocation, Output, View};
use serde_json::json;

/// The maximum page size of the API.
const PAGE_SIZE: u32 = 200;

/// The head of the chain that an earlier verification printed.
struct ExpectedHead {
    seq: u64,
    hash: ContentHash,
    /// The hash of the entry in this verification.
    actual: Option<ContentHash>,
}

pub(crate) fn run(invocation: &Invocation, context: &Context<'_>) -> Result<Output, Error> {
    let args: AuditVerifyArgs = invocation.arguments()?;
    let mut expected = args.head.as_deref().map(parse_head).transpose()?;
    let client = connect(invocation, context)?;
    let mut query = AuditQuery {
        limit: Some(PAGE_SIZE),
        ..AuditQuery::default()
    };
    let mut verifier = AuditVerifier::default();
    let mut rows = 0;
    loop {
        context.check_cancelled()?;
        let page = client.audit(&query)?;
        rows += page.items.len();
        for row in page.items {
            if let Some(head) = expected.as_mut().filter(|head| head.seq == row.seq) {
                head.actual = row.hash;
            }
            verifier.push(row);
        }
        query.cursor = page.next_cursor;
        if query.cursor.is_none() {
            break;
        }
        context.progress(&format!("{rows} rows verified"));
    }
    let mut report = verifier.finish();
    report
        .damage
        .extend(expected.and_then(|head| head_corruption(&head)));
    Ok(result(&report))
}

/// Parses `--head`, as this command prints it: `SEQ:HASH`.
fn parse_head(text: &str) -> Result<ExpectedHead, Error> {
    let parsed = text
        .split_once(':')
        .and_then(|(seq, hash)| Some((seq.parse().ok()?, hash.parse().ok()?)));
    let (seq, hash) = parsed.ok_or_else(|| {
        Error::new(
            Class::Usage,
            "invalid-head",
            format!("`{text}` is not a head of the audit log"),
        )
        .hint("`kt audit verify` prints it as `SEQ:HASH`")
    })?;
    let actual = None;
    Ok(ExpectedHead { seq, hash, actual })
}

/// Returns the corruption if the audit log does not contain the expected head.
fn head_corruption(head: &ExpectedHead) -> Option<AuditCorruption> {
    let message = match &head.actual {
        Some(hash) if *hash == head.hash => return None,
        Some(_) => "the row has another hash than before: the audit log was rewritten",
        None => "the row that was the head is missing: the audit log was truncated",
    };
    Some(AuditCorruption {
        seq: head.seq,
        message: message.to_owned(),
    })
}

fn result(report: &AuditVerification) -> Output {
    let is_intact = report.damage.is_empty();
    let head = report.head.map(|(seq, hash)| format!("{seq}:{hash}"));
    let value = json!({
        "result": if is_intact { "intact" } else { "damaged" },
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
    if !is_intact {
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
    if is_intact {
        output.note(
            "store the head elsewhere: with `--head`, a later verification detects truncation",
        )
    } else {
        output.outcome(Class::Negative.name())
    }
}
