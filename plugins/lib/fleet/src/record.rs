//! The record of an execution: a file whose first line is the plan, and each other one a result.

use std::collections::BTreeMap;
use std::fs::{DirBuilder, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use kt_control_api::{GatewayId, PrivateTempFile, random_base32};
use kt_plugin_api::{Class, Error};

use crate::plan::Plan;
use crate::result::ItemResult;

/// The directory of the records in the state directory.
const DIRECTORY: &str = "fleet";

/// The record of an execution.
#[derive(Debug)]
pub struct Record {
    path: PathBuf,
    file: File,
}

impl Record {
    /// Writes the plan to a new file that only the user can read.
    ///
    /// # Errors
    /// Class `unavailable` when the file cannot be written; nothing may be changed then.
    pub fn create(state_dir: &Path, plan: &Plan) -> Result<Self, Error> {
        let time = plan.created_at.strftime("%Y%m%dT%H%M%SZ");
        let name = format!("{}-{time}-{}.jsonl", plan.verb, random_base32(4));
        let path = state_dir.join(DIRECTORY).join(name);
        Self::write(&path, plan).map_err(|error| unwritable(&path, &error))?;
        Self::open(&path)
    }

    fn write(path: &Path, plan: &Plan) -> io::Result<()> {
        if let Some(directory) = path.parent() {
            DirBuilder::new()
                .recursive(true)
                .mode(0o700)
                .create(directory)?;
        }
        let temporary = PrivateTempFile::beside(path)?;
        let mut line = serde_json::to_vec(plan)?;
        line.push(b'\n');
        temporary.open()?.write_all(&line)?;
        temporary.persist(path)
    }

    /// Opens a record to continue it.
    ///
    /// # Errors
    /// Class `unavailable` when it cannot be written.
    pub fn open(path: &Path) -> Result<Self, Error> {
        let mut options = OpenOptions::new();
        let file = options.append(true).mode(0o600).open(path);
        Ok(Self {
            file: file.map_err(|error| unwritable(path, &error))?,
            path: path.to_owned(),
        })
    }

    /// Reads a record: the plan, and the last result of each gateway. `name` is a path, or the name
    /// of a file among the records.
    ///
    /// # Errors
    /// Class `not-found` when there is no such file, `usage` when it is not a record.
    pub fn read(
        state_dir: &Path,
        name: &Path,
    ) -> Result<(PathBuf, Plan, BTreeMap<GatewayId, ItemResult>), Error> {
        let among = state_dir.join(DIRECTORY).join(name);
        let path = if name.exists() {
            name.to_owned()
        } else {
            among
        };
        let text = std::fs::read_to_string(&path).map_err(|error| {
            let message = format!("cannot read the record `{}`", path.display());
            Error::new(Class::NotFound, "no-record", message)
                .cause(error)
                .hint(format!(
                    "the records are in `{}`",
                    state_dir.join(DIRECTORY).display()
                ))
        })?;
        let mut lines = text.lines();
        let plan: Option<Plan> = lines
            .next()
            .and_then(|line| serde_json::from_str(line).ok())
            .filter(|plan: &Plan| plan.format == Plan::FORMAT);
        let plan = plan.ok_or_else(|| {
            let message = format!("`{}` is not a record of a fleet command", path.display());
            Error::new(Class::Usage, "invalid-record", message)
        })?;
        // The last line may be torn: its gateway is changed again, or refused because it has changed.
        let results = lines.filter_map(|line| serde_json::from_str::<ItemResult>(line).ok());
        let results = results.map(|result| (result.id.clone(), result)).collect();
        Ok((path, plan, results))
    }

    /// Returns the path of the file.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Appends a result.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn append(&mut self, result: &ItemResult) -> io::Result<()> {
        let mut line = serde_json::to_vec(result)?;
        line.push(b'\n');
        self.file.write_all(&line)
    }

    /// Syncs what was appended to disk.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn sync(&self) -> io::Result<()> {
        self.file.sync_data()
    }
}

fn unwritable(path: &Path, error: &io::Error) -> Error {
    let message = format!("cannot write the record `{}`", path.display());
    Error::new(Class::Unavailable, "record", message)
        .cause(error)
        .hint("without a record, an interrupted command could not be resumed; nothing was changed")
}

#[cfg(test)]
mod tests {
    use super::Record;
    use crate::plan::Plan;
    use crate::result::ItemResult;
    use kt_control_api::{GatewayId, Timestamp};
    use std::io::Write;
    use std::os::unix::fs::PermissionsExt;
    use std::path::Path;

    fn plan() -> Plan {
        Plan {
            format: Plan::FORMAT.to_owned(),
            verb: "update".to_owned(),
            created_at: Timestamp::UNIX_EPOCH,
            control_plane: "embedded".to_owned(),
            selector: "team=x".to_owned(),
            request: serde_json::json!({"a": 1}),
            gateways: Vec::new(),
        }
    }

    #[test]
    fn results_are_read_back_and_a_torn_line_is_ignored() {
        let dir = tempfile::tempdir().unwrap();
        let mut record = Record::create(dir.path(), &plan()).unwrap();
        let mode = record.path().metadata().unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        let (one, two) = (GatewayId::random(), GatewayId::random());
        let failed = ItemResult::failed(&one, "one", "failed", "no answer");
        record.append(&failed).unwrap();
        record
            .append(&ItemResult::done(&one, "one", "updated"))
            .unwrap();
        record
            .append(&ItemResult::failed(&two, "two", "failed", "x"))
            .unwrap();
        record.file.write_all(b"{\"id\": \"gw_").unwrap();
        record.sync().unwrap();
        let name = record.path().file_name().unwrap();
        let (path, read, results) = Record::read(dir.path(), Path::new(name)).unwrap();
        assert_eq!((path.as_path(), read), (record.path(), plan()));
        assert_eq!(results.len(), 2);
        assert!(results[&one].succeeded && !results[&two].succeeded);
    }

    #[test]
    fn other_files_are_no_records() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("x");
        let missing = Record::read(dir.path(), &file).unwrap_err();
        assert_eq!(missing.id, "no-record");
        std::fs::write(&file, "{}\n").unwrap();
        let other = Record::read(dir.path(), &file).unwrap_err();
        assert_eq!(other.id, "invalid-record");
    }
}
