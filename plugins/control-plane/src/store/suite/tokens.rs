//! Tokens.

use kt_control_api::{Token, TokenKind};

use super::place::{Place, change, edge, gateway, now};
use crate::store::{NewGateway, NewToken, TokenScope};

pub(crate) fn tokens_are_known_by_their_hashes(place: &dyn Place) {
    let store = place.open();
    let admin = Token::random(TokenKind::Access);
    assert!(!store.has_admin_token(now()).unwrap());
    assert!(store.token(&admin.hash()).unwrap().is_none());
    let reader = Token::random(TokenKind::Access);
    let read = NewToken::of(&reader, TokenScope::Read, "reader");
    store.add_token(&change(), &read).unwrap();
    assert!(!store.has_admin_token(now()).unwrap());
    let all = NewToken::of(&admin, TokenScope::Admin, "admin");
    store.add_token(&change(), &all).unwrap();
    store.add_token(&change(), &all).unwrap();
    assert!(store.has_admin_token(now()).unwrap());
    let known = store.token(&admin.hash()).unwrap().unwrap();
    assert_eq!(
        (known.name.as_str(), known.scope),
        ("admin", TokenScope::Admin)
    );
    assert!(!known.revoked && known.expires_at.is_none());
    assert_eq!(place.count("SELECT count(*) FROM tokens"), 2);
    assert_eq!(
        place.texts("SELECT action FROM audit ORDER BY seq"),
        ["token.create", "token.create"],
        "a known token makes no row"
    );
    assert!(place.tamper("UPDATE tokens SET expires_at = 1 WHERE scope = 'admin'"));
    assert!(!store.has_admin_token(now()).unwrap(), "it has ended");
    let ended = store.token(&admin.hash()).unwrap().unwrap();
    assert_eq!(ended.expires_at.unwrap().as_microsecond(), 1);
}

pub(crate) fn a_gateways_tokens_end_with_it(place: &dyn Place) {
    let store = place.open();
    let mut new: NewGateway = gateway("edge");
    let token = Token::random(TokenKind::Gateway);
    let scope = TokenScope::Gateway(new.id.clone());
    new.token = Some(NewToken::of(&token, scope.clone(), "edge"));
    store.create(&change(), &new).unwrap();
    let known = store.token(&token.hash()).unwrap().unwrap();
    assert_eq!((known.scope, known.revoked), (scope, false));
    store.delete(&change(), &edge()).unwrap();
    assert!(store.token(&token.hash()).unwrap().unwrap().revoked);
    assert_eq!(place.count("SELECT count(*) FROM audit"), 2);
}
