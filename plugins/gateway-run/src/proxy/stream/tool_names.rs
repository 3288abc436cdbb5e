//! Names of tools that arrive in fragments. A name leaves with its first chunk; joined, it is
//! checked when it has ended.

use std::collections::BTreeMap;

/// The maximum length of a name of several fragments.
const MAX_NAME_BYTES: usize = 4096;

/// The maximum number of names that a choice begins at once.
const MAX_NAMES: usize = 1024;

/// The names of a choice that have begun, by channel.
#[derive(Default)]
pub(super) struct ToolNames(BTreeMap<String, ToolName>);

#[derive(Default)]
struct ToolName {
    text: String,
    fragments: usize,
}

impl ToolNames {
    /// Adds a fragment; false when the name is too long, or has too many others beside it. Some hosts repeat the whole name in
    /// every chunk of its call.
    pub(super) fn push(&mut self, channel: String, fragment: &str) -> bool {
        let name = self.0.entry(channel).or_default();
        if name.text != fragment {
            name.text.push_str(fragment);
            name.fragments += 1;
        }
        name.text.len() <= MAX_NAME_BYTES && self.0.len() <= MAX_NAMES
    }

    /// Takes the names that have ended, and returns those of several fragments.
    pub(super) fn take(&mut self, has_ended: impl Fn(&str) -> bool) -> Vec<String> {
        let mut names = Vec::new();
        self.0.retain(|channel, name| {
            let has_ended = has_ended(channel);
            if has_ended && name.fragments > 1 {
                names.push(std::mem::take(&mut name.text));
            }
            !has_ended
        });
        names
    }
}

#[cfg(test)]
mod tests {
    use super::ToolNames;

    #[test]
    fn only_names_of_several_fragments_are_checked_again() {
        let mut names = ToolNames::default();
        for (channel, fragment) in [("0", "get_"), ("1", "f"), ("0", "weather"), ("1", "f")] {
            assert!(names.push(channel.to_owned(), fragment));
        }
        assert_eq!(names.take(|channel| channel == "2"), Vec::<String>::new());
        assert_eq!(names.take(|_| true), ["get_weather"]);
        assert_eq!(names.take(|_| true), Vec::<String>::new());
        assert!(!(0..5000).all(|n| names.push("0".to_owned(), &n.to_string())));
        let mut names = ToolNames::default();
        let accepted = (0..5000).take_while(|n: &u32| names.push(n.to_string(), "f"));
        assert_eq!(accepted.count(), 1024);
    }
}
