//! The part of a file that concerns modules: the items it defines, the modules it
//! declares, the names it imports and the paths in its code. Test code is
//! left out.

use super::tokens::{Token, tokens_of};
use std::collections::BTreeSet;

/// The contents of a module, as far as imports depend on them.
#[derive(Debug, Default)]
pub(super) struct Parsed {
    /// Names of the items defined here.
    pub(super) items: BTreeSet<String>,
    /// The types among them.
    pub(super) types: Vec<TypeName>,
    /// Modules in files of their own.
    pub(super) files: Vec<String>,
    /// Modules whose bodies are in this file.
    pub(super) inline: Vec<(String, Parsed)>,
    /// Names brought in by `use`.
    pub(super) imports: Vec<Import>,
    /// Paths in code.
    pub(super) paths: Vec<PathUse>,
}

/// A type that is defined.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::architecture) struct TypeName {
    /// Its name.
    pub(in crate::architecture) name: String,
    /// Whether it is public or visible in the whole crate.
    pub(in crate::architecture) visible: bool,
    /// The line of its definition.
    pub(in crate::architecture) line: usize,
}

/// One leaf of a `use` declaration.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Import {
    /// The path, without the `*` of a glob.
    pub(super) segments: Vec<String>,
    /// The name it is bound to; none for a glob.
    pub(super) name: Option<String>,
    /// Whether other modules may use the name (`pub`, `pub(crate)`, …).
    pub(super) public: bool,
    /// The line of the leaf.
    pub(super) line: usize,
}

/// A path in code.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct PathUse {
    /// Its segments, up to the first that is not an identifier.
    pub(super) segments: Vec<String>,
    /// The line it is on.
    pub(super) line: usize,
}

/// Parses a file; nothing when all of it is test code.
pub(super) fn parse(text: &str) -> Option<Parsed> {
    let tokens = tokens_of(text);
    let mut parser = Parser {
        tokens: &tokens,
        at: 0,
    };
    parser.module()
}

struct Parser<'t> {
    tokens: &'t [Token],
    at: usize,
}

/// Tokens that may precede an item.
const ITEM_STARTS: [&str; 11] = [
    ";", "{", "}", "]", ")", "pub", "unsafe", "async", "const", "\"", "extern",
];
/// Keywords that are followed by the name of an item.
const ITEM_KEYWORDS: [&str; 8] = [
    "struct",
    "enum",
    "trait",
    "type",
    "fn",
    "const",
    "static",
    "macro_rules",
];

