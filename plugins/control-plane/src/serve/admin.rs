//! The first administrator's token.

use std::fs::{self, OpenOptions};
use std::io::{self, ErrorKind, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::Path;

use kt_control_api::{Timestamp, Token, TokenKind, new_request_id, random_base32};

use super::ServeError;
use crate::store::{ChangeContext, NewToken, Store, StoredScope};

/// Makes sure that somebody can administer the server. Returns whether a token was made.
///
/// The file comes before its row: after a crash in between, the next start takes the token from
/// the file. A row without a file could never be used by anybody.
pub(super) fn ensure_token(
    store: &dyn Store,
    path: &Path,
    must_exist: bool,
) -> Result<bool, ServeError> {
    let failed = |error: io::Error| ServeError::AdminToken(path.to_owned(), error.to_string());
    let (token, created) = match read(path) {
        Ok(token) => (token, false),
        Err(error) if error.kind() == ErrorKind::NotFound && !must_exist => {
            if store.has_admin_token(Timestamp::now())? {
                return Ok(false);
            }
            let token = Token::random(TokenKind::Access);
            write(path, &token).map_err(failed)?;
            (token, true)
        }
        Err(error) => return Err(failed(error)),
    };
    store.add_token(
        &by_server(),
        &NewToken::of(&token, StoredScope::Admin, "admin"),
    )?;
    Ok(created)
}

fn read(path: &Path) -> Result<Token, io::Error> {
    let facts = fs::metadata(path)?;
    if facts.mode() & 0o077 != 0 {
        return Err(io::Error::other(
            "others may read it; run `chmod 600` on it",
        ));
    }
    let text = fs::read_to_string(path)?;
    let token: Token = text.trim().parse().map_err(io::Error::other)?;
    if token.kind() != TokenKind::Access {
        return Err(io::Error::other("it is not an access token"));
    }
    Ok(token)
}

/// Writes the file whole or not at all.
fn write(path: &Path, token: &Token) -> Result<(), io::Error> {
    let directory = path.parent().unwrap_or(Path::new("."));
    let draft = directory.join(format!(".admin-{}", random_base32(8)));
    let mut file = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(&draft)?;
    writeln!(file, "{}", token.expose())?;
    file.sync_all()?;
    fs::rename(&draft, path)?;
    fs::File::open(directory)?.sync_all()
}

/// A change that nobody asked for.
pub(super) fn by_server() -> ChangeContext {
    ChangeContext {
        actor: "server".to_owned(),
        request_id: new_request_id(),
        now: Timestamp::now(),
        if_match: None,
        idempotency_key: None,
    }
}
