//! The token of the first administrator.

use std::fs;
use std::io::{self, ErrorKind, Write};
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use kt_control_api::{Timestamp, Token, TokenKind, new_request_id};
use tempfile::NamedTempFile;

use super::error::ServeError;
use crate::store::{ChangeContext, NewToken, Store, StoredScope};

/// Name of the file with the token of the first administrator.
pub const ADMIN_TOKEN_FILE: &str = "admin.token";

/// Creates a token with scope `admin`, unless there is one. Returns whether it was created.
///
/// The file is written before the row: after a crash between the two, the next start reads the
/// token from the file. Nobody would know the token of a row without a file.
pub(super) fn ensure_admin_token(
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
        &server_change(),
        &NewToken::of(&token, StoredScope::Admin, "admin"),
    )?;
    Ok(created)
}

fn read(path: &Path) -> Result<Token, io::Error> {
    let metadata = fs::metadata(path)?;
    if metadata.mode() & 0o077 != 0 {
        return Err(io::Error::other(
            "the file is accessible to other users; run `chmod 600` on it",
        ));
    }
    let text = fs::read_to_string(path)?;
    let token: Token = text.trim().parse().map_err(io::Error::other)?;
    if token.kind() != TokenKind::Access {
        return Err(io::Error::other("the token is not an access token"));
    }
    Ok(token)
}

/// Writes the file atomically.
fn write(path: &Path, token: &Token) -> Result<(), io::Error> {
    let directory = path.parent().unwrap_or(Path::new("."));
    // The file is created with mode 600.
    let mut file = NamedTempFile::with_prefix_in(".admin-", directory)?;
    writeln!(file, "{}", token.expose())?;
    file.as_file().sync_all()?;
    file.persist(path)?;
    fs::File::open(directory)?.sync_all()
}

/// Returns a change that the server makes by itself.
pub(super) fn server_change() -> ChangeContext {
    ChangeContext {
        actor: "server".to_owned(),
        request_id: new_request_id(),
        now: Timestamp::now(),
        if_match: None,
        idempotency_key: None,
    }
}
