//! The table of kinds in `docs/guards.md`, which is written from the declarations.

use std::fmt::Write as _;
use std::path::Path;

use super::identifiers::identifiers;
use super::kinds::KINDS;

const BEGIN: &str =
    "<!-- Written from the declarations by KT_BLESS=1 cargo test -p kt-policy. -->\n";
const END: &str = "<!-- End of the table. -->\n";

fn table() -> String {
    let mut table = "| kind | | found without a word before it |\n|---|---|---|\n".to_owned();
    for kind in KINDS.iter() {
        let identifier = identifiers().find(|identifier| identifier.kind == kind.name);
        let alone = match identifier {
            None => "always".to_owned(),
            Some(identifier) if identifier.reader.is_some() => "always".to_owned(),
            Some(identifier) => {
                let forms = identifier.forms.iter().filter(|form| !form.named);
                let forms: Vec<String> = forms.map(|form| sample(form.picture)).collect();
                forms.join(", ")
            }
        };
        let optional = if kind.default {
            ""
        } else {
            " (not by default)"
        };
        writeln!(
            table,
            "| `{}` | {}{optional} | {alone} |",
            kind.name, kind.about
        )
        .unwrap();
    }
    table
}

/// A picture as readers know them: `9` for digits, `A` for letters, `X` for both.
fn sample(picture: &str) -> String {
    let characters = picture.chars().map(|c| match c {
        'd' => '9',
        'a' => 'A',
        'h' | 'k' => 'X',
        's' => '-',
        '_' => ' ',
        other => other,
    });
    format!("`{}`", characters.collect::<String>())
}

#[test]
fn the_documentation_has_every_kind() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../docs/guards.md");
    let page = std::fs::read_to_string(&path).unwrap();
    let begin = page.find(BEGIN).unwrap() + BEGIN.len();
    let end = begin + page[begin..].find(END).unwrap();
    let expected = format!("{}{}{}", &page[..begin], table(), &page[end..]);
    if std::env::var_os("KT_BLESS").is_some() {
        std::fs::write(&path, &expected).unwrap();
    } else {
        assert!(
            page == expected,
            "docs/guards.md is stale: run the test with KT_BLESS=1"
        );
    }
}
