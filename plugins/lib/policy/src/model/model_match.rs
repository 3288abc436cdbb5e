//! Matching the model of a request with a target.

use super::providers::{Providers, Target};

/// How specifically a target matches the model of a request; more specific matches
/// are greater.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum ModelMatch {
    /// By a wildcard with this many literal bytes. A target that names neither a
    /// model nor aliases matches every model, with 0.
    Wildcard(usize),
    /// By `TARGET/MODEL`, with the id of the target.
    Qualified,
    /// By the model of the target, or one of its aliases.
    Exact,
}

impl Target {
    /// Returns how the target matches a requested model.
    #[must_use]
    pub fn match_model(&self, requested: &str) -> Option<ModelMatch> {
        if self.has_name(requested) {
            return Some(ModelMatch::Exact);
        }
        if let Some(model) = self.qualified(requested)
            && (self.matches_any_model() || self.has_name(model) || self.wildcard(model).is_some())
        {
            return Some(ModelMatch::Qualified);
        }
        self.wildcard(requested).map(ModelMatch::Wildcard)
    }

    /// Returns the model to request from the upstream.
    #[must_use]
    pub fn served_model<'r>(&'r self, requested: &'r str) -> &'r str {
        match (&self.model, self.match_model(requested)) {
            (Some(model), _) => model,
            (None, Some(ModelMatch::Qualified)) => self.qualified(requested).unwrap_or(requested),
            (None, _) => requested,
        }
    }

    /// Returns the names that callers may request, without wildcards.
    pub fn model_names(&self) -> impl Iterator<Item = &str> {
        // The built-in provider has one model.
        let built_in = (self.provider == "echo").then_some("echo");
        let own = self.model.as_deref().or(built_in);
        own.into_iter().chain(
            self.exact_aliases()
                .filter(move |alias| Some(*alias) != own),
        )
    }

    /// Whether the target serves every model, since it names none.
    #[must_use]
    pub fn matches_any_model(&self) -> bool {
        self.model.is_none() && self.aliases.is_none()
    }

    fn has_name(&self, name: &str) -> bool {
        self.model.as_deref() == Some(name) || self.exact_aliases().any(|alias| alias == name)
    }

    fn exact_aliases(&self) -> impl Iterator<Item = &str> {
        let aliases = self.aliases.iter().flatten();
        aliases.map(String::as_str).filter(|a| !a.contains('*'))
    }

    fn qualified<'r>(&self, requested: &'r str) -> Option<&'r str> {
        let model = requested.strip_prefix(self.id.as_str())?;
        model.strip_prefix('/').filter(|model| !model.is_empty())
    }

    /// Returns the number of literal bytes of the longest wildcard that matches.
    fn wildcard(&self, requested: &str) -> Option<usize> {
        if self.matches_any_model() {
            return Some(0);
        }
        let aliases = self.aliases.iter().flatten();
        aliases
            .filter_map(|alias| {
                let (prefix, suffix) = alias.split_once('*')?;
                let rest = requested.strip_prefix(prefix)?;
                rest.ends_with(suffix).then_some(alias.len() - 1)
            })
            .max()
    }
}

impl Providers {
    /// Returns the targets that serve a model, in routing order: those with
    /// the most specific match; without one, those of `routing.default_model`.
    #[must_use]
    pub fn route(&self, requested: &str) -> Vec<&Target> {
        let targets = self.best_matches(requested);
        let default = self.routing.as_ref().and_then(|r| r.default_model.as_ref());
        match default {
            Some(default) if targets.is_empty() => self.best_matches(default),
            _ => targets,
        }
    }

    fn best_matches(&self, requested: &str) -> Vec<&Target> {
        let matches: Vec<_> = self
            .routed()
            .into_iter()
            .filter_map(|target| Some((target.match_model(requested)?, target)))
            .collect();
        let best = matches.iter().map(|(specificity, _)| *specificity).max();
        matches
            .into_iter()
            .filter(|(specificity, _)| Some(*specificity) == best)
            .map(|(_, target)| target)
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::super::providers::{Providers, Routing, Target};

    fn target(id: &str, model: Option<&str>, aliases: &[&str]) -> Target {
        Target {
            id: id.to_owned(),
            provider: "own".to_owned(),
            model: model.map(str::to_owned),
            aliases: (!aliases.is_empty())
                .then(|| aliases.iter().map(|a| (*a).to_owned()).collect()),
            ..Target::default()
        }
    }

    #[test]
    fn the_most_specific_match_wins() {
        let mut providers = Providers {
            targets: vec![
                target("main", Some("gpt-4o"), &["fast", "gpt-*"]),
                target("spare", Some("claude"), &["fast", "gpt-4*"]),
                target("open", Some("llama"), &["*"]),
                target("host", None, &["host-*-v1"]),
            ],
            ..Providers::default()
        };
        let ids = |providers: &Providers, model: &str| -> Vec<String> {
            let targets = providers.route(model);
            targets.iter().map(|t| t.id.clone()).collect()
        };
        for (model, expected) in [
            ("gpt-4o", vec!["main"]),
            ("fast", vec!["main", "spare"]),
            ("spare/claude", vec!["spare"]),
            ("spare/fast", vec!["spare"]),
            ("spare/unknown", vec!["open"]),
            ("gpt-4.1", vec!["spare"]),
            ("gpt-3", vec!["main"]),
            ("host-x-v1", vec!["host"]),
            ("anything", vec!["open"]),
        ] {
            assert_eq!(ids(&providers, model), expected, "{model}");
        }
        providers.targets.remove(2);
        assert!(providers.route("anything").is_empty());
        providers.routing = Some(Routing {
            default_model: Some("fast".to_owned()),
            ..Routing::default()
        });
        assert_eq!(ids(&providers, "anything"), ["main", "spare"]);
    }

    #[test]
    fn a_target_without_names_passes_the_model_on() {
        let any = target("any", None, &[]);
        assert_eq!(any.served_model("gpt-4o"), "gpt-4o");
        assert_eq!(any.served_model("any/gpt-4o"), "gpt-4o");
        assert_eq!(any.served_model("vendor/gpt-4o"), "vendor/gpt-4o");
        let named = target("main", Some("gpt-4o"), &["fast"]);
        assert_eq!(named.served_model("fast"), "gpt-4o");
        assert_eq!(named.model_names().collect::<Vec<_>>(), ["gpt-4o", "fast"]);
    }
}
