//! Runs every query of a store, and records them.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use kt_control_api::{GatewayPatch, RevertRequest, SyncState, Timestamp, Token, TokenKind};

use super::fixture::{StoreFixture, bare, change, gateway, keyed, now, report, version};
use crate::fixture::{rejecting, serving};
use crate::store::{
    AuditEvent, AuditFilter, ExportHeader, ExportRecord, GatewayAction, GatewayFilter, GatewayRef,
    ListedState, NewGateway, NewToken, PruneOptions, Selection, StateFilter, Store, StoredScope,
    TokenFilter, TokenUse, Transfer,
};

thread_local! {
    static RECORDED: RefCell<Option<BTreeSet<String>>> = const { RefCell::new(None) };
}

/// Records a query.
pub(in crate::store) fn record(sql: &str) {
    RECORDED.with_borrow_mut(|recorded| {
        if let Some(queries) = recorded {
            let words: Vec<_> = sql.split_whitespace().collect();
            queries.insert(words.join(" "));
        }
    });
}

/// Returns the queries that `work` runs in this thread.
pub(crate) fn recorded(work: impl FnOnce()) -> BTreeSet<String> {
    RECORDED.set(Some(BTreeSet::new()));
    work();
    let queries = RECORDED.take().unwrap_or_default();
    let verbs = ["SELECT", "INSERT", "UPDATE", "DELETE", "WITH"];
    let is_query = |sql: &String| verbs.iter().any(|verb| sql.starts_with(verb));
    queries.into_iter().filter(is_query).collect()
}

/// Runs every query of a store at least once.
pub(crate) fn run_all(from: &dyn StoreFixture, to: &dyn StoreFixture) {
    let store = &*from.open();
    reads_without_rows(store);
    let tokens = changes_of_tokens(store);
    changes_of_gateways(store, &tokens[0]);
    lists(store);
    transfers(&*from.open_for_transfer(), &*to.open_for_transfer());
    transfer_of_a_gateway(&*from.open_for_transfer(), &*to.open_for_transfer());
    drop(store.delete(&change(), &named("edge")));
}

fn named(name: &str) -> GatewayRef {
    GatewayRef::Name(name.to_owned())
}

fn token(kind: TokenKind, scope: StoredScope) -> NewToken {
    NewToken::of(&Token::random(kind), scope, "x")
}

fn reads_without_rows(store: &dyn Store) {
    store.epoch().unwrap();
    store.change_counter().unwrap();
    store.probe().unwrap();
    assert!(store.find(&named("missing")).is_err());
    let unknown = bare("missing").gateway.id;
    assert!(store.find(&GatewayRef::Id(unknown)).is_err());
    store.has_admin_token(now()).unwrap();
}

fn changes_of_tokens(store: &dyn Store) -> Vec<NewToken> {
    let bootstrap = StoredScope::Bootstrap { registered: None };
    let bootstrap = NewToken {
        expires_at: Some(now() + Duration::from_secs(60)),
        ..token(TokenKind::Bootstrap, bootstrap)
    };
    let [first, second, third] = [(); 3].map(|()| token(TokenKind::Access, StoredScope::Read));
    store.create_token(&keyed("t", 1), &bootstrap).unwrap();
    store.add_token(&change(), &first).unwrap();
    store.create_token(&change(), &second).unwrap();
    store.token(&first.hash).unwrap();
    store.token_by_id(&first.id).unwrap();
    let later = now() + Duration::from_secs(9);
    store
        .rotate_token(&change(), &first.id, &third, later)
        .unwrap();
    store.revoke_token(&change(), &second.id).unwrap();
    let used = TokenUse {
        token: third.id.clone(),
        at: later,
    };
    store.record_token_uses(&[used]).unwrap();
    vec![bootstrap, first, second, third]
}

fn changes_of_gateways(store: &dyn Store, bootstrap: &NewToken) {
    let edge = named("edge");
    let mut new = gateway("edge");
    new.token = Some(token(
        TokenKind::Gateway,
        StoredScope::Gateway(new.gateway.id.clone()),
    ));
    store.create(&keyed("c", 1), &new).unwrap();
    store.create(&keyed("c", 1), &new).unwrap();
    assert!(store.create(&change(), &gateway("edge")).is_err());
    let enrolled = NewGateway {
        bootstrap_token: Some(bootstrap.id.clone()),
        ..bare("enrolled")
    };
    store.create(&change(), &enrolled).unwrap();
    let of_gateway = StoredScope::Gateway(new.gateway.id.clone());
    let of_gateway = token(TokenKind::Gateway, of_gateway);
    store.create_token(&change(), &of_gateway).unwrap();
    let patch = GatewayPatch {
        description: Some("y".to_owned()),
        labels: Some([("zone".to_owned(), Some("a".to_owned()))].into()),
        ..GatewayPatch::default()
    };
    store.update(&change(), &edge, &patch).unwrap();
    for text in ["one", "two", "three"] {
        store
            .publish(&keyed(text, 1), &edge, &version(text))
            .unwrap();
    }
    let by_id = GatewayRef::Id(new.gateway.id.clone());
    store.publish(&change(), &by_id, &version("four")).unwrap();
    let revert = RevertRequest {
        version: 2,
        reason: None,
    };
    store.revert(&change(), &edge, &revert).unwrap();
    let reload = GatewayAction::Reload { message: None };
    store.act(&keyed("r", 1), &edge, &reload).unwrap();
    let halt = crate::store::HaltChange::Halt {
        reason: "leak".to_owned(),
        until: None,
    };
    let halted = [new.gateway.id.clone()];
    store.change_halts(&change(), &halted, &halt).unwrap();
    let found = store.find(&edge).unwrap().view(now());
    for answer in [
        report(0, 1),
        serving(2, &found),
        rejecting(report(0, 3), &found),
        rejecting(report(0, 4), &found),
    ] {
        store.report(now(), &edge, &answer).unwrap();
    }
    let next = rejecting(report(0, 5), &found);
    let id = &new.gateway.id;
    let renewed = store.lease_renewal(now(), id, &next).unwrap().unwrap();
    store.renew_leases(&[renewed.1]).unwrap();
    store.settle_states(now()).unwrap();
    let found_again = store.find(&edge).unwrap().instances.remove(0).report;
    let same = kt_control_api::StatusReport {
        seq: 6,
        ..found_again
    };
    store.report(now(), &edge, &same).unwrap();
    // Of many answers, one deletes the oldest ones.
    for seq in 7..300 {
        let mut answer = serving(seq, &found);
        answer.applied.as_mut().unwrap().generation = seq;
        store.report(now(), &edge, &answer).unwrap();
    }
    store.desired_state(&GatewayRef::Id(id.clone())).unwrap();
    store.instance(id, &report(0, 1).instance_id).unwrap();
    store.awaits_answer(id, 999, now()).unwrap();
    store.versions(id, None, 3).unwrap();
    store.versions(id, Some(3), 3).unwrap();
    store.content(id, 1).unwrap();
    store.pin(&change(), &edge, 1, true).unwrap();
    for dry_run in [true, false] {
        let prune = PruneOptions {
            keep: 1,
            dry_run,
            reason: None,
        };
        store.prune(&keyed("p", dry_run.into()), &edge, &prune).ok();
        store.prune(&change(), &edge, &prune).unwrap();
    }
    assert!(store.content(id, 3).is_err(), "it was pruned");
}

