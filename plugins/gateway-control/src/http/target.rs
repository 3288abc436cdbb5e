//! Which addresses a request may go to.

use kt_control_api::{Envelope, redact_address, split_addresses};
use kt_plugin_api::{Class, Error};
use reqwest::Url;

/// Where the request goes: the addresses of the control plane, in their order.
pub(super) fn targets(envelope: &Envelope) -> Result<Vec<Url>, Error> {
    // First, because what follows shows the address.
    envelope.connection.check_url()?;
    let all = envelope.connection.url.as_deref().unwrap_or_default();
    let mut targets = Vec::new();
    for base in split_addresses(all) {
        targets.push(target(base, envelope)?);
    }
    if targets.is_empty() {
        return Err(bad_address(all, "it is empty"));
    }
    Ok(targets)
}

fn target(base: &str, envelope: &Envelope) -> Result<Url, Error> {
    let url = Url::parse(&format!("{base}{}", envelope.request.target()))
        .map_err(|e| bad_address(base, &e.to_string()))?;
    if !matches!(url.scheme(), "http" | "https") {
        return Err(bad_address(base, "it is neither http nor https"));
    }
    if url.scheme() == "http" && envelope.connection.token.is_some() && !is_loopback(&url) {
        return Err(bad_address(
            base,
            "the token would travel in clear: only loopback may use http",
        ));
    }
    Ok(url)
}

pub(super) fn bad_address(base: &str, why: &str) -> Error {
    Error::new(
        Class::Settings,
        "bad-api-url",
        format!("`{}` is no address of a control plane", redact_address(base)),
    )
    .cause(why)
    .hint("set `api.url`, `KEEPTRUSTS_API_URL` or `--api-url` to `http(s)://HOST[:PORT]`, or to several, parted by commas")
}

fn is_loopback(url: &Url) -> bool {
    let host = url.host_str().unwrap_or_default().trim_matches(['[', ']']);
    host == "localhost"
        || host
            .parse::<std::net::IpAddr>()
            .is_ok_and(|ip| ip.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::targets;
    use kt_control_api::{ConnectOptions, Envelope, Method, Request};
    use kt_plugin_api::Class;

    #[test]
    fn no_refusal_of_an_address_shows_its_password() {
        let to = |url: &str| {
            targets(&Envelope {
                connection: ConnectOptions {
                    url: Some(url.to_owned()),
                    ..ConnectOptions::default()
                },
                request: Request::new(Method::Get, "/v1/version"),
            })
        };
        for url in [
            "https://user:hunter2@host",
            "https://user:hunter2@ho st",
            "ftp://user:hunter2@host",
            "https://hunter2@",
            "https://user:hun/hunter2@host",
            "ftp://user:80/hunter2@host",
            "https://user:99999999/hunter2@host",
            "https://us er/hunter2@host",
        ] {
            let error = to(url).unwrap_err();
            assert_eq!(error.class, Class::Settings, "{url}");
            assert!(!format!("{error:?}").contains("hunter2"), "{error:?}");
        }
        assert!(to("https://host/base").is_ok());
        assert_eq!(to("https://a, https://b/").unwrap().len(), 2);
        assert!(to(" , ").is_err() && to("https://a,ftp://b").is_err());
    }
}
