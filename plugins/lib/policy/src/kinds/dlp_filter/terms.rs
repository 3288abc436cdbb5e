//! The blocked terms of an operator.
//!
//! A term is compared without regard to case, over the folded text. Where it has a space, the text
//! may have what people and programs write between words: see [`separator`]. One that begins or
//! ends with an ASCII letter or digit has a word boundary there. All terms are in one trie, so that
//! their number costs nothing: a text is left at the first byte that no term goes on with.

use kt_detect::fold;

use crate::chain::{Match, View};
use crate::text::{after_word, character, is_word};

/// Most bytes between two words of a term.
const MAX_SEPARATOR: usize = 8;
/// The label of an edge for what separates words; no byte of UTF-8.
const SEPARATOR: u8 = 0xff;

/// All terms of a chain.
pub(super) struct Terms {
    nodes: Vec<Node>,
    /// The edges of the nodes that have several.
    edges: Vec<(u8, u32)>,
    /// The children of the two roots by their label: most words are left there.
    roots: [[Option<usize>; 256]; 2],
    /// The first bytes of terms that need a word boundary before them.
    word_starts: [bool; 256],
    /// The first bytes of terms that can begin anywhere.
    starts: [bool; 256],
    /// The first two bytes of terms that can begin anywhere, sorted.
    pairs: Vec<(u8, Option<u8>)>,
    /// The first words of terms that need a word boundary before them, in lower case.
    first_words: Vec<Vec<u8>>,
}

/// The node where terms begin that need a word boundary before them.
const WORDS: usize = 0;
/// The node where terms begin that can begin anywhere.
const ANYWHERE: usize = 1;

/// A node while terms are added.
#[derive(Default)]
struct NewNode {
    /// Labels and nodes, sorted by label.
    edges: Vec<(u8, usize)>,
    ends: bool,
    ends_word: bool,
}

/// Small: the nodes of a term follow one another, and nearly all have one
/// edge, so that a term is compared in one or two lines of the cache.
#[derive(Clone, Copy)]
struct Node {
    edges: Edges,
    /// A term ends here.
    ends: bool,
    /// A term ends here at a word boundary.
    ends_word: bool,
}

#[derive(Clone, Copy)]
enum Edges {
    /// The label and the node.
    One(u8, u32),
    /// Where they begin, sorted by label.
    Several(u32),
    None,
}

impl Terms {
    /// Compiles the terms; `None` when there are none.
    pub(super) fn new<'t>(terms: impl Iterator<Item = &'t str>) -> Option<Self> {
        let mut builder = Builder {
            nodes: vec![NewNode::default(), NewNode::default()],
            word_starts: [false; 256],
            starts: [false; 256],
            pairs: Vec::new(),
            first_words: Vec::new(),
        };
        for term in terms {
            builder.add(&fold(term).text);
        }
        (builder.nodes.len() > 2).then(|| builder.build())
    }
}

/// Terms while they are added.
struct Builder {
    nodes: Vec<NewNode>,
    word_starts: [bool; 256],
    starts: [bool; 256],
    pairs: Vec<(u8, Option<u8>)>,
    first_words: Vec<Vec<u8>>,
}

impl Builder {
    fn build(self) -> Terms {
        let mut edges = Vec::new();
        let mut nodes = Vec::with_capacity(self.nodes.len());
        // A chain has fewer nodes than a configuration has bytes.
        let number = |number: usize| u32::try_from(number).unwrap_or(u32::MAX);
        for node in &self.nodes {
            nodes.push(Node {
                edges: match node.edges.as_slice() {
                    [] => Edges::None,
                    [(label, child)] => Edges::One(*label, number(*child)),
                    _ => Edges::Several(number(edges.len())),
                },
                ends: node.ends,
                ends_word: node.ends_word,
            });
            if node.edges.len() > 1 {
                let targets = node.edges.iter();
                edges.extend(targets.map(|(label, child)| (*label, number(*child))));
                // No label is greater.
                edges.push((u8::MAX, 0));
            }
        }
        let mut roots = [[None; 256]; 2];
        for (root, node) in roots.iter_mut().zip(&self.nodes) {
            for (label, child) in &node.edges {
                root[usize::from(*label)] = Some(*child);
            }
        }
        Terms {
            nodes,
            edges,
            roots,
            word_starts: self.word_starts,
            starts: self.starts,
            pairs: self.pairs,
            first_words: self.first_words,
        }
    }