impl Parser<'_> {
    fn text(&self, at: usize) -> &str {
        self.tokens.get(at).map_or("", |t| t.text.as_str())
    }

    fn before(&self, distance: usize) -> &str {
        self.at.checked_sub(distance).map_or("", |at| self.text(at))
    }

    /// Parses to the end of the file, or past the `}` of an inline module.
    fn module(&mut self) -> Option<Parsed> {
        let mut parsed = Parsed::default();
        let mut depth = 0usize;
        let mut is_test = false;
        while self.at < self.tokens.len() {
            match self.text(self.at) {
                "#" if matches!(self.text(self.at + 1), "[" | "!") => {
                    is_test |= self.attribute();
                    continue;
                }
                "{" => depth += 1,
                "}" if depth == 0 => {
                    self.at += 1;
                    break;
                }
                "}" => depth -= 1,
                "use" if self.text(self.at + 1) != "<" => {
                    self.import(&mut parsed);
                    continue;
                }
                "mod" if depth == 0 => {
                    self.child(&mut parsed);
                    continue;
                }
                "pub" if self.text(self.at + 2) == "in" => {
                    self.at += 1;
                    self.skip_group();
                    continue;
                }
                keyword if depth == 0 && ITEM_KEYWORDS.contains(&keyword) => {
                    self.item(&mut parsed);
                }
                _ => {
                    if self.path(&mut parsed) {
                        continue;
                    }
                }
            }
            self.at += 1;
        }
        (!is_test).then_some(parsed)
    }

    /// Skips an attribute, and the item after it when that is test code.
    /// Returns true for an attribute that makes the whole module test code.
    fn attribute(&mut self) -> bool {
        let inner = self.text(self.at + 1) == "!";
        self.at += if inner { 2 } else { 1 };
        let start = self.at;
        self.skip_group();
        let content: Vec<&str> = (start + 1..self.at - 1).map(|at| self.text(at)).collect();
        let is_test = match content.as_slice() {
            ["cfg", rest @ ..] => rest.contains(&"test") && !rest.contains(&"not"),
            [.., last] => *last == "test",
            [] => false,
        };
        // A module whose file is named by `path` is not followed.
        let has_path = content.first() == Some(&"path");
        if (is_test && !inner) || has_path {
            self.skip_item();
        }
        is_test && inner
    }

    /// Skips a group in brackets of any kind, which begins here.
    fn skip_group(&mut self) {
        let mut depth = 0usize;
        while self.at < self.tokens.len() {
            match self.text(self.at) {
                "(" | "[" | "{" => depth += 1,
                ")" | "]" | "}" => depth = depth.saturating_sub(1),
                _ => {}
            }
            self.at += 1;
            if depth == 0 {
                return;
            }
        }
    }

    /// Skips an item, a statement, a field, a variant or an arm.
    fn skip_item(&mut self) {
        while self.text(self.at) == "#" {
            self.at += 1;
            self.skip_group();
        }
        if self.text(self.at) == "pub" {
            self.at += 1;
            if self.text(self.at) == "(" {
                self.skip_group();
            }
        }
        let keyword = self.text(self.at).to_owned();
        let statement = ["use", "const", "static", "let", "type"].contains(&keyword.as_str());
        let body = [
            "fn", "impl", "mod", "struct", "enum", "trait", "unsafe", "async",
        ];
        let body = body.contains(&keyword.as_str());
        while self.at < self.tokens.len() {
            match self.text(self.at) {
                ";" => {
                    self.at += 1;
                    return;
                }
                "," if !statement && !body => {
                    self.at += 1;
                    return;
                }
                ")" | "]" | "}" => return,
                "{" if !statement => {
                    self.skip_group();
                    return;
                }
                "(" | "[" | "{" => self.skip_group(),
                _ => self.at += 1,
            }
        }
    }

    /// `mod name;` or `mod name { … }`.
    fn child(&mut self, parsed: &mut Parsed) {
        let name = self.text(self.at + 1).to_owned();
        let inline = self.text(self.at + 2) == "{";
        self.at += 3;
        if !inline {
            parsed.files.push(name);
        } else if let Some(body) = self.module() {
            parsed.inline.push((name, body));
        }
    }

    /// Records the name after a keyword that defines an item.
    fn item(&self, parsed: &mut Parsed) {
        let starts = self.at == 0 || ITEM_STARTS.contains(&self.before(1));
        let name_at = match self.text(self.at) {
            "macro_rules" => self.at + 2,
            "static" if self.text(self.at + 1) == "mut" => self.at + 2,
            _ => self.at + 1,
        };
        let named = self.tokens.get(name_at).filter(|t| t.is_identifier());
        let keyword = ["fn", "unsafe", "async", "extern"];
        if let Some(name) = named.filter(|t| starts && !keyword.contains(&t.text.as_str())) {
            parsed.items.insert(name.text.clone());
            if ["struct", "enum", "trait", "type"].contains(&self.text(self.at)) {
                let crate_wide = self.before(1) == ")" && self.before(2) == "crate";
                parsed.types.push(TypeName {
                    name: name.text.clone(),
                    visible: self.before(1) == "pub" || crate_wide,
                    line: name.line,
                });
            }
        }
    }

    /// A `use` declaration, to its semicolon.
    fn import(&mut self, parsed: &mut Parsed) {
        let public = match self.before(1) {
            "pub" => true,
            ")" => (2..8).any(|distance| self.before(distance) == "pub"),
            _ => false,
        };
        self.at += 1;
        // `use ::name` is of another crate.
        let foreign = self.text(self.at) == "::";
        let mut leaves = Vec::new();
        self.use_tree(&[], &mut leaves);
        if !foreign {
            parsed
                .imports
                .extend(leaves.into_iter().map(|leaf| Import { public, ..leaf }));
        }
    }

    fn use_tree(&mut self, prefix: &[String], leaves: &mut Vec<Import>) {
        let mut segments = prefix.to_vec();
        let line = self.tokens.get(self.at).map_or(0, |t| t.line);
        let mut renamed = None;
        while self.at < self.tokens.len() {
            match self.text(self.at) {
                ";" | "," | "}" => break,
                "::" => self.at += 1,
                "*" => {
                    self.at += 1;
                    leaves.push(Import {
                        segments,
                        name: None,
                        public: false,
                        line,
                    });
                    return;
                }
                "{" => {
                    self.at += 1;
                    while !matches!(self.text(self.at), "}" | "") {
                        self.use_tree(&segments, leaves);
                        if self.text(self.at) == "," {
                            self.at += 1;
                        }
                    }
                    self.at += 1;
                    return;
                }
                "as" => {
                    renamed = Some(self.text(self.at + 1).to_owned());
                    self.at += 2;
                }
                name => {
                    segments.push(name.to_owned());
                    self.at += 1;
                }
            }
        }
        // `a::{self}` is `a`.
        if segments.len() > 1 && segments.last().is_some_and(|s| s == "self") {
            segments.pop();
        }
        let name = renamed.or_else(|| segments.last().cloned());
        leaves.push(Import {
            segments,
            name,
            public: false,
            line,
        });
    }

    /// A path in code: one with `::`, or a name that is a type or is called.
    /// Returns whether one was consumed.
    fn path(&mut self, parsed: &mut Parsed) -> bool {
        let start = self.at;
        if !self.tokens.get(start).is_some_and(Token::is_identifier) {
            return false;
        }
        let member = self.before(1) == "." && self.before(2) != ".";
        let continues = self.before(1) == "::";
        let mut segments = vec![self.text(start).to_owned()];
        self.at += 1;
        while self.text(self.at) == "::"
            && self
                .tokens
                .get(self.at + 1)
                .is_some_and(Token::is_identifier)
        {
            segments.push(self.text(self.at + 1).to_owned());
            self.at += 2;
        }
        let is_type = segments[0].starts_with(char::is_uppercase);
        let called = matches!(self.text(self.at), "(" | "!");
        let defined = start > 0 && self.text(start - 1) == "fn";
        if !member && !continues && !defined && (segments.len() > 1 || is_type || called) {
            parsed.paths.push(PathUse {
                segments,
                line: self.tokens[start].line,
            });
        }
        true
    }
}
