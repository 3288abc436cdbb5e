//! Which codings a client takes.

/// How much a client likes each coding that there is, from 0, not at all, to 1. `None`: it did
/// not say.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Codings {
    gzip: Option<f32>,
    identity: Option<f32>,
}

impl Codings {
    /// Reads `Accept-Encoding`.
    pub(super) fn read(header: &str) -> Self {
        let (mut gzip, mut identity, mut others) = (None, None, None);
        for (name, liking) in header.split(',').filter_map(element) {
            let told = match name.to_ascii_lowercase().as_str() {
                "gzip" | "x-gzip" => &mut gzip,
                "identity" => &mut identity,
                "*" => &mut others,
                _ => continue,
            };
            told.get_or_insert(liking);
        }
        Self {
            gzip: gzip.or(others),
            identity: identity.or(others),
        }
    }

    /// Whether the client would rather have it compressed.
    pub(super) fn prefers_gzip(self) -> bool {
        let gzip = self.gzip.unwrap_or(0.0);
        gzip > 0.0 && gzip >= self.identity.unwrap_or(0.0)
    }

    /// Whether the client takes the bytes as they are, which it does unless it says otherwise.
    pub(super) fn takes_identity(self) -> bool {
        self.identity.is_none_or(|liking| liking > 0.0)
    }
}

/// Reads one coding and its weight. What cannot be read is taken for absent.
fn element(text: &str) -> Option<(&str, f32)> {
    let (name, weight) = text.split_once(';').unwrap_or((text, "q=1"));
    let (key, weight) = weight.split_once('=')?;
    if !key.trim().eq_ignore_ascii_case("q") {
        return None;
    }
    let weight: f32 = weight.trim().parse().ok()?;
    (0.0..=1.0)
        .contains(&weight)
        .then_some((name.trim(), weight))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_client_gets_it_compressed_that_likes_that_no_less() {
        for (header, compressed) in [
            ("gzip", true),
            ("x-gzip", true),
            ("GZIP;Q=1.0", true),
            ("br, gzip ; q=0.2, deflate", true),
            ("*", true),
            ("gzip, identity", true),
            ("gzip;q=0.5, identity;q=0.8", false),
            ("gzip;q=0.5, *", false),
            ("gzip;q=0", false),
            ("gzip;q=0, *", false),
            ("*;q=0", false),
            ("identity", false),
            ("br", false),
            ("gzip;q=2", false),
            ("gzip;level=9", false),
            ("gzip;q", false),
            ("gzipped", false),
            ("", false),
        ] {
            assert_eq!(Codings::read(header).prefers_gzip(), compressed, "{header}");
        }
    }

    #[test]
    fn bytes_as_they_are_must_be_refused_by_name_or_with_all_others() {
        for (header, taken) in [
            ("", true),
            ("gzip", true),
            ("gzip, identity;q=0", false),
            ("gzip, *;q=0", false),
            ("identity;q=0.1, *;q=0", true),
        ] {
            assert_eq!(Codings::read(header).takes_identity(), taken, "{header}");
        }
    }
}