    fn add(&mut self, folded: &str) {
        let is_edge = |c: Option<char>| c.is_some_and(|c| c.is_ascii() && is_word(c as u8));
        let term = folded.trim();
        let Some(first) = term.chars().next() else {
            return;
        };
        let begins_word = is_edge(Some(first));
        let starts = if begins_word {
            &mut self.word_starts
        } else {
            &mut self.starts
        };
        for c in [Some(first), other_case(first)].into_iter().flatten() {
            let mut bytes = [0; 4];
            let bytes = c.encode_utf8(&mut bytes).as_bytes();
            starts[usize::from(bytes[0])] = true;
            if !begins_word {
                self.pairs.push((bytes[0], bytes.get(1).copied()));
            }
        }
        if begins_word {
            self.add_first_words(term);
        }
        let mut node = if begins_word { WORDS } else { ANYWHERE };
        for (index, word) in term.split_whitespace().enumerate() {
            if index > 0 {
                node = self.child(node, SEPARATOR);
            }
            for c in word.chars() {
                let mut bytes = [0; 4];
                for byte in lower(c).encode_utf8(&mut bytes).bytes() {
                    node = self.child(node, byte);
                }
            }
        }
        if is_edge(term.chars().next_back()) {
            self.nodes[node].ends_word = true;
        } else {
            self.nodes[node].ends = true;
        }
    }

    /// Adds the words that a text may have where the term begins: its first one, and its first
    /// ones together, as in `ProjectNightjar` and `project_nightjar`.
    fn add_first_words(&mut self, term: &str) {
        let words: Vec<_> = term.split_whitespace().collect();
        for count in 1..=words.len() {
            for joint in ["", "_"] {
                let joined = words[..count].join(joint).to_ascii_lowercase();
                let word: Vec<u8> = joined.bytes().take_while(|byte| is_word(*byte)).collect();
                if !self.first_words.contains(&word) {
                    self.first_words.push(word);
                }
            }
        }
    }

    fn child(&mut self, node: usize, label: u8) -> usize {
        match self.nodes[node].edges.binary_search_by_key(&label, |e| e.0) {
            Ok(edge) => self.nodes[node].edges[edge].1,
            Err(place) => {
                let child = self.nodes.len();
                self.nodes.push(NewNode::default());
                self.nodes[node].edges.insert(place, (label, child));
                child
            }
        }
    }
}

impl Terms {
    /// Returns whether a term can begin anywhere with two bytes.
    pub(super) fn begin_anywhere(&self, first: u8, second: u8) -> bool {
        self.starts[usize::from(first)]
            && self
                .pairs
                .iter()
                .any(|(a, b)| *a == first && b.is_none_or(|b| b == second))
    }

    /// Returns the first words of terms that need a word boundary before them, in lower case.
    pub(super) fn first_words(&self) -> &[Vec<u8>] {
        &self.first_words
    }

    /// Looks for the longest term that begins at `at`; adds the bytes that were
    /// read to `steps`.
    pub(super) fn at(&self, view: View<'_>, at: usize, steps: &mut usize) -> Match {
        let byte = usize::from(view.text[at]);
        let mut found = Match::None;
        if self.word_starts[byte] && !after_word(view.text, at) {
            found = self.walk(view, at, WORDS, steps);
        }
        if self.starts[byte] {
            found = match (found, self.walk(view, at, ANYWHERE, steps)) {
                (Match::Open, _) | (_, Match::Open) => Match::Open,
                (Match::End(a), Match::End(b)) => Match::End(a.max(b)),
                (Match::None, other) | (other, Match::None) => other,
            };
        }
        found
    }

    fn walk(&self, view: View<'_>, at: usize, root: usize, steps: &mut usize) -> Match {
        let (mut node, mut end) = (root, at);
        let mut found = Match::None;
        loop {
            let here = &self.nodes[node];
            if here.ends || (here.ends_word && view.text.get(end).is_none_or(|b| !is_word(*b))) {
                // A word boundary at the end of what has arrived is not certain.
                if !here.ends && view.is_open_at(end) {
                    return Match::Open;
                }
                found = Match::End(end);
            }
            if matches!(here.edges, Edges::None) {
                return found;
            }
            if view.is_open_at(end) {
                return Match::Open;
            }
            *steps += 1;
            // Nearly all letters are ASCII: those are not decoded.
            let byte = view.text.get(end).copied();
            let letter = byte.filter(u8::is_ascii).map(|b| b.to_ascii_lowercase());
            if let Some(child) = letter.and_then(|letter| self.edge(node, letter)) {
                (node, end) = (child, end + 1);
                continue;
            }
            match self.next(view, node, end) {
                Next::Node(next, after) => (node, end) = (next, after),
                Next::Open => return Match::Open,
                Next::None => return found,
            }
        }
    }

    /// Follows the edge for what stands at `at`.
    fn next(&self, view: View<'_>, node: usize, at: usize) -> Next {
        let Some(c) = character(view.text, at) else {
            return Next::None;
        };
        if c.is_ascii() {
            let Some(next) = self.edge(node, SEPARATOR) else {
                return Next::None;
            };
            return match separator(view, at) {
                Separator::Bytes(count) => Next::Node(next, at + count),
                Separator::Open => Next::Open,
                Separator::None => Next::None,
            };
        }
        let mut bytes = [0; 4];
        let mut next = node;
        for byte in lower(c).encode_utf8(&mut bytes).bytes() {
            match self.edge(next, byte) {
                Some(child) => next = child,
                None => return Next::None,
            }
        }
        Next::Node(next, at + c.len_utf8())
    }

