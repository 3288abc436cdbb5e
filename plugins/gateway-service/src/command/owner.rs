//! Whose services these are. A service belongs to its user: kt run by somebody
//! else, such as through `sudo`, would write files that the user cannot change,
//! or act on services of the wrong one.

use crate::environment::Environment;
use kt_plugin_api::service::ProbeOutcome;
use kt_plugin_api::service::execute::{ExecOutcome, Runner};
use kt_plugin_api::{Class, Error};
use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

/// How long asking for a user's name may take.
const NAME_TIMEOUT: Duration = Duration::from_secs(5);

/// Who runs kt, and what is looked at with.
pub(super) struct Owner<'a> {
    uid: u32,
    runner: &'a dyn Runner,
}

impl<'a> Owner<'a> {
    pub(super) fn me(runner: &'a dyn Runner) -> Self {
        Self {
            uid: rustix::process::geteuid().as_raw(),
            runner,
        }
    }

    /// # Errors
    /// Class `unauthorized` with id `wrong-user`.
    pub(super) fn refuse_sudo(&self, env: &Environment) -> Result<(), Error> {
        match &env.sudo_user {
            Some(user) if self.uid == 0 => Err(Error::new(
                Class::Unauthorized,
                "wrong-user",
                "a gateway is a service of its user, and `sudo` would make it root's",
            )
            .hint(format!("run kt as {user}, without `sudo`"))),
            _ => Ok(()),
        }
    }

    /// # Errors
    /// Class `unauthorized` with id `runtime-dir-foreign`.
    pub(super) fn refuse_foreign_session(&self, runtime_dir: Option<&Path>) -> Result<(), Error> {
        let Some(dir) = runtime_dir else {
            return Ok(());
        };
        let Some(owner) = self.other_owner(dir, &[]) else {
            return Ok(());
        };
        let message = format!(
            "the runtime directory `{}` belongs to user {owner}, not to {}",
            dir.display(),
            self.uid
        );
        Err(
            Error::new(Class::Unauthorized, "runtime-dir-foreign", message).hint(format!(
                "run kt as {}, or as yourself without `XDG_RUNTIME_DIR`",
                self.name_of(owner)
            )),
        )
    }

    /// The state directory, or the nearest one above it that exists, must be
    /// one's own; the system's may lie above it.
    ///
    /// # Errors
    /// Class `unauthorized` with id `wrong-user`.
    pub(super) fn refuse_foreign_state(&self, state: &Path) -> Result<(), Error> {
        let nearest = state
            .ancestors()
            .find(|dir| !matches!(self.runner.stat(dir), ProbeOutcome::NotFound));
        let Some((dir, owner)) = nearest.and_then(|d| Some((d, self.other_owner(d, &[0])?))) else {
            return Ok(());
        };
        let message = format!(
            "`{}` belongs to user {owner}, and so do the services that are recorded there",
            dir.display()
        );
        Err(
            Error::new(Class::Unauthorized, "wrong-user", message).hint(format!(
                "run kt as {}, or with a `HOME` of your own",
                self.name_of(owner)
            )),
        )
    }

    /// The owner of `path`, if that is neither this user nor one of `too`.
    fn other_owner(&self, path: &Path, too: &[u32]) -> Option<u32> {
        match self.runner.stat(path) {
            ProbeOutcome::Metadata { uid, .. } if uid != self.uid && !too.contains(&uid) => {
                Some(uid)
            }
            _ => None,
        }
    }

    /// The name of a user, or the number where there is none.
    fn name_of(&self, uid: u32) -> String {
        let argv = ["id", "-un", &uid.to_string()].map(str::to_owned);
        match self.runner.run(&argv, &BTreeMap::new(), NAME_TIMEOUT) {
            ExecOutcome::Exited {
                code: Some(0),
                stdout,
                ..
            } => stdout.trim().to_owned(),
            _ => format!("user {uid}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Owner;
    use crate::environment::Environment;
    use crate::fake::World;
    use kt_plugin_api::Class;
    use std::path::Path;

    #[test]
    fn sudo_is_refused_and_root_itself_is_not() {
        let world = World::new();
        let env = Environment {
            sudo_user: Some("ann".to_owned()),
            ..Environment::default()
        };
        let by = |uid| Owner {
            uid,
            runner: &world,
        };
        let error = by(0).refuse_sudo(&env).unwrap_err();
        assert_eq!(
            (error.class, &*error.id),
            (Class::Unauthorized, "wrong-user")
        );
        assert!(error.hints[0].contains("ann"));
        by(1000).refuse_sudo(&env).unwrap();
        by(0).refuse_sudo(&Environment::default()).unwrap();
    }

    #[test]
    fn what_belongs_to_another_is_refused() {
        let world = World::new();
        // The files of the world in memory belong to uid 0.
        world.put("/run/user/0", "");
        world.put("/home", "");
        let by = |uid| Owner {
            uid,
            runner: &world,
        };
        let session = Some(Path::new("/run/user/0"));
        let error = by(7).refuse_foreign_session(session).unwrap_err();
        assert_eq!(&*error.id, "runtime-dir-foreign");
        by(0).refuse_foreign_session(session).unwrap();
        by(7).refuse_foreign_session(None).unwrap();
        by(7)
            .refuse_foreign_session(Some(Path::new("/nowhere")))
            .unwrap();
        // What the system owns may lie above one's own.
        by(7)
            .refuse_foreign_state(Path::new("/home/ann/.local/state/kt"))
            .unwrap();
        world.owner.set(5);
        let state = Path::new("/home/ann/.local/state/kt");
        let error = by(7).refuse_foreign_state(state).unwrap_err();
        assert_eq!(&*error.id, "wrong-user");
        by(5).refuse_foreign_state(state).unwrap();
        by(0).refuse_foreign_state(state).unwrap_err();
    }
}
