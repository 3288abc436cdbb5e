//! The rendered text of problems: the location in the line, and the bounds of long lines.

use crate::sample::{BASE, bad, base_with};

/// The default width of the renderer, and the line number with its separator.
const MAX_COLUMNS: usize = 150;

/// [`BASE`] as one line, with a description of this length and a typo after it.
fn minified(description: &str) -> String {
    format!(
        "{{\"pack\": {{\"name\": \"demo\", \"version\": \"1.0.0\", \"enabled\": true, \
         \"description\": \"d\"}}, \"policy\": {{\"dlp-filter\": {{\"blocked_terms\": \
         [{description}], \"action\": \"blokc\"}}}}, \"policies\": {{\"chain\": [\"dlp-filter\"]}}, \
         \"gateway\": {{\"strict\": true}}}}"
    )
}

fn terms(term: &str, count: usize) -> String {
    let terms: Vec<String> = (0..count).map(|i| format!("\"{term} {i}\"")).collect();
    terms.join(", ")
}

/// The source line of a rendered problem, and the display column of its caret.
fn source_and_caret(rendered: &str) -> (&str, usize) {
    let lines: Vec<&str> = rendered.lines().collect();
    let caret = lines
        .iter()
        .position(|line| line.trim_start_matches([' ', '|']) == "^");
    let caret = caret.unwrap_or_else(|| panic!("no caret in {rendered}"));
    (lines[caret - 1], lines[caret].find('^').unwrap())
}

/// The text from a display column on, where wide characters take two columns.
fn from_column(line: &str, column: usize) -> &str {
    let mut width = 0;
    let start = line.char_indices().find(|(_, c)| {
        let found = width == column;
        width += if (*c as u32) < 0x1100 { 1 } else { 2 };
        found
    });
    start.map_or("", |(index, _)| &line[index..])
}

#[test]
fn a_long_line_is_cut_around_the_location() {
    for (term, count) in [("falcon ledger", 2000), ("größe", 3000), ("機密計画", 3000)] {
        let text = minified(&terms(term, count));
        assert!(text.len() > 40_000 && !text.contains('\n'));
        let problems = bad(&text);
        let first = problems.first().unwrap();
        let byte = text.find("\"blokc\"").unwrap();
        let column = text[..byte].chars().count() + 1;
        assert_eq!((first.line, first.column as usize), (1, column));

        let rendered = first.to_string();
        assert!(rendered.len() < 1500, "{} bytes", rendered.len());
        assert!(
            rendered.contains(&format!("--> test.yaml:1:{column}\n")),
            "{rendered}"
        );
        let (source, caret) = source_and_caret(&rendered);
        assert!(source.chars().count() < MAX_COLUMNS, "{rendered}");
        assert!(
            source.contains("...") || source.contains('…'),
            "it is marked: {rendered}"
        );
        assert!(
            source.contains(term) && source.contains("\"policies\""),
            "{rendered}"
        );
        assert!(
            from_column(source, caret).starts_with("\"blokc\""),
            "{rendered}"
        );
    }
}

#[test]
fn thousands_of_problems_in_one_line_stay_small() {
    let text = minified(&vec!["1"; 5000].join(", "));
    let problems = bad(&text);
    assert!(problems.len() >= 5000);
    let rendered = problems.to_string();
    assert!(rendered.len() < 5001 * 700, "{} bytes", rendered.len());
}

#[test]
fn a_key_of_any_length_is_shortened() {
    let key = "k".repeat(40_000);
    for text in [
        base_with("demo,", &format!("demo, {key}: x,")),
        base_with("demo,", &format!("demo, {key}: x, {key}: y,")),
    ] {
        let rendered = bad(&text).to_string();
        assert!(rendered.len() < 3000, "{} bytes", rendered.len());
    }
}

#[test]
fn a_secret_stays_masked_in_a_cut_line() {
    let canary = "sk-canary-7e1f";
    let padding = terms("falcon ledger", 2000);
    for secret in [
        format!("\"api_key\": \"{canary}\""),
        format!("\"base_url\": \"https://u:{canary}@llm\""),
    ] {
        let text = minified(&padding).replace(
            "\"action\": \"blokc\"",
            &format!("\"action\": \"blokc\", {secret}"),
        );
        let rendered = bad(&text).to_string();
        assert!(!rendered.contains(canary), "{rendered}");
        assert!(rendered.contains("blokc"), "{rendered}");
    }
}

#[test]
fn the_caret_is_below_the_location_in_short_lines() {
    for name in ["demo", "Größe", "機密", "a\u{301}b", "🦀"] {
        let text = base_with("demo,", &format!("{name}, nmae: x,"));
        let rendered = bad(&text).first().unwrap().to_string();
        let (source, caret) = source_and_caret(&rendered);
        if name != "a\u{301}b" {
            assert!(from_column(source, caret).starts_with("nmae"), "{rendered}");
        }
        assert!(source.ends_with(BASE.lines().next().unwrap().rsplit(", ").next().unwrap()));
    }
}

#[test]
fn a_location_at_the_end_of_the_text_is_rendered() {
    for end in 0..BASE.len() {
        let Err(problems) = crate::sample::read(&BASE[..end]) else {
            continue;
        };
        let rendered = problems.to_string();
        assert!(rendered.starts_with("error[E0"), "{rendered}");
    }
}
