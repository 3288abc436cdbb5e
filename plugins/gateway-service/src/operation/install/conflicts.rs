//! Detects conflicts with other services and processes before anything is changed.

use super::InstallRequest;
use crate::context::ServiceContext;
use crate::record::Record;
use kt_plugin_api::service::{ActiveState, ServiceStatus};
use kt_plugin_api::{Class, Error};

/// The default listen address of a gateway.
const DEFAULT_LISTEN: &str = "127.0.0.1:41002";

/// Returns the addresses that the gateway of a service binds: requests, then health.
fn addresses(record: &Record) -> Vec<String> {
    let listen = record.listen.as_deref().unwrap_or(DEFAULT_LISTEN);
    let admin = record.admin_listen.clone().or_else(|| {
        // The default is the following port on the loopback address.
        let port: u16 = listen.rsplit(':').next()?.parse().ok()?;
        Some(format!("127.0.0.1:{}", port.checked_add(1)?))
    });
    [Some(listen.to_owned()), admin]
        .into_iter()
        .flatten()
        .filter(|address| !address.ends_with(":0"))
        .collect()
}

/// Checks for conflicts with installed services.
///
/// # Errors
/// Class `conflict`: the service runs another gateway, or another service runs this
/// gateway or uses the same address.
pub(super) fn check_services(
    service: &ServiceContext<'_>,
    request: &InstallRequest,
    previous: Option<&Record>,
) -> Result<(), Error> {
    let (new, name) = (&request.record, &request.record.spec.name);
    if let Some(previous) = previous
        && previous.gateway_id != new.gateway_id
        && !request.overwrite.force
    {
        let message = format!(
            "the service `{name}` already runs the gateway `{}`",
            previous.gateway_name
        );
        return Err(Error::new(Class::Conflict, "service-in-use", message).hint(
            "`--service-name` installs a second service, `--force` changes the gateway of this one",
        ));
    }
    if let Some(previous) = previous
        && previous.backend != new.backend
    {
        let message = format!(
            "the service `{name}` was installed by the backend `{}`",
            previous.backend
        );
        return Err(Error::new(Class::Conflict, "backend-mismatch", message)
            .cause(format!("`{}` cannot stop it", new.backend))
            .hint("run `kt gateway uninstall` first"));
    }
    let own = addresses(new);
    for (other, record) in service.records.other_services(service.runner, name) {
        if record.gateway_id == new.gateway_id {
            let message = format!(
                "the service `{other}` already runs the gateway `{}`",
                new.gateway_name
            );
            return Err(Error::new(Class::Conflict, "gateway-in-use", message)
                .cause("two processes of one gateway would use the same administration socket")
                .hint(format!(
                    "`kt gateway status --service-name {other}` shows it"
                )));
        }
        if let Some(address) = addresses(&record).iter().find(|a| own.contains(a)) {
            let message = format!("the service `{other}` already listens on {address}");
            return Err(Error::new(Class::Conflict, "address-in-use", message)
                .hint("specify another `--listen` (health and metrics use the following port)"));
        }
    }
    Ok(())
}

/// Refuses an address that another process uses; the addresses of the running service
/// itself are excluded.
///
/// # Errors
/// Class `conflict` with ID `address-in-use`.
pub(super) fn check_ports(
    service: &ServiceContext<'_>,
    request: &InstallRequest,
    previous: Option<&Record>,
    observed: &ServiceStatus,
) -> Result<(), Error> {
    use ActiveState::{Inactive, Unknown};
    let running = !matches!(
        observed.active_state,
        Inactive | Unknown | ActiveState::Failed
    );
    let own = match previous {
        Some(previous) if running => addresses(previous),
        _ => Vec::new(),
    };
    for address in addresses(&request.record) {
        if own.contains(&address) || !request.start {
            continue;
        }
        if let Some(cause) = service.system.address_conflict(&address) {
            let message = format!("the gateway cannot listen on {address}");
            return Err(Error::new(Class::Conflict, "address-in-use", message)
                .cause(cause)
                .hint("stop the other process, or specify another `--listen`"));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::addresses;
    use crate::record::fixtures::sample_record;

    #[test]
    fn the_default_health_port_follows_the_listen_port() {
        let mut record = sample_record();
        assert_eq!(addresses(&record), ["127.0.0.1:41002", "127.0.0.1:41003"]);
        record.listen = Some("0.0.0.0:80".to_owned());
        assert_eq!(addresses(&record), ["0.0.0.0:80", "127.0.0.1:81"]);
        record.admin_listen = Some("127.0.0.1:9".to_owned());
        assert_eq!(addresses(&record), ["0.0.0.0:80", "127.0.0.1:9"]);
        record.listen = Some("127.0.0.1:0".to_owned());
        assert_eq!(addresses(&record), ["127.0.0.1:9"]);
    }
}
