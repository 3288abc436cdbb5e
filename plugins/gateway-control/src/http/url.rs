//! The URLs of a request.

use kt_control_api::{Envelope, redact_address, split_addresses};
use kt_plugin_api::{Class, Error};
use reqwest::Url;

/// Returns the URL of the request at each address of the control plane, in their order.
///
/// # Errors
/// Class `settings` if an address is invalid.
pub(super) fn request_urls(envelope: &Envelope) -> Result<Vec<Url>, Error> {
    // This check is first, because the errors of the others contain the address.
    envelope.connection.check_url()?;
    let all = envelope.connection.url.as_deref().unwrap_or_default();
    let mut urls = Vec::new();
    for base in split_addresses(all) {
        urls.push(request_url(base, envelope)?);
    }
    if urls.is_empty() {
        return Err(invalid_address(all, "it is empty"));
    }
    Ok(urls)
}

fn request_url(base: &str, envelope: &Envelope) -> Result<Url, Error> {
    let url = Url::parse(&format!("{base}{}", envelope.request.target()))
        .map_err(|e| invalid_address(base, &e.to_string()))?;
    if !matches!(url.scheme(), "http" | "https") {
        return Err(invalid_address(base, "it is neither http nor https"));
    }
    if url.scheme() == "http" && envelope.connection.token.is_some() && !is_loopback(&url) {
        return Err(invalid_address(
            base,
            "the token would be sent in clear text: http is allowed only for loopback addresses",
        ));
    }
    Ok(url)
}

pub(super) fn invalid_address(base: &str, reason: &str) -> Error {
    Error::new(
        Class::Settings,
        "invalid-api-url",
        format!("`{}` is not a valid address of a control plane", redact_address(base)),
    )
    .cause(reason)
    .hint("set `api.url`, `KEEPTRUSTS_API_URL` or `--api-url` to `http(s)://HOST[:PORT]`, or to several, separated by commas")
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
    use super::request_urls;
    use kt_control_api::{ConnectOptions, Envelope, Method, Request};
    use kt_plugin_api::Class;

    #[test]
    fn no_error_contains_the_password_of_an_address() {
        let to = |url: &str| {
            request_urls(&Envelope {
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
