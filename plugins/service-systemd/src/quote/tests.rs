use super::{argument, assignment, bare_path, executable, single_line};
use std::path::Path;

/// The inverse for one word, as systemd.syntax(7) and systemd.service(5) specify it;
/// independent of the implementation of the quoting.
fn unquoted(word: &str, dollars: bool) -> String {
    let Some(inner) = word.strip_prefix('"').and_then(|w| w.strip_suffix('"')) else {
        return word.to_owned();
    };
    let mut out = String::new();
    let mut rest = inner.chars();
    while let Some(c) = rest.next() {
        match c {
            '\\' => match rest.next().unwrap() {
                'x' => {
                    let digits: String = rest.by_ref().take(2).collect();
                    out.push(char::from(u8::from_str_radix(&digits, 16).unwrap()));
                }
                c @ ('\\' | '"') => out.push(c),
                other => panic!("unknown escape {other:?}"),
            },
            c if c == '%' || (c == '$' && dollars) => {
                assert_eq!(rest.next(), Some(c), "a lone {c:?}");
                out.push(c);
            }
            '"' => panic!("the word ends too early"),
            c => out.push(c),
        }
    }
    out
}

pub(crate) const SPECIAL: [&str; 16] = [
    "",
    " ",
    "two words",
    "%h",
    "%%",
    "${HOME}",
    "$HOME",
    "$$",
    "it's",
    "say \"hi\"",
    "back\\slash\\",
    "tab\there",
    "line\nbreak",
    ";",
    "\u{1}\u{7f}",
    "ünïcödé ☃",
];

#[test]
fn quoting_preserves_special_characters() {
    for text in SPECIAL {
        assert_eq!(unquoted(&argument(text), true), text);
        let pair = assignment("NAME", text);
        assert_eq!(unquoted(&pair, false), format!("NAME={text}"));
        assert!(!pair.contains('\n') && !argument(text).contains('\n'));
    }
}

#[test]
fn only_special_characters_are_quoted() {
    assert_eq!(argument("--id"), "--id");
    assert_eq!(argument("127.0.0.1:41002"), "127.0.0.1:41002");
    assert_eq!(argument(";"), "\";\"");
    assert_eq!(argument("a$b"), "\"a$$b\"");
}

#[test]
fn executables_that_systemd_rejects_are_rejected() {
    assert_eq!(executable("/opt/a $b/kt").unwrap(), "\"/opt/a $b/kt\"");
    assert_eq!(executable("/opt/100%/kt").unwrap(), "\"/opt/100%%/kt\"");
    for bad in ["/a\"b/kt", "/a'b/kt", "/a\\b/kt", "/a\nb/kt", "kt", ""] {
        assert_eq!(
            executable(bad).unwrap_err().id,
            "executable-unusable",
            "{bad:?}"
        );
    }
}

#[test]
fn single_paths_and_texts_are_one_line() {
    assert_eq!(bare_path(Path::new("/a b/100%")).unwrap(), "/a b/100%%");
    for bad in ["/a\nb", "/a ", " /a", "/a\\"] {
        assert_eq!(
            bare_path(Path::new(bad)).unwrap_err().id,
            "path-unusable",
            "{bad:?}"
        );
    }
    assert_eq!(single_line("one\ntwo % \\"), "one two %%");
}
