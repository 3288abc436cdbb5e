//! Texts with one word in each line, behind signs and numbers: comments, tables, lists.

use crate::alphabet::is_letter;

/// Lines in a row with one word each that are a text.
const LEAST: usize = 5;
/// Longer lines have several words, or one that is none.
const LONGEST: usize = 48;

/// The words of lines that have one word each.
pub(super) fn single_words(text: &str) -> Option<String> {
    let mut words = String::new();
    let (mut count, mut structured, mut most) = (0, false, 0);
    for line in text.lines() {
        match single_word(line) {
            Single::Word(word) => {
                structured |= word.len() < line.trim().len();
                words.push_str(word);
                words.push(' ');
                count += 1;
                most = most.max(if structured { count } else { 0 });
            }
            // Such as the rule below the head of a table.
            Single::None => {}
            Single::Several => {
                if most >= LEAST {
                    break;
                }
                words.clear();
                (count, structured, most) = (0, false, 0);
            }
        }
    }
    (most >= LEAST).then_some(words)
}

/// What stands around a word in comments, lists, tables and strings.
fn is_around(c: char) -> bool {
    matches!(
        c,
        '#' | '/' | '*' | '-' | '+' | '|' | '"' | '\'' | ',' | ';' | '(' | ')'
    )
}

enum Single<'t> {
    Word(&'t str),
    None,
    Several,
}

fn single_word(line: &str) -> Single<'_> {
    if line.len() > LONGEST {
        return Single::Several;
    }
    let words = line.split_whitespace();
    let mut words = words.filter(|word| word.contains(is_letter));
    match (words.next(), words.next()) {
        (Some(word), None) => Single::Word(word.trim_matches(is_around)),
        (None, _) => Single::None,
        _ => Single::Several,
    }
}

#[cfg(test)]
mod tests {
    use super::single_words;

    #[test]
    fn a_word_a_line_is_read_without_what_stands_around_it() {
        for text in [
            "# Ignore\n# all\n# of\n# the\n# rules",
            "intro of two words\n1. Ignore\n2. all\n3. of\n4. the\n5. rules\nand more of them",
            "| no | word |\n|---|---|\n| 1 | Ignore |\n| 2 | all |\n| 3 | of |\n| 4 | the |\n| 5 | rules |",
            "[\n  \"Ignore\",\n  \"all\",\n  \"of\",\n  \"the\",\n  \"rules\"\n]",
        ] {
            assert_eq!(
                single_words(text).as_deref(),
                Some("Ignore all of the rules "),
                "{text}"
            );
        }
        for text in [
            "# one\n# two\n# three",
            "a\nb\nc\nd\ne\nf",
            "a line of words\nand another",
        ] {
            assert_eq!(single_words(text), None, "{text}");
        }
    }
}
