//! Export from a store, and import into another one.

use std::time::Duration;

use kt_control_api::{
    ContentHash, DriftPolicy, GatewayId, RevertRequest, Timestamp, Token, TokenKind,
};
use sha2::{Digest, Sha256};

use super::audit_log;
use super::fixture::{StoreFixture, bare, change, edge, gateway, now, version};
use crate::fixture::serving;
use crate::store::{
    ContentRow, ExportHeader, ExportRecord, GatewayAction, GatewayRef, GatewayRow, HaltChange,
    ImportSummary, NewGateway, NewToken, PruneOptions, Selection, Store, StoreError, StoredScope,
    Transfer,
};

/// Tests every kind of transfer from a store to others.
pub(crate) fn transfers<T: StoreFixture>(from: &dyn StoreFixture, new: &dyn Fn() -> T) {
    let made = fill(&*from.open());
    let whole = records(&*from.open_for_transfer(), &Selection::Whole);
    let to = new();
    a_whole_store_is_imported_unchanged(&to, &whole);
    an_imported_store_can_be_changed(&to, &made);
    nothing_is_imported_twice(&to, &whole);
    a_gateway_is_added_to_others(&new(), from, &made);
    an_incomplete_import_writes_nothing(&new(), &whole);
}

/// Fills a store with objects of every kind. Returns the gateway with several versions.
pub(super) fn fill(store: &dyn Store) -> GatewayId {
    let mut new = gateway("edge");
    let (id, token) = (new.gateway.id.clone(), Token::random(TokenKind::Gateway));
    new.token = Some(NewToken::of(
        &token,
        StoredScope::Gateway(id.clone()),
        "edge",
    ));
    new.gateway.drift = DriftPolicy::Repair;
    new.gateway
        .labels
        .insert("zone".to_owned(), "\u{fc} \"1\"".to_owned());
    store.create(&change(), &new).unwrap();
    store
        .publish(&change(), &edge(), &version("b: \u{1f980}\n"))
        .unwrap();
    let revert = RevertRequest {
        version: 1,
        reason: Some("back".to_owned()),
    };
    store.revert(&change(), &edge(), &revert).unwrap();
    let halt = GatewayAction::Halt(HaltChange::Halt {
        reason: "leak".to_owned(),
        until: None,
    });
    store.act(&change(), &edge(), &halt).unwrap();
    let found = store.find(&edge()).unwrap().view(now());
    store.report(now(), &edge(), &serving(1, &found)).unwrap();
    let scope = StoredScope::Bootstrap { registered: None };
    let bootstrap = NewToken {
        expires_at: Some(now() + Duration::from_secs(60)),
        ..NewToken::of(&Token::random(TokenKind::Bootstrap), scope, "rack-7")
    };
    store.create_token(&change(), &bootstrap).unwrap();
    let enrolled = NewGateway {
        bootstrap_token: Some(bootstrap.id),
        ..bare("empty")
    };
    store.create(&change(), &enrolled).unwrap();
    let old = GatewayRef::Id(store.create(&change(), &gateway("old")).unwrap().gateway);
    for text in ["o2", "o3", "o4"] {
        store.publish(&change(), &old, &version(text)).unwrap();
    }
    store.pin(&change(), &old, 3, true).unwrap();
    let prune = PruneOptions {
        keep: 1,
        dry_run: false,
        reason: None,
    };
    store.prune(&change(), &old, &prune).unwrap();
    let gone = store.create(&change(), &gateway("gone")).unwrap().gateway;
    store.delete(&change(), &GatewayRef::Id(gone)).unwrap();
    let admin = Token::random(TokenKind::Access);
    store
        .add_token(
            &change(),
            &NewToken::of(&admin, StoredScope::Admin, "admin"),
        )
        .unwrap();
    id
}

fn records(store: &dyn Transfer, selection: &Selection) -> Vec<ExportRecord> {
    let mut found = Vec::new();
    store
        .export(selection, &mut |record| {
            found.push(record);
            Ok(())
        })
        .unwrap();
    found
}

fn import(
    to: &dyn StoreFixture,
    whole: bool,
    records: &[ExportRecord],
) -> Result<ImportSummary, StoreError> {
    let header = ExportHeader {
        format: ExportHeader::FORMAT.to_owned(),
        kt: "test".to_owned(),
        exported_at: now(),
        epoch: "elsewhere".to_owned(),
        whole,
    };
    let mut records = records.iter().cloned().map(Ok);
    to.open_for_transfer()
        .import(&change(), &header, &mut records)
}

fn a_whole_store_is_imported_unchanged(to: &dyn StoreFixture, whole: &[ExportRecord]) {
    let count = |is: fn(&ExportRecord) -> bool| whole.iter().filter(|record| is(record)).count();
    assert_eq!(count(|r| matches!(r, ExportRecord::Gateway(_))), 4);
    assert_eq!(
        count(|r| matches!(r, ExportRecord::Content(_))),
        4,
        "each once"
    );
    assert_eq!(count(|r| matches!(r, ExportRecord::Version(_))), 8);
    assert_eq!(count(|r| matches!(r, ExportRecord::Token(_))), 3);
    assert!(count(|r| matches!(r, ExportRecord::ApplyOutcome(_))) > 0);
    let imported = import(to, true, whole).unwrap();
    assert_eq!(
        (imported.gateways.len(), imported.versions, imported.tokens),
        (4, 8, 3)
    );
    assert_eq!(imported.audit, 16);
    assert_eq!(records(&*to.open_for_transfer(), &Selection::Whole), whole);
    let report = audit_log::verify(&*to.open());
    assert_eq!((report.rows, report.damage), (16, vec![]));
    assert_ne!(to.open().epoch().unwrap(), "elsewhere");
}

