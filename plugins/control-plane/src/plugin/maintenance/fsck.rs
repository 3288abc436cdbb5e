//! `kt control-plane fsck`.

use std::path::Path;

use kt_control_api::{AuditVerification, AuditVerifier};
use kt_plugin_api::{CellFormat, Class, Column, Context, Error, Field, Invocation, Output, View};
use serde_json::{Value, json};

use super::super::error;
use super::store_handle::{StoreHandle, note_local_store};
use crate::store::{
    AUDIT_PAGE_ROWS, AuditFilter, IntegrityCheck, IntegrityReport, Selection, SqliteStore, Store,
    StoreError,
};
use crate::validator::PolicyValidator;

pub(in super::super) fn run(
    invocation: &Invocation,
    context: &Context<'_>,
) -> Result<Output, Error> {
    let store = match invocation.args.path("file") {
        Some(file) => {
            let file = invocation.resolve_path(&file);
            SqliteStore::open_read_only(&file)
                .map(StoreHandle::File)
                .map_err(|error| unusable(&file, error))?
        }
        None => StoreHandle::open(invocation, false)?,
    };
    let mut damage = Vec::new();
    if let StoreHandle::File(file) = &store {
        context.progress("checking the file …");
        damage.extend(
            file.integrity_errors()
                .unwrap_or_else(|error| unreadable(&error)),
        );
    }
    context.progress("checking gateways and versions …");
    let report = check_contents(&store);
    let audit = check_audit_log(store.store(), context)?;
    let output = output(damage, &report, audit);
    Ok(note_local_store(invocation, output))
}

fn unusable(file: &Path, store_error: StoreError) -> Error {
    error::from_store(&match store_error {
        StoreError::UnsupportedSchema { .. } => store_error,
        other => StoreError::Corrupt(format!("{} cannot be used: {other}", file.display())),
    })
}

fn check_contents(store: &StoreHandle) -> IntegrityReport {
    let mut check = IntegrityCheck::new(&PolicyValidator);
    let exported = store.transfer().export(&Selection::Whole, &mut |record| {
        check.push(record);
        Ok(())
    });
    let mut report = check.finish();
    if let Err(error) = exported {
        report.damage.extend(unreadable(&error));
    }
    report
}

/// Verifies the hash chain of the audit log. An audit log that cannot be read is damage.
fn check_audit_log(
    store: &dyn Store,
    context: &Context<'_>,
) -> Result<Result<AuditVerification, String>, Error> {
    let mut filter = AuditFilter {
        limit: AUDIT_PAGE_ROWS,
        ..AuditFilter::default()
    };
    let mut verifier = AuditVerifier::default();
    loop {
        context.check_cancelled()?;
        let page = match store.audit(&filter) {
            Ok(page) => page,
            Err(error) => return Ok(Err(unreadable(&error).remove(0))),
        };
        let full = page.len() == AUDIT_PAGE_ROWS;
        filter.before = page.last().map(|row| row.seq);
        page.into_iter().for_each(|row| verifier.push(row));
        if !full {
            return Ok(Ok(verifier.finish()));
        }
    }
}

fn unreadable(error: &StoreError) -> Vec<String> {
    vec![format!("cannot read the store: {error}")]
}

fn output(
    mut damage: Vec<String>,
    report: &IntegrityReport,
    audit: Result<AuditVerification, String>,
) -> Output {
    damage.extend(report.damage.iter().cloned());
    let (mut rows, mut head) = (0, None);
    match audit {
        Ok(audit) => {
            rows = audit.rows;
            head = audit.head.map(|(seq, hash)| format!("{seq}:{hash}"));
            let message = |damaged: &kt_control_api::AuditCorruption| {
                format!("audit log row {}: {}", damaged.seq, damaged.message)
            };
            damage.extend(audit.damage.iter().map(message));
        }
        Err(message) => damage.push(message),
    }
    // Several checks may find the same damage.
    damage.dedup();
    let intact = damage.is_empty();
    let messages = |lines: &[String]| -> Vec<Value> {
        lines.iter().map(|line| json!({"message": line})).collect()
    };
    let value = json!({
        "result": if intact { "intact" } else { "damaged" },
        "gateways": report.gateways,
        "versions": report.versions,
        "tokens": report.tokens,
        "audit": rows,
        "head": head,
        "damage": messages(&damage),
        "notes": messages(&report.notes),
    });
    let output =
        Output::new("kt.control-plane.fsck/1", value, view(intact, report)).name_path("/result");
    if intact {
        output
    } else {
        output
            .outcome(Class::Negative.name())
            .note("use `kt control-plane restore` to replace the store with a backup")
    }
}

fn view(intact: bool, report: &IntegrityReport) -> View {
    let mut sections = vec![View::Fields(vec![
        Field::new("Result", "/result").format(CellFormat::State),
        Field::new("Gateways", "/gateways"),
        Field::new("Versions", "/versions"),
        Field::new("Tokens", "/tokens"),
        Field::new("Audit log rows", "/audit"),
        Field::new("Head", "/head"),
    ])];
    let mut table = |rows: &str, title: &str| {
        sections.push(View::Table {
            rows: rows.to_owned(),
            columns: vec![Column::new(title, "/message")],
            empty: String::new(),
        });
    };
    if !intact {
        table("/damage", "DAMAGE");
    }
    if !report.notes.is_empty() {
        table("/notes", "NOTE");
    }
    View::Sections(sections)
}
