//! Changes of the store file without kt.

use super::sandbox::Sandbox;
use std::path::Path;

/// Executes SQL statements on the store of a sandbox. `python` has SQLite built in.
pub(crate) fn execute_sql(sandbox: &Sandbox, python: &Path, sql: &str) {
    let file = sandbox.home().join("state/control-plane.db");
    let script = "import sqlite3, sys; c = sqlite3.connect(sys.argv[1]); \
                  c.executescript(sys.argv[2]); c.commit()";
    let args = ["-c", script, &file.display().to_string(), sql];
    sandbox.program(python).args(args).run().ok();
}
