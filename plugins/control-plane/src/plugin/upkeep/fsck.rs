//! `kt control-plane fsck`.

use std::path::Path;

use kt_control_api::{AuditVerification, AuditVerifier};
use kt_plugin_api::{CellFormat, Class, Column, Context, Error, Field, Invocation, Output, View};
use serde_json::{Value, json};

use super::super::failure;
use super::place::{Place, told_of_server};
use crate::store::{
    AUDIT_PAGE_ROWS, AuditFilter, IntegrityCheck, IntegrityReport, Selection, SqliteStore, Store,
    StoreError,
};
use crate::validator::PolicyValidator;

pub(in super::super) fn run(
    invocation: &Invocation,
    context: &Context<'_>,
) -> Result<Output, Error> {
    let place = match invocation.args.path("file") {
        Some(file) => {
            let file = invocation.resolve_path(&file);
            SqliteStore::open_read_only(&file)
                .map(Place::File)
                .map_err(|error| unusable(&file, error))?
        }
        None => Place::open(invocation, false)?,
    };
    let mut damage = Vec::new();
    if let Place::File(file) = &place {
        context.progress("checking the file …");
        damage.extend(
            file.integrity_errors()
                .unwrap_or_else(|error| unread(&error)),
        );
    }
    context.progress("checking gateways and versions …");
    let report = contents(&place);
    let trail = trail(place.store(), context)?;
    let output = result(damage, &report, trail);
    Ok(told_of_server(invocation, output))
}

fn unusable(file: &Path, error: StoreError) -> Error {
    failure::of_store(&match error {
        StoreError::UnsupportedSchema { .. } => error,
        other => StoreError::Corrupt(format!("{} cannot be used: {other}", file.display())),
    })
}

fn contents(place: &Place) -> IntegrityReport {
    let mut check = IntegrityCheck::new(&PolicyValidator);
    let told = place.transfer().export(&Selection::Whole, &mut |record| {
        check.push(record);
        Ok(())
    });
    let mut report = check.finish();
    if let Err(error) = told {
        report.damage.extend(unread(&error));
    }
    report
}

/// Checks the seals of the trail; a trail that cannot be read is damage.
fn trail(
    store: &dyn Store,
    context: &Context<'_>,
) -> Result<Result<AuditVerification, String>, Error> {
    let mut filter = AuditFilter {
        limit: AUDIT_PAGE_ROWS,
        ..AuditFilter::default()
    };
    let mut check = AuditVerifier::default();
    loop {
        context.check_cancelled()?;
        let page = match store.audit(&filter) {
            Ok(page) => page,
            Err(error) => return Ok(Err(unread(&error).remove(0))),
        };
        let full = page.len() == AUDIT_PAGE_ROWS;
        filter.before = page.last().map(|row| row.seq);
        page.into_iter().for_each(|row| check.push(row));
        if !full {
            return Ok(Ok(check.finish()));
        }
    }
}

fn unread(error: &StoreError) -> Vec<String> {
    vec![format!("it cannot be read: {error}")]
}

fn result(
    mut damage: Vec<String>,
    report: &IntegrityReport,
    trail: Result<AuditVerification, String>,
) -> Output {
    damage.extend(report.damage.iter().cloned());
    let (mut rows, mut head) = (0, None);
    match trail {
        Ok(trail) => {
            rows = trail.rows;
            head = trail.head.map(|(seq, hash)| format!("{seq}:{hash}"));
            let told = |found: &kt_control_api::AuditCorruption| {
                format!("row {} of the trail: {}", found.seq, found.message)
            };
            damage.extend(trail.damage.iter().map(told));
        }
        Err(unread) => damage.push(unread),
    }
    // The same cause may show in several checks.
    damage.dedup();
    let whole = damage.is_empty();
    let listed = |lines: &[String]| -> Vec<Value> {
        lines.iter().map(|line| json!({"message": line})).collect()
    };
    let value = json!({
        "result": if whole { "whole" } else { "damaged" },
        "gateways": report.gateways,
        "versions": report.versions,
        "tokens": report.tokens,
        "audit": rows,
        "head": head,
        "damage": listed(&damage),
        "notes": listed(&report.notes),
    });
    let output =
        Output::new("kt.control-plane.fsck/1", value, view(whole, report)).name_path("/result");
    if whole {
        output
    } else {
        output
            .outcome(Class::Negative.name())
            .note("`kt control-plane restore` puts a backup in its place")
    }
}

fn view(whole: bool, report: &IntegrityReport) -> View {
    let mut sections = vec![View::Fields(vec![
        Field::new("Result", "/result").format(CellFormat::State),
        Field::new("Gateways", "/gateways"),
        Field::new("Versions", "/versions"),
        Field::new("Tokens", "/tokens"),
        Field::new("Rows of the trail", "/audit"),
        Field::new("Head", "/head"),
    ])];
    let mut table = |rows: &str, title: &str| {
        sections.push(View::Table {
            rows: rows.to_owned(),
            columns: vec![Column::new(title, "/message")],
            empty: String::new(),
        });
    };
    if !whole {
        table("/damage", "DAMAGE");
    }
    if !report.notes.is_empty() {
        table("/notes", "NOTE");
    }
    View::Sections(sections)
}