fn an_imported_store_can_be_changed(to: &dyn StoreFixture, made: &GatewayId) {
    let store = to.open();
    let found = store.find(&edge()).unwrap().gateway;
    assert_eq!((&found.id, found.last_version), (made, 3));
    assert_eq!(found.halt.unwrap().reason, "leak");
    assert_eq!(store.content(made, 2).unwrap(), "b: \u{1f980}\n");
    let next = store.publish(&change(), &edge(), &version("c")).unwrap();
    assert_eq!(next.version, Some(4));
    assert!(audit_log::verify(&*store).damage.is_empty());
}

fn nothing_is_imported_twice(to: &dyn StoreFixture, whole: &[ExportRecord]) {
    let before = records(&*to.open_for_transfer(), &Selection::Whole);
    let refused = import(to, true, whole).unwrap_err();
    let StoreError::AlreadyExists(existing) = refused else {
        panic!("{refused}");
    };
    assert_eq!(
        existing.len(),
        3,
        "all of them, without deleted ones: {existing:?}"
    );
    assert_eq!(records(&*to.open_for_transfer(), &Selection::Whole), before);
}

fn a_gateway_is_added_to_others(to: &dyn StoreFixture, from: &dyn StoreFixture, made: &GatewayId) {
    to.open().create(&change(), &gateway("other")).unwrap();
    let selection = Selection::Gateways(vec![made.clone()]);
    let part = records(&*from.open_for_transfer(), &selection);
    let imported = import(to, false, &part).unwrap();
    assert_eq!(
        (imported.gateways, imported.versions),
        (vec![made.clone()], 3)
    );
    assert_eq!((imported.tokens, imported.audit), (1, 0), "its own");
    assert_eq!(records(&*to.open_for_transfer(), &selection), part);
    let rows = audit_log::rows(&*to.open());
    assert_eq!((rows.len(), rows[0].action.as_str()), (2, "gateway.import"));
    assert_eq!(rows[0].detail["from"], "elsewhere");
    assert!(audit_log::verify(&*to.open()).damage.is_empty());

    // The same name with another id.
    let Some(ExportRecord::Gateway(row)) = part.first() else {
        panic!("the gateway comes first");
    };
    let namesake = GatewayRow {
        id: GatewayId::random(),
        last_version: 0,
        desired_version: None,
        ..row.clone()
    };
    let refused = import(to, false, &[ExportRecord::Gateway(namesake)]).unwrap_err();
    assert!(refused.to_string().contains("the name `edge`"), "{refused}");
}

fn an_incomplete_import_writes_nothing(to: &dyn StoreFixture, whole: &[ExportRecord]) {
    let mut forged = whole.to_vec();
    for record in &mut forged {
        if let ExportRecord::Audit(row) = record {
            row.actor = "another user".to_owned();
            break;
        }
    }
    let refused = import(to, true, &forged).unwrap_err();
    assert!(matches!(refused, StoreError::Corrupt(_)), "{refused}");

    let mut gap = whole.to_vec();
    gap.retain(|record| !matches!(record, ExportRecord::Version(row) if row.version == 2));
    import(to, true, &gap).unwrap_err();
    let mut hollow = whole.to_vec();
    hollow.retain(
        |record| !matches!(record, ExportRecord::Content(row) if row.content.starts_with('b')),
    );
    let refused = import(to, true, &hollow).unwrap_err();
    assert!(refused.to_string().contains("has no content"), "{refused}");

    let header = ExportHeader {
        format: ExportHeader::FORMAT.to_owned(),
        kt: "test".to_owned(),
        exported_at: Timestamp::UNIX_EPOCH,
        epoch: "elsewhere".to_owned(),
        whole: true,
    };
    let cut = || StoreError::InvalidExport {
        line: 9,
        reason: "cut off".to_owned(),
    };
    let mut records = whole.iter().take(9).cloned().map(Ok).chain([Err(cut())]);
    let refused = to
        .open_for_transfer()
        .import(&change(), &header, &mut records);
    assert_eq!(refused.unwrap_err().to_string(), "line 9: cut off");

    let text = "orphan".to_owned();
    let orphan = ExportRecord::Content(ContentRow {
        sha256: ContentHash::from_bytes(Sha256::digest(&text).into()),
        content: text,
    });
    assert_eq!(to.count("SELECT count(*) FROM gateways"), 0);
    assert_eq!(to.count("SELECT count(*) FROM audit"), 0);
    assert_eq!(to.count("SELECT count(*) FROM blobs"), 0);
    import(to, true, &[orphan]).unwrap();
}