    fn edge(&self, node: usize, label: u8) -> Option<usize> {
        if let Some(root) = self.roots.get(node) {
            return root[usize::from(label)];
        }
        match self.nodes[node].edges {
            Edges::None => None,
            Edges::One(only, child) => (only == label).then_some(child as usize),
            Edges::Several(first) => {
                let mut edges = self.edges.get(first as usize..)?.iter();
                let (found, child) = edges.find(|(known, _)| *known >= label)?;
                (*found == label && *child > 0).then_some(*child as usize)
            }
        }
    }
}

/// What stands between two words.
enum Separator {
    Bytes(usize),
    /// The rest of the text decides.
    Open,
    None,
}

/// Returns how many bytes of the text from `at` on separate two words: up to eight blanks, line
/// breaks, `-`, `_` and signs of emphasis, one `.` or `/` as in names of packages and paths, or
/// none where a capital begins the next word, as in `ProjectNightjar`.
fn separator(view: View<'_>, at: usize) -> Separator {
    let text = view.text;
    let is_sign = |byte: &u8| byte.is_ascii_whitespace() || b"-_*~`".contains(byte);
    if matches!(text[at], b'.' | b'/') {
        return match text.get(at + 1) {
            Some(next) if next.is_ascii_alphanumeric() || !next.is_ascii() => Separator::Bytes(1),
            None if !view.complete => Separator::Open,
            _ => Separator::None,
        };
    }
    let signs = text[at..].iter().take(MAX_SEPARATOR + 1);
    match signs.take_while(|byte| is_sign(byte)).count() {
        0 => {
            let before = at.checked_sub(1).map(|before| text[before]);
            let is_small = before.is_some_and(|b| b.is_ascii_lowercase() || b.is_ascii_digit());
            if is_small && text[at].is_ascii_uppercase() {
                Separator::Bytes(0)
            } else {
                Separator::None
            }
        }
        count if count > MAX_SEPARATOR => Separator::None,
        count if view.is_open_at(at + count) => Separator::Open,
        count => Separator::Bytes(count),
    }
}

enum Next {
    Node(usize, usize),
    Open,
    None,
}

/// The letter in lower case, or the first one of it.
fn lower(c: char) -> char {
    if c.is_ascii() {
        c.to_ascii_lowercase()
    } else {
        c.to_lowercase().next().unwrap_or(c)
    }
}

/// The letter in the other case. Of those that are several letters there only `ß` has another
/// capital.
fn other_case(c: char) -> Option<char> {
    let mut upper = c.to_uppercase();
    match (upper.next(), upper.next()) {
        _ if c == 'ß' => Some('ẞ'),
        (Some(upper), None) if upper != c => Some(upper),
        _ => Some(lower(c)),
    }
}

#[cfg(test)]
mod tests {
    use super::{Match, Terms, View};

    fn find(terms: &[&str], text: &str, complete: bool) -> Match {
        let terms = Terms::new(terms.iter().copied()).unwrap();
        let view = View::new(text.as_bytes(), complete);
        terms.at(view, 0, &mut 0)
    }

    #[test]
    fn terms_are_whole_words_without_regard_to_case() {
        let terms = ["Project Nightjar", "project", "社外秘", "x-1", "ß-7"];
        for (text, end) in [
            ("project", Some(7)),
            ("PROJECT \n nightjar!", Some(18)),
            ("project nightjars", Some(7)),
            ("projects", None),
            ("社外秘です", Some(9)),
            ("X-1 ", Some(3)),
            ("project          nightjar", Some(7)),
            ("ẞ-7", Some(5)),
            ("ß-7", Some(4)),
            ("SS-7", None),
            ("project-nightjar", Some(16)),
            ("project_nightjar", Some(16)),
            ("project.nightjar", Some(16)),
            ("project/nightjar", Some(16)),
            ("project** **nightjar", Some(20)),
            ("project-\nnightjar", Some(17)),
            ("ProjectNightjar", Some(15)),
            ("projectNightjar", Some(15)),
            ("projectnightjar", None),
            ("PROJECT_NIGHTJAR", Some(16)),
            ("project. Nightjar", Some(7)),
            ("project, nightjar", Some(7)),
            ("projectNightjars", None),
        ] {
            let expected = end.map_or(Match::None, Match::End);
            assert_eq!(find(&terms, text, true), expected, "{text:?}");
        }
    }

    #[test]
    fn what_can_become_a_term_is_open() {
        for text in [
            "p",
            "project",
            "project ",
            "project night",
            "project nightjar",
        ] {
            assert_eq!(
                find(&["project nightjar"], text, false),
                Match::Open,
                "{text:?}"
            );
        }
        for text in ["pr0", "project n1", "other"] {
            assert_eq!(
                find(&["project nightjar"], text, false),
                Match::None,
                "{text:?}"
            );
        }
    }
}
