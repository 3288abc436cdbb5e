//! Tokens.

use std::thread;
use std::time::Duration;

use kt_control_api::{GatewayId, Token, TokenId, TokenKind};

use super::fixture::{StoreFixture, after, change, edge, gateway, keyed, now};
use crate::store::{NewGateway, NewToken, StoreError, StoredScope, TokenFilter, TokenUse};

pub(crate) fn tokens_are_found_by_their_hashes(fixture: &dyn StoreFixture) {
    let store = fixture.open();
    let admin = Token::random(TokenKind::Access);
    assert!(!store.has_admin_token(now()).unwrap());
    assert!(store.token(&admin.hash()).unwrap().is_none());
    let reader = Token::random(TokenKind::Access);
    let read = NewToken::of(&reader, StoredScope::Read, "reader");
    store.add_token(&change(), &read).unwrap();
    assert!(!store.has_admin_token(now()).unwrap());
    let all = NewToken::of(&admin, StoredScope::Admin, "admin");
    store.add_token(&change(), &all).unwrap();
    store.add_token(&change(), &all).unwrap();
    assert!(store.has_admin_token(now()).unwrap());
    let known = store.token(&admin.hash()).unwrap().unwrap();
    assert_eq!(
        (known.name.as_str(), known.scope),
        ("admin", StoredScope::Admin)
    );
    assert!(known.revoked_at.is_none() && known.expires_at.is_none());
    assert_eq!(fixture.count("SELECT count(*) FROM tokens"), 2);
    assert_eq!(
        fixture.texts("SELECT action FROM audit ORDER BY seq"),
        ["token.create", "token.create"],
        "an existing token writes no row"
    );
    assert!(fixture.tamper("UPDATE tokens SET expires_at = 1 WHERE scope = 'admin'"));
    assert!(!store.has_admin_token(now()).unwrap(), "it has expired");
    let ended = store.token(&admin.hash()).unwrap().unwrap();
    assert_eq!(ended.expires_at.unwrap().as_microsecond(), 1);
}

pub(crate) fn deleting_a_gateway_revokes_its_tokens(fixture: &dyn StoreFixture) {
    let store = fixture.open();
    let mut new: NewGateway = gateway("edge");
    let token = Token::random(TokenKind::Gateway);
    let scope = StoredScope::Gateway(new.gateway.id.clone());
    new.token = Some(NewToken::of(&token, scope.clone(), "edge"));
    store.create(&change(), &new).unwrap();
    let known = store.token(&token.hash()).unwrap().unwrap();
    assert_eq!((known.scope, known.revoked_at), (scope, None));
    store.delete(&change(), &edge()).unwrap();
    let known = store.token(&token.hash()).unwrap().unwrap();
    assert_eq!(known.revoked_at, Some(now()));
    assert_eq!(fixture.count("SELECT count(*) FROM audit"), 2);
}

fn fresh(scope: StoredScope, name: &str) -> NewToken {
    NewToken::of(&Token::random(TokenKind::Access), scope, name)
}

pub(crate) fn a_token_is_created_once_and_for_an_existing_gateway(fixture: &dyn StoreFixture) {
    let store = fixture.open();
    let new = NewToken {
        expires_at: Some(now() + Duration::from_secs(60)),
        ..fresh(StoredScope::Read, "reader")
    };
    let first = store.create_token(&keyed("k1", 1), &new).unwrap();
    let other = fresh(StoredScope::Read, "reader");
    let again = store.create_token(&keyed("k1", 1), &other).unwrap();
    assert!(again.replayed && !first.replayed);
    assert_eq!((&first.token, &again.token), (&new.id, &new.id));
    let known = store.token_by_id(&new.id).unwrap();
    assert_eq!((known.kind.as_str(), known.hint), ("access", new.hint));
    assert_eq!(
        (known.created_by.as_str(), known.created_at),
        ("test", now())
    );
    assert_eq!(known.expires_at, new.expires_at);
    let nowhere = fresh(StoredScope::Gateway(GatewayId::random()), "x");
    let refused = store.create_token(&keyed("k2", 2), &nowhere).unwrap_err();
    assert!(matches!(refused, StoreError::NotFound(_)), "{refused}");
    let gone = store.create(&change(), &gateway("edge")).unwrap().gateway;
    store.delete(&change(), &edge()).unwrap();
    let late = fresh(StoredScope::Gateway(gone), "x");
    let refused = store.create_token(&change(), &late).unwrap_err();
    assert!(matches!(refused, StoreError::Gone(_)), "{refused}");
    let missing = store.token_by_id(&TokenId::random()).unwrap_err();
    assert!(matches!(missing, StoreError::NotFound(_)), "{missing}");
    assert_eq!(fixture.count("SELECT count(*) FROM tokens"), 1);
}

