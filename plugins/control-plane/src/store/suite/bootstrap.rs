//! Bootstrap tokens: each creates one gateway.

use std::thread;
use std::time::Duration;

use kt_control_api::{Token, TokenKind};

use super::fixture::{StoreFixture, after, bare, change, gateway, keyed, now};
use crate::store::{
    ChangeContext, GatewayRef, NewGateway, NewToken, StoreError, StoredScope, TokenFilter,
};

fn fresh() -> NewToken {
    let scope = StoredScope::Bootstrap { registered: None };
    NewToken {
        expires_at: Some(now() + Duration::from_secs(60)),
        ..NewToken::of(&Token::random(TokenKind::Bootstrap), scope, "rack-7")
    }
}

/// A gateway with a token of its own, created with `token`.
fn with_bootstrap_token(name: &str, token: &NewToken) -> NewGateway {
    let new = gateway(name);
    let scope = StoredScope::Gateway(new.gateway.id.clone());
    NewGateway {
        token: Some(NewToken::of(&Token::random(TokenKind::Gateway), scope, "x")),
        bootstrap_token: Some(token.id.clone()),
        ..new
    }
}

fn is_inactive(error: &StoreError, token: &NewToken) -> bool {
    matches!(error, StoreError::TokenInactive(id) if *id == token.id)
}

pub(crate) fn a_bootstrap_token_is_consumed_by_the_gateway_it_creates(fixture: &dyn StoreFixture) {
    let store = fixture.open();
    let token = fresh();
    store.create_token(&change(), &token).unwrap();
    let known = store.token(&token.hash).unwrap().unwrap();
    assert_eq!(known.scope, StoredScope::Bootstrap { registered: None });
    let edge = with_bootstrap_token("edge", &token);
    store.create(&change(), &edge).unwrap();
    let known = store.token(&token.hash).unwrap().unwrap();
    let registered = Some(edge.gateway.id.clone());
    assert_eq!(known.scope, StoredScope::Bootstrap { registered });
    assert_eq!(known.revoked_at, Some(now()));
    assert!(store.find(&GatewayRef::Id(edge.gateway.id.clone())).is_ok());
    let of_edge = TokenFilter {
        gateway: Some(edge.gateway.id),
        limit: 10,
        ..TokenFilter::default()
    };
    assert_eq!(store.tokens(&of_edge).unwrap().len(), 2, "and its own");
    let mut rows = fixture.texts("SELECT action FROM audit ORDER BY seq");
    rows[1..].sort();
    assert_eq!(rows, ["token.create", "gateway.create", "token.consume"]);
    assert!(
        !fixture.tamper("UPDATE tokens SET revoked_at = NULL WHERE scope = 'bootstrap'"),
        "one that has created a gateway stays consumed"
    );
}

pub(crate) fn inactive_and_other_tokens_create_no_gateway(fixture: &dyn StoreFixture) {
    let store = fixture.open();
    let [used, revoked, expired] = [(); 3].map(|()| fresh());
    for token in [&used, &revoked, &expired] {
        store.create_token(&change(), token).unwrap();
    }
    store
        .create(&change(), &with_bootstrap_token("first", &used))
        .unwrap();
    store.revoke_token(&change(), &revoked.id).unwrap();
    let late = after(change(), Duration::from_secs(60));
    let reader = NewToken::of(&Token::random(TokenKind::Access), StoredScope::Read, "r");
    store.create_token(&change(), &reader).unwrap();
    let attempts: [(&ChangeContext, &NewToken); 4] = [
        (&change(), &used),
        (&change(), &revoked),
        (&late, &expired),
        (&change(), &reader),
    ];
    for (at, token) in attempts {
        let refused = store
            .create(at, &with_bootstrap_token("second", token))
            .unwrap_err();
        assert!(is_inactive(&refused, token), "{refused}");
    }
    assert_eq!(fixture.count("SELECT count(*) FROM gateways"), 1);
    assert_eq!(
        fixture.count("SELECT count(*) FROM tokens"),
        5,
        "and the gateway's"
    );
    assert!(store.token_by_id(&reader.id).unwrap().is_active(now()));
}

pub(crate) fn a_failed_creation_consumes_no_token(fixture: &dyn StoreFixture) {
    let store = fixture.open();
    store.create(&change(), &bare("edge")).unwrap();
    let token = fresh();
    store.create_token(&change(), &token).unwrap();
    let taken = store
        .create(&change(), &with_bootstrap_token("edge", &token))
        .unwrap_err();
    assert!(matches!(taken, StoreError::NameTaken { .. }), "{taken}");
    store.create(&keyed("k1", 1), &bare("other")).unwrap();
    let again = store
        .create(&keyed("k1", 1), &with_bootstrap_token("third", &token))
        .unwrap();
    assert!(again.replayed);
    assert!(store.token_by_id(&token.id).unwrap().is_active(now()));
    store
        .create(&keyed("k2", 2), &with_bootstrap_token("fourth", &token))
        .unwrap();
    assert!(!store.token_by_id(&token.id).unwrap().is_active(now()));
}

pub(crate) fn of_many_with_one_bootstrap_token_one_succeeds(fixture: &dyn StoreFixture) {
    let token = fresh();
    fixture.open().create_token(&change(), &token).unwrap();
    let done = thread::scope(|scope| {
        let running = ["a", "b", "c", "d"].map(|name| {
            let token = &token;
            scope.spawn(move || {
                fixture
                    .open()
                    .create(&change(), &with_bootstrap_token(name, token))
            })
        });
        running.map(|one| one.join().unwrap())
    });
    let (made, refused): (Vec<_>, Vec<_>) = done.into_iter().partition(Result::is_ok);
    assert_eq!(made.len(), 1);
    assert!(
        refused
            .iter()
            .all(|one| matches!(one, Err(error) if is_inactive(error, &token)))
    );
    assert_eq!(fixture.count("SELECT count(*) FROM gateways"), 1);
    assert_eq!(fixture.count("SELECT count(*) FROM tokens"), 2);
}
