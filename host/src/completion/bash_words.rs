//! The words of a command line in bash, which also separates them at `=` and `:`
//! (`COMP_WORDBREAKS`), and replaces only the part after the last of these.

use std::ffi::OsString;

/// Words that were separated by bash.
const BREAKS: [&str; 2] = ["=", ":"];

/// The words as they were typed.
pub(super) struct JoinedWords {
    pub(super) words: Vec<OsString>,
    /// The word to complete.
    pub(super) index: usize,
    /// The bytes of that word that bash does not replace.
    pub(super) kept: usize,
}

/// Joins the words up to the one to complete; those after it do not matter.
pub(super) fn join(words: &[OsString], index: usize) -> JoinedWords {
    let mut joined: Vec<OsString> = Vec::new();
    let mut kept = 0;
    let mut after_break = false;
    for (i, word) in words.iter().take(index + 1).enumerate() {
        let is_break = BREAKS.iter().any(|b| word == b);
        match joined.last_mut() {
            // The name of the program and the first word are never joined.
            Some(last) if i > 1 && (is_break || after_break) => {
                // At a break, an empty word is completed after it.
                kept = last.len() + if is_break { word.len() } else { 0 };
                last.push(word);
            }
            _ => {
                kept = 0;
                joined.push(word.clone());
            }
        }
        after_break = is_break;
    }
    JoinedWords {
        index: joined.len().saturating_sub(1),
        words: joined,
        kept,
    }
}

#[cfg(test)]
mod tests {
    use super::join;
    use std::ffi::OsString;

    fn joined(words: &[&str]) -> (Vec<String>, usize) {
        let words: Vec<OsString> = words.iter().map(Into::into).collect();
        let result = join(&words, words.len() - 1);
        assert_eq!(result.index, result.words.len() - 1);
        let words = result.words.iter();
        let words = words.map(|w| w.to_string_lossy().into_owned()).collect();
        (words, result.kept)
    }

    #[test]
    fn words_are_joined_as_they_were_typed() {
        for (words, expected, kept) in [
            (&["kt", "--id", "pro"][..], &["kt", "--id", "pro"][..], 0),
            (&["kt", "--id", "=", "pro"], &["kt", "--id=pro"], 5),
            (&["kt", "--id", "="], &["kt", "--id="], 5),
            (&["kt", "--id", "=", ""], &["kt", "--id="], 5),
            (
                &["kt", "--label", "team", "=", "pl"],
                &["kt", "--label", "team=pl"],
                5,
            ),
            (
                &["kt", "--label", "=", "team", "=", "pl"],
                &["kt", "--label=team=pl"],
                13,
            ),
            (&["kt", "a", ":", "b", "c"], &["kt", "a:b", "c"], 0),
        ] {
            let expected: Vec<String> = expected.iter().map(|w| (*w).to_owned()).collect();
            assert_eq!(joined(words), (expected, kept), "{words:?}");
        }
    }
}
