use super::{assignment, comment, executable, word};

#[test]
fn a_quote_is_the_only_special_character() {
    assert_eq!(word("").unwrap(), "''");
    assert_eq!(word("a b").unwrap(), "'a b'");
    assert_eq!(word("it's $HOME\n").unwrap(), "'it'\\''s $HOME\n'");
    assert_eq!(word("''").unwrap(), r"''\'''\'''");
}

#[test]
fn what_cannot_be_written_is_refused() {
    let id = |r: Result<String, kt_plugin_api::Error>| r.unwrap_err().id.clone();
    assert_eq!(id(word("a\0b")), "argument-unusable");
    for path in ["", "kt", "./kt", " /kt"] {
        assert_eq!(id(executable(path)), "executable-unusable");
    }
    for name in ["", "1A", "A B", "A-B", "Ä", "A;reboot", "A\n"] {
        assert_eq!(id(assignment(name, "x")), "bad-variable");
    }
    assert_eq!(id(assignment("A", "\0")), "argument-unusable");
    assert_eq!(assignment("_a1", "x=y").unwrap(), "'_a1=x=y'");
}

#[test]
fn a_comment_stays_on_its_line() {
    assert_eq!(comment("kt 1\nrm -rf /\r\u{85}"), "kt 1 rm -rf /  ");
}
