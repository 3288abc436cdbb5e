//! Providers that the gateway knows: their addresses, and how they differ.

/// A provider with an OpenAI-compatible API.
#[derive(Debug, PartialEq, Eq)]
pub struct Preset {
    /// The name in `providers.targets[].provider`.
    pub name: &'static str,
    /// The default of `base_url`; `None` if it depends on the account.
    pub base_url: Option<&'static str>,
    /// The default of `api_key_header`.
    pub api_key_header: &'static str,
    /// Whether the provider accepts `stream_options.include_usage`. Others send the token
    /// usage of a stream unasked, or reject the parameter.
    pub stream_usage: bool,
}

const fn preset(name: &'static str, base_url: &'static str, stream_usage: bool) -> Preset {
    Preset {
        name,
        base_url: Some(base_url),
        api_key_header: "Authorization",
        stream_usage,
    }
}

/// The providers that are reached over the network, sorted by name.
pub const PRESETS: [Preset; 22] = [
    // Until its own API is supported: https://docs.anthropic.com/en/api/openai-sdk.
    preset("anthropic", "https://api.anthropic.com/v1", true),
    Preset {
        name: "azure-openai",
        base_url: None,
        api_key_header: "api-key",
        stream_usage: true,
    },
    preset("cohere", "https://api.cohere.ai/compatibility/v1", false),
    Preset {
        name: "databricks",
        base_url: None,
        api_key_header: "Authorization",
        stream_usage: false,
    },
    preset("deepseek", "https://api.deepseek.com/v1", true),
    preset("fireworks", "https://api.fireworks.ai/inference/v1", false),
    preset(
        "gemini",
        "https://generativelanguage.googleapis.com/v1beta/openai",
        true,
    ),
    preset("github-models", "https://models.github.ai/inference", true),
    preset("groq", "https://api.groq.com/openai/v1", false),
    preset("lm-studio", "http://localhost:1234/v1", true),
    preset("mistral", "https://api.mistral.ai/v1", false),
    preset("moonshot", "https://api.moonshot.ai/v1", false),
    preset("ollama", "http://localhost:11434/v1", true),
    preset("openai", "https://api.openai.com/v1", true),
    preset("openrouter", "https://openrouter.ai/api/v1", true),
    // Its API has no version in the path.
    preset(
        "perplexity",
        "https://api.perplexity.ai/chat/completions",
        false,
    ),
    preset("together", "https://api.together.ai/v1", false),
    preset("vllm", "http://localhost:8000/v1", true),
    preset(
        "volcengine",
        "https://ark.cn-beijing.volces.com/api/v3",
        false,
    ),
    preset("xai", "https://api.x.ai/v1", true),
    preset("zai", "https://api.z.ai/api/paas/v4", false),
    preset("zhipu", "https://open.bigmodel.cn/api/paas/v4", false),
];

/// Returns the preset of a provider.
#[must_use]
pub fn find_preset(provider: &str) -> Option<&'static Preset> {
    PRESETS.iter().find(|preset| preset.name == provider)
}

#[cfg(test)]
mod tests {
    use super::{PRESETS, find_preset};
    use crate::decode::validate_base_url;

    #[test]
    fn presets_are_sorted_and_valid() {
        assert!(PRESETS.is_sorted_by_key(|preset| preset.name));
        for url in PRESETS.iter().filter_map(|preset| preset.base_url) {
            assert_eq!(validate_base_url(url), Ok(()), "{url}");
            let local = url.starts_with("http://localhost:");
            assert!(local || url.starts_with("https://"), "{url}");
        }
        assert_eq!(find_preset("own"), None);
    }
}
