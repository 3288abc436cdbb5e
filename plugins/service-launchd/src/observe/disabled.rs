//! The text of `launchctl print-disabled`.

/// Whether the label is enabled: `"label" => disabled` says that it is not, or
/// `=> true` before macOS 13. One that is not listed is enabled.
///
/// Only the first block is about services; others use the same arrows for login
/// items. `None` for a text without it.
pub(super) fn enabled(text: &str, label: &str) -> Option<bool> {
    let mut lines = text.lines().map(str::trim);
    lines.find(|line| line.starts_with("disabled services"))?;
    let name = format!("\"{label}\"");
    let word = lines
        .take_while(|line| *line != "}")
        .filter_map(|line| line.split_once("=>"))
        .find(|(key, _)| key.trim() == name)
        .map(|(_, word)| word.trim());
    Some(!matches!(word, Some("disabled" | "true")))
}