fn lists(store: &dyn Store) {
    let label = |key: &str| (key.to_owned(), "a".to_owned());
    let some = |text: &str| Some(text.to_owned());
    let labels = [
        vec![],
        vec![label("zone")],
        vec![label("tier"), label("zone")],
    ];
    for (labels, after, prefix) in labels.iter().flat_map(|labels| {
        [None, some("n1")].into_iter().flat_map(move |after| {
            ["", "n"].map(|prefix| (labels.clone(), after.clone(), prefix.to_owned()))
        })
    }) {
        let state = |state| StateFilter {
            state,
            now: now(),
            boot_id: Some("boot".to_owned()),
        };
        let pending = ListedState::Sync(SyncState::Pending);
        for state in [None, Some(state(pending)), Some(state(ListedState::Halted))] {
            let filter = GatewayFilter {
                after: after.clone(),
                prefix: prefix.clone(),
                labels: labels.clone().into_iter().collect::<BTreeMap<_, _>>(),
                state,
                limit: 1,
            };
            store.list(&filter).unwrap();
        }
    }
    store.settle_states(now()).unwrap();
    store.has_unsettled_states(now()).unwrap();
    let token = store.tokens(&token_filter()).unwrap().remove(0).id;
    let gateway = store.find(&named("edge")).unwrap().gateway.id;
    for after in [None, Some(token)] {
        for active in [None, Some((true, now())), Some((false, now()))] {
            for (kind, gateway) in [
                (None, None),
                (some("access"), None),
                (None, Some(gateway.clone())),
                (some("access"), Some(gateway.clone())),
            ] {
                let filter = TokenFilter {
                    after: after.clone(),
                    active,
                    kind,
                    gateway,
                    limit: 1,
                };
                store.tokens(&filter).unwrap();
            }
        }
    }
    let time = |micros| Timestamp::from_microsecond(micros).ok();
    let bits = |bits: u8, bit: u8, text: &str| some(text).filter(|_| bits & bit > 0);
    for filters in 0..128_u8 {
        let filter = AuditFilter {
            target: bits(filters, 1, "t1"),
            actor: bits(filters, 2, "a1"),
            action: bits(filters, 4, "c1"),
            since: time(5).filter(|_| filters & 8 > 0),
            until: time(900).filter(|_| filters & 16 > 0),
            before: Some(50).filter(|_| filters & 32 > 0),
            after: Some(10).filter(|_| filters & 64 > 0),
            limit: 1,
        };
        store.audit(&filter).unwrap();
    }
    let event = AuditEvent {
        action: "store.backup",
        target: "x".to_owned(),
        detail: serde_json::Value::Null,
    };
    store.record_audit_event(&change(), &event).unwrap();
}

fn token_filter() -> TokenFilter {
    TokenFilter {
        limit: 1,
        ..TokenFilter::default()
    }
}

fn transfers(from: &dyn Transfer, to: &dyn Transfer) {
    let mut records = Vec::new();
    let mut sink = |record| {
        records.push(Ok(record));
        Ok(())
    };
    from.version_count().unwrap();
    from.export(&Selection::Whole, &mut sink).unwrap();
    let mut source = records.into_iter();
    to.import(&change(), &header(true), &mut source).unwrap();
}

/// Imports a gateway into a store that is not empty.
fn transfer_of_a_gateway(from: &dyn Transfer, to: &dyn Transfer) {
    let mut records = Vec::new();
    let mut sink = |record| {
        records.push(record);
        Ok(())
    };
    let nothing = Selection::Gateways(Vec::new());
    from.export(&nothing, &mut sink).unwrap();
    let mut row = bare("imported").gateway;
    row.created_at = now();
    records.push(ExportRecord::Gateway(row));
    let mut source = records.into_iter().map(Ok);
    to.import(&change(), &header(false), &mut source).unwrap();
}

fn header(whole: bool) -> ExportHeader {
    ExportHeader {
        format: ExportHeader::FORMAT.to_owned(),
        kt: "test".to_owned(),
        exported_at: now(),
        epoch: "elsewhere".to_owned(),
        whole,
    }
}