pub(crate) fn tokens_are_listed_newest_first_and_filtered(fixture: &dyn StoreFixture) {
    let store = fixture.open();
    let edge = store.create(&change(), &gateway("edge")).unwrap().gateway;
    let scopes = [
        StoredScope::Admin,
        StoredScope::Read,
        StoredScope::Gateway(edge.clone()),
        StoredScope::Read,
    ];
    let mut made = Vec::new();
    for (n, scope) in (1..).zip(scopes) {
        // The last two have the same time.
        let at = after(change(), Duration::from_secs(n.min(3)));
        let new = fresh(scope, "x");
        store.create_token(&at, &new).unwrap();
        made.push(new.id);
    }
    made[2..].sort();
    made.reverse();
    let listed = |filter: &TokenFilter| -> Vec<TokenId> {
        let found = store.tokens(filter).unwrap();
        found.into_iter().map(|token| token.id).collect()
    };
    let all = TokenFilter {
        limit: 10,
        ..TokenFilter::default()
    };
    assert_eq!(listed(&all), made);
    let mut pages = Vec::new();
    while let Some(token) = listed(&TokenFilter {
        after: pages.last().cloned(),
        limit: 1,
        ..TokenFilter::default()
    })
    .pop()
    {
        pages.push(token);
    }
    assert_eq!(pages, made, "page by page");
    let oldest = made[3].clone();
    store.revoke_token(&change(), &oldest).unwrap();
    for (active, expected) in [(true, &made[..3]), (false, &made[3..])] {
        let filter = TokenFilter {
            active: Some((active, now())),
            ..all.clone()
        };
        assert_eq!(listed(&filter), expected);
    }
    let of_edge = TokenFilter {
        gateway: Some(edge),
        kind: Some("access".to_owned()),
        ..all.clone()
    };
    assert_eq!(listed(&of_edge).len(), 1);
    let bootstrap = TokenFilter {
        kind: Some("bootstrap".to_owned()),
        ..all
    };
    assert_eq!(listed(&bootstrap), []);
}

pub(crate) fn a_revoked_token_stays_revoked(fixture: &dyn StoreFixture) {
    let store = fixture.open();
    let token = fresh(StoredScope::Admin, "admin");
    store.create_token(&change(), &token).unwrap();
    assert!(
        !store
            .revoke_token(&keyed("k1", 1), &token.id)
            .unwrap()
            .unchanged
    );
    let later = after(change(), Duration::from_secs(9));
    assert!(store.revoke_token(&later, &token.id).unwrap().unchanged);
    assert!(
        store
            .revoke_token(&keyed("k1", 1), &token.id)
            .unwrap()
            .replayed
    );
    let known = store.token(&token.hash).unwrap().unwrap();
    assert_eq!(known.revoked_at, Some(now()));
    store.add_token(&later, &token).unwrap();
    assert!(!store.has_admin_token(now()).unwrap());
    assert_eq!(
        fixture.texts("SELECT action FROM audit ORDER BY seq"),
        ["token.create", "token.revoke"]
    );
}

pub(crate) fn a_use_is_stored_if_it_is_some_minutes_later(fixture: &dyn StoreFixture) {
    let store = fixture.open();
    let tokens = [(); 2].map(|()| fresh(StoredScope::Read, "reader"));
    for token in &tokens {
        store.create_token(&change(), token).unwrap();
    }
    let known = |n: usize| store.token_by_id(&tokens[n].id).unwrap().last_used_at;
    assert_eq!(known(0), None);
    let used = |n: usize, seconds| TokenUse {
        token: tokens[n].id.clone(),
        at: now() + Duration::from_secs(seconds),
    };
    let stranger = TokenUse {
        token: TokenId::random(),
        at: now(),
    };
    store.record_token_uses(&[used(0, 0), stranger]).unwrap();
    assert_eq!((known(0), known(1)), (Some(now()), None));
    store
        .record_token_uses(&[used(0, 299), used(1, 299)])
        .unwrap();
    assert_eq!(known(0), Some(now()), "too soon after the last one");
    assert_eq!(known(1), Some(now() + Duration::from_secs(299)));
    store.record_token_uses(&[used(0, 300)]).unwrap();
    assert_eq!(known(0), Some(now() + Duration::from_secs(300)));
    store.record_token_uses(&[used(0, 0)]).unwrap();
    assert_eq!(known(0), Some(now() + Duration::from_secs(300)), "the last");
    assert_eq!(fixture.count("SELECT count(*) FROM audit"), 2);
}

pub(crate) fn a_rotation_creates_one_token_and_ends_the_other(fixture: &dyn StoreFixture) {
    let store = fixture.open();
    let tokens = [(); 4].map(|()| fresh(StoredScope::Read, "reader"));
    store.create_token(&change(), &tokens[0]).unwrap();
    let soon = now() + Duration::from_secs(60);
    for (old, new, until) in [(0, 1, soon), (1, 2, now())] {
        let done = store
            .rotate_token(&change(), &tokens[old].id, &tokens[new], until)
            .unwrap();
        assert_eq!(done.token, tokens[new].id);
    }
    let known = |n: usize| store.token_by_id(&tokens[n].id).unwrap();
    assert_eq!(
        (known(0).expires_at, known(0).revoked_at),
        (Some(soon), None)
    );
    assert_eq!(known(1).revoked_at, Some(now()));
    let ended = store
        .rotate_token(&change(), &tokens[1].id, &tokens[3], soon)
        .unwrap_err();
    assert!(matches!(&ended, StoreError::TokenInactive(id) if *id == tokens[1].id));
    // A token that expires earlier does so.
    let far = soon + Duration::from_secs(60);
    store
        .rotate_token(&change(), &tokens[0].id, &tokens[3], far)
        .unwrap();
    assert_eq!(known(0).expires_at, Some(soon));
    assert_eq!(fixture.count("SELECT count(*) FROM tokens"), 4);
}

pub(crate) fn of_many_rotations_of_one_token_one_succeeds(fixture: &dyn StoreFixture) {
    let token = fresh(StoredScope::Read, "reader");
    fixture.open().create_token(&change(), &token).unwrap();
    let done = thread::scope(|scope| {
        let rotate = || {
            let new = fresh(StoredScope::Read, "reader");
            fixture
                .open()
                .rotate_token(&change(), &token.id, &new, now())
        };
        let running = [(); 4].map(|()| scope.spawn(rotate));
        running.map(|one| one.join().unwrap())
    });
    assert_eq!(
        done.iter().filter(|done| done.is_ok()).count(),
        1,
        "{done:?}"
    );
    assert_eq!(fixture.count("SELECT count(*) FROM tokens"), 2);
}
