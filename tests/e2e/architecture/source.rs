//! Rust source without comments and the contents of literals: enough of a lexer
//! to count lines of code and to find words.

/// Returns the code of `text`: without comments, with empty string and character
/// literals, and with the same lines.
pub(super) fn code_of(text: &str) -> String {
    let chars: Vec<char> = text.chars().collect();
    let mut code = String::with_capacity(text.len());
    let mut at = 0;
    while at < chars.len() {
        let end = literal_end(&chars, at).or_else(|| comment_end(&chars, at));
        let Some(end) = end else {
            code.push(chars[at]);
            at += 1;
            continue;
        };
        let skipped = chars[at..end].iter().filter(|c| **c == '\n');
        if chars[at] != '/' {
            code.push_str("\"\"");
        }
        code.extend(skipped);
        at = end;
    }
    code
}

/// Returns the number of lines with code.
pub(super) fn lines_of_code(text: &str) -> usize {
    code_of(text)
        .lines()
        .filter(|l| !l.trim().is_empty())
        .count()
}

/// Returns whether the code contains `word` as a whole word.
pub(super) fn has_word(code: &str, word: &str) -> bool {
    let part_of_name = |c: char| c.is_alphanumeric() || c == '_';
    code.match_indices(word).any(|(at, _)| {
        let before = code[..at].chars().next_back().is_some_and(part_of_name);
        let after = code[at + word.len()..]
            .chars()
            .next()
            .is_some_and(part_of_name);
        !before && !after
    })
}

fn comment_end(chars: &[char], at: usize) -> Option<usize> {
    match (chars.get(at)?, chars.get(at + 1)?) {
        ('/', '/') => Some(position(chars, at, |c| c[0] == '\n').unwrap_or(chars.len())),
        ('/', '*') => {
            let mut depth = 0usize;
            let mut i = at;
            loop {
                match (chars.get(i), chars.get(i + 1)) {
                    (Some('/'), Some('*')) => (depth, i) = (depth + 1, i + 2),
                    (Some('*'), Some('/')) => (depth, i) = (depth - 1, i + 2),
                    (Some(_), _) => i += 1,
                    (None, _) => return Some(chars.len()),
                }
                if depth == 0 {
                    return Some(i);
                }
            }
        }
        _ => None,
    }
}

fn literal_end(chars: &[char], at: usize) -> Option<usize> {
    match chars.get(at)? {
        '"' => Some(quoted_end(chars, at + 1, '"')),
        'r' if !at
            .checked_sub(1)
            .is_some_and(|b| chars[b].is_alphanumeric() && chars[b] != 'b') =>
        {
            raw_end(chars, at + 1)
        }
        '\'' => char_end(chars, at),
        _ => None,
    }
}

fn quoted_end(chars: &[char], mut at: usize, quote: char) -> usize {
    while let Some(c) = chars.get(at) {
        match c {
            '\\' => at += 2,
            c if *c == quote => return at + 1,
            _ => at += 1,
        }
    }
    chars.len()
}

fn raw_end(chars: &[char], at: usize) -> Option<usize> {
    let hashes = chars[at.min(chars.len())..]
        .iter()
        .take_while(|c| **c == '#')
        .count();
    if chars.get(at + hashes) != Some(&'"') {
        return None;
    }
    let start = at + hashes + 1;
    let closes =
        |c: &[char]| c[0] == '"' && c.len() > hashes && c[1..=hashes].iter().all(|h| *h == '#');
    Some(position(chars, start, closes).map_or(chars.len(), |end| end + 1 + hashes))
}

/// Returns the end of a character literal. Unlike a lifetime, it is closed after
/// one character or an escape.
fn char_end(chars: &[char], at: usize) -> Option<usize> {
    if chars.get(at + 1) == Some(&'\\') {
        return Some(quoted_end(chars, at + 1, '\''));
    }
    (chars.get(at + 2) == Some(&'\'')).then_some(at + 3)
}

fn position(chars: &[char], from: usize, found: impl Fn(&[char]) -> bool) -> Option<usize> {
    (from..chars.len()).find(|i| found(&chars[*i..]))
}

#[test]
fn comments_and_literals_are_no_code() {
    let text = "//! doc\nlet a = \"// unsafe\"; // unsafe\n/* unsafe\n/* x */ */ fn b<'a>() { '\"'; '\\''; r#\"unsafe \" x\"#; }\n\n";
    let code = code_of(text);
    assert!(!has_word(&code, "unsafe"), "{code}");
    assert!(has_word(&code, "fn") && has_word(&code, "b"), "{code}");
    assert_eq!(lines_of_code(text), 2, "{code}");
    assert!(has_word("x = unsafe { y }", "unsafe"));
    assert!(!has_word("forbid(unsafe_code)", "unsafe"));
}
