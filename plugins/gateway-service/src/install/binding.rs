//! Clashes with other services and processes, found before anything is touched.

use super::Wanted;
use crate::desk::Desk;
use crate::record::Record;
use kt_plugin_api::service::{ActiveState, ServiceStatus};
use kt_plugin_api::{Class, Error};

/// Where a gateway listens that was told nothing.
const DEFAULT_LISTEN: &str = "127.0.0.1:41002";

/// The addresses that a service's gateway takes: requests, then health.
pub(super) fn addresses(record: &Record) -> Vec<String> {
    let listen = record.listen.as_deref().unwrap_or(DEFAULT_LISTEN);
    let admin = record.admin_listen.clone().or_else(|| {
        // By default the port after it, on the loopback address.
        let port: u16 = listen.rsplit(':').next()?.parse().ok()?;
        Some(format!("127.0.0.1:{}", port.checked_add(1)?))
    });
    [Some(listen.to_owned()), admin]
        .into_iter()
        .flatten()
        .filter(|address| !address.ends_with(":0"))
        .collect()
}

/// # Errors
/// Class `conflict`: the service runs another gateway, another service runs
/// this one, or takes the same address.
pub(super) fn check(
    desk: &Desk<'_>,
    wanted: &Wanted,
    before: Option<&Record>,
) -> Result<(), Error> {
    let (new, name) = (&wanted.record, &wanted.record.spec.name);
    if let Some(before) = before
        && before.gateway_id != new.gateway_id
        && !wanted.leave.force
    {
        let message = format!(
            "the service `{name}` runs the gateway `{}` already",
            before.gateway_name
        );
        return Err(Error::new(Class::Conflict, "bound-elsewhere", message)
            .hint("`--service-name` installs a second service, `--force` binds this one anew"));
    }
    if let Some(before) = before
        && before.backend != new.backend
    {
        let message = format!("the service `{name}` is one of `{}`", before.backend);
        return Err(Error::new(Class::Conflict, "other-backend", message)
            .cause(format!("`{}` would not know how to end it", new.backend))
            .hint("`kt gateway uninstall` removes it first"));
    }
    let own = addresses(new);
    for (other, record) in desk.records.others(desk.runner, name) {
        if record.gateway_id == new.gateway_id {
            let message = format!(
                "the service `{other}` runs the gateway `{}` already",
                new.gateway_name
            );
            return Err(Error::new(Class::Conflict, "gateway-taken", message)
                .cause("two processes of one gateway and one user would meet on one socket")
                .hint(format!(
                    "`kt gateway status --service-name {other}` shows it"
                )));
        }
        if let Some(address) = addresses(&record).iter().find(|a| own.contains(a)) {
            let message = format!("the service `{other}` listens on {address} already");
            return Err(Error::new(Class::Conflict, "address-taken", message)
                .hint("pass another `--listen` (health and metrics take the port after it)"));
        }
    }
    Ok(())
}

/// Refuses an address that another process holds. What the running service
/// itself listens on is its own.
///
/// # Errors
/// Class `conflict` with id `address-taken`.
pub(super) fn check_ports(
    desk: &Desk<'_>,
    wanted: &Wanted,
    before: Option<&Record>,
    observed: &ServiceStatus,
) -> Result<(), Error> {
    use ActiveState::{Inactive, Unknown};
    let runs = !matches!(
        observed.active_state,
        Inactive | Unknown | ActiveState::Failed
    );
    let held = match before {
        Some(before) if runs => addresses(before),
        _ => Vec::new(),
    };
    for address in addresses(&wanted.record) {
        if held.contains(&address) || !wanted.start {
            continue;
        }
        if let Some(why) = desk.here.occupied(&address) {
            let message = format!("the gateway could not listen on {address}");
            return Err(Error::new(Class::Conflict, "address-taken", message)
                .cause(why)
                .hint("end the other process, or pass another `--listen`"));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::addresses;
    use crate::fake::wanted;

    #[test]
    fn the_port_of_health_follows_the_other() {
        let mut record = wanted().record;
        assert_eq!(addresses(&record), ["127.0.0.1:41002", "127.0.0.1:41003"]);
        record.listen = Some("0.0.0.0:80".to_owned());
        assert_eq!(addresses(&record), ["0.0.0.0:80", "127.0.0.1:81"]);
        record.admin_listen = Some("127.0.0.1:9".to_owned());
        assert_eq!(addresses(&record), ["0.0.0.0:80", "127.0.0.1:9"]);
        record.listen = Some("127.0.0.1:0".to_owned());
        assert_eq!(addresses(&record), ["127.0.0.1:9"]);
    }
}
