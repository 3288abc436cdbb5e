//! Tokens of the control plane.

use kt_control_api::{Token, TokenKind};

/// A token is exactly the text that was parsed, and no message contains it.
pub(super) fn check(input: &[u8]) {
    let Ok(text) = std::str::from_utf8(input) else {
        return;
    };
    match text.parse::<Token>() {
        Ok(token) => {
            assert_eq!(token.expose(), text);
            assert!(text.starts_with(token.kind().prefix()));
            assert!(!format!("{token:?}").contains(text), "the token is printed");
        }
        Err(error) => {
            let message = format!("{error} {error:?}");
            let secret = text.len() > 20 && message.contains(text);
            assert!(!secret, "the text is printed");
        }
    }
}

pub(super) fn seeds() -> Vec<Vec<u8>> {
    [TokenKind::Access, TokenKind::Gateway, TokenKind::Bootstrap]
        .map(|kind| Token::random(kind).expose().as_bytes().to_vec())
        .to_vec()
}
