//! Checks that the services belong to this user. kt run as another user, for example with
//! `sudo`, would write files that the user cannot change, or change the services of the
//! wrong user.

use crate::system::Environment;
use kt_plugin_api::service::ProbeOutcome;
use kt_plugin_api::service::execute::{ExecOutcome, Runner};
use kt_plugin_api::{Class, Error};
use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

/// The time limit for looking up a user's name.
const NAME_TIMEOUT: Duration = Duration::from_secs(5);

/// The checks for one user.
pub(super) struct OwnershipCheck<'a> {
    uid: u32,
    runner: &'a dyn Runner,
}

impl<'a> OwnershipCheck<'a> {
    pub(super) fn current_user(runner: &'a dyn Runner) -> Self {
        Self {
            uid: rustix::process::geteuid().as_raw(),
            runner,
        }
    }

    /// # Errors
    /// Class `unauthorized` with ID `wrong-user`.
    pub(super) fn refuse_sudo(&self, env: &Environment) -> Result<(), Error> {
        match &env.sudo_user {
            Some(user) if self.uid == 0 => Err(Error::new(
                Class::Unauthorized,
                "wrong-user",
                "a gateway is a service of its user, and `sudo` would install it for root",
            )
            .hint(format!("run kt as {user}, without `sudo`"))),
            _ => Ok(()),
        }
    }

    /// # Errors
    /// Class `unauthorized` with ID `runtime-dir-foreign`.
    pub(super) fn refuse_foreign_session(&self, runtime_dir: Option<&Path>) -> Result<(), Error> {
        let Some(dir) = runtime_dir else {
            return Ok(());
        };
        let Some(owner) = self.foreign_owner(dir, &[]) else {
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
                self.user_name(owner)
            )),
        )
    }

    /// Checks the owner of the state directory, or of its nearest existing parent, which
    /// may belong to root.
    ///
    /// # Errors
    /// Class `unauthorized` with ID `wrong-user`.
    pub(super) fn refuse_foreign_state(&self, state: &Path) -> Result<(), Error> {
        let nearest = state
            .ancestors()
            .find(|dir| !matches!(self.runner.stat(dir), ProbeOutcome::NotFound));
        let Some((dir, owner)) = nearest.and_then(|d| Some((d, self.foreign_owner(d, &[0])?)))
        else {
            return Ok(());
        };
        let message = format!(
            "`{}` belongs to user {owner}, and so do the services recorded there",
            dir.display()
        );
        Err(
            Error::new(Class::Unauthorized, "wrong-user", message).hint(format!(
                "run kt as {}, or with a `HOME` of your own",
                self.user_name(owner)
            )),
        )
    }

    /// Returns the owner of `path`, unless it is this user or one of `allowed`.
    fn foreign_owner(&self, path: &Path, allowed: &[u32]) -> Option<u32> {
        match self.runner.stat(path) {
            ProbeOutcome::Metadata { uid, .. } if uid != self.uid && !allowed.contains(&uid) => {
                Some(uid)
            }
            _ => None,
        }
    }

    /// Returns the name of a user, or the UID if there is none.
    fn user_name(&self, uid: u32) -> String {
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
    use super::OwnershipCheck;
    use crate::system::Environment;
    use crate::system::fake_system::FakeSystem;
    use kt_plugin_api::Class;
    use std::path::Path;

    #[test]
    fn sudo_is_refused_and_root_is_not() {
        let system = FakeSystem::new();
        let env = Environment {
            sudo_user: Some("ann".to_owned()),
            ..Environment::default()
        };
        let check = |uid| OwnershipCheck {
            uid,
            runner: &system,
        };
        let error = check(0).refuse_sudo(&env).unwrap_err();
        assert_eq!(
            (error.class, &*error.id),
            (Class::Unauthorized, "wrong-user")
        );
        assert!(error.hints[0].contains("ann"));
        check(1000).refuse_sudo(&env).unwrap();
        check(0).refuse_sudo(&Environment::default()).unwrap();
    }

    #[test]
    fn directories_of_another_user_are_refused() {
        let system = FakeSystem::new();
        // The files of the world in memory belong to UID 0.
        system.put("/run/user/0", "");
        system.put("/home", "");
        let check = |uid| OwnershipCheck {
            uid,
            runner: &system,
        };
        let session = Some(Path::new("/run/user/0"));
        let error = check(7).refuse_foreign_session(session).unwrap_err();
        assert_eq!(&*error.id, "runtime-dir-foreign");
        check(0).refuse_foreign_session(session).unwrap();
        check(7).refuse_foreign_session(None).unwrap();
        check(7)
            .refuse_foreign_session(Some(Path::new("/nowhere")))
            .unwrap();
        // A parent of the state directory may belong to root.
        check(7)
            .refuse_foreign_state(Path::new("/home/ann/.local/state/kt"))
            .unwrap();
        system.file_owner.set(5);
        let state = Path::new("/home/ann/.local/state/kt");
        let error = check(7).refuse_foreign_state(state).unwrap_err();
        assert_eq!(&*error.id, "wrong-user");
        check(5).refuse_foreign_state(state).unwrap();
        check(0).refuse_foreign_state(state).unwrap_err();
    }
}
