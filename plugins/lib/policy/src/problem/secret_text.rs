//! Recognition of texts that are credentials themselves, where the name of one belongs.

/// How the API keys of common services begin. `sk-` is recognized at any length, because so many
/// services use it.
const KEY_PREFIXES: [&str; 24] = [
    "-----BEGIN",
    "AIza",
    "AKIA",
    "ASIA",
    "csk-",
    "eyJ",
    "gho_",
    "ghp_",
    "ghs_",
    "ghu_",
    "github_pat_",
    "glpat-",
    "gsk_",
    "hf_",
    "kt_at_",
    "kt_bt_",
    "kt_gk_",
    "nvapi-",
    "pplx-",
    "r8_",
    "rk_live_",
    "sk_live_",
    "xai-",
    "xoxb-",
];

/// The minimum length of a key after its prefix; `xai-key` is a name.
const MIN_KEY_CHARS: usize = 10;
/// The minimum length of a random text without a prefix.
const MIN_RANDOM_CHARS: usize = 20;
/// The changes between letters and digits in a random text. Names have a number at their end, or a
/// few.
const MIN_ALTERNATIONS: usize = 3;

/// Returns whether a text looks like a credential: it begins as the API keys of a service do, or it
/// is random.
#[must_use]
pub fn looks_like_secret(text: &str) -> bool {
    has_key_prefix(text) || is_random(text) || is_uuid(text)
}

/// Returns whether a text begins as the API keys of a service do.
pub(crate) fn has_key_prefix(text: &str) -> bool {
    if text.strip_prefix("sk-").is_some_and(|key| !key.is_empty()) {
        return true;
    }
    let keys = KEY_PREFIXES.iter().filter_map(|p| text.strip_prefix(p));
    keys.into_iter().any(|key| {
        let has = |kind: fn(&u8) -> bool| key.as_bytes().iter().any(&kind);
        let mixed = has(u8::is_ascii_uppercase) && has(u8::is_ascii_lowercase);
        key.len() >= MIN_KEY_CHARS && (has(u8::is_ascii_digit) || mixed)
    })
}

/// Whether a text contains a long run of letters and digits that alternate.
fn is_random(text: &str) -> bool {
    text.split(|c: char| !c.is_ascii_alphanumeric())
        .filter(|run| run.len() >= MIN_RANDOM_CHARS)
        .any(|run| {
            let pairs = run.as_bytes().windows(2);
            let alternations =
                pairs.filter(|pair| pair[0].is_ascii_digit() != pair[1].is_ascii_digit());
            alternations.count() >= MIN_ALTERNATIONS
        })
}

fn is_uuid(text: &str) -> bool {
    let groups: Vec<&str> = text.split('-').collect();
    groups.iter().map(|group| group.len()).eq([8, 4, 4, 4, 12])
        && groups
            .iter()
            .all(|group| group.bytes().all(|b| b.is_ascii_hexdigit()))
}

#[cfg(test)]
mod tests {
    use super::looks_like_secret;

    #[test]
    fn keys_are_recognized_and_names_are_not() {
        for key in [
            "sk-1",
            "sk-proj-abc",
            "gsk_9f8a7b6c5d4e3f2a1b",
            "AIzaSyD3xample0Key",
            "ghp_16C7e42F292c6912E7",
            "kt_gk_0123456789abcdef",
            "eyJhbGciOiJIUzI1NiJ9",
            "0123abcd4567ef890123abcd4567ef89",
            "a81bc81b-dead-4e5d-abff-90865d1e13b1",
        ] {
            assert!(looks_like_secret(key), "{key}");
        }
        for name in [
            "",
            "OPENAI_API_KEY",
            "OPENAI_API_KEY_2",
            "AZURE_OPENAI_KEY_EU_WEST_1_2024",
            "anthropic-key",
            "xai-key",
            "hf_token",
            "openai.production.2024-11",
            "main",
            "DEMO_KEY",
            "myOpenAiProductionApiKey2",
            "gpt-4o-mini-2024-07-18",
            "sk-",
        ] {
            assert!(!looks_like_secret(name), "{name}");
        }
    }
}
