//! Parses the output of `launchctl print-disabled`.

/// Returns whether the label is enabled. `"label" => disabled`, or `=> true` before
/// macOS 13, means that it is not; a label that is not listed is enabled.
///
/// Only the first block lists services. `None` if it is missing.
pub(super) fn enabled(text: &str, label: &str) -> Option<bool> {
    let mut lines = text.lines().map(str::trim);
    lines.find(|line| line.starts_with("disabled services"))?;
    let name = format!("\"{label}\"");
    let value = lines
        .take_while(|line| *line != "}")
        .filter_map(|line| line.split_once("=>"))
        .find(|(key, _)| key.trim() == name)
        .map(|(_, value)| value.trim());
    Some(!matches!(value, Some("disabled" | "true")))
}
