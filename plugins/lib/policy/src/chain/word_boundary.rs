//! Word boundaries of users' patterns, made ASCII.
//!
//! A lazy DFA cannot decide a Unicode word boundary, and one that gives up in
//! the middle of a stream is no guard. `\b` therefore looks at ASCII letters,
//! digits and `_` only: next to any other character it holds, so that a
//! pattern matches rather more than less.

use regex_syntax::hir::{Capture, Hir, HirKind, Look, Repetition};

/// The same expression with every Unicode word boundary replaced.
pub(crate) fn make_ascii(hir: &Hir) -> Hir {
    match hir.kind() {
        HirKind::Look(look) => Hir::look(ascii(*look)),
        HirKind::Repetition(inner) => Hir::repetition(Repetition {
            sub: Box::new(make_ascii(&inner.sub)),
            ..inner.clone()
        }),
        HirKind::Capture(inner) => Hir::capture(Capture {
            sub: Box::new(make_ascii(&inner.sub)),
            ..inner.clone()
        }),
        HirKind::Concat(parts) => Hir::concat(parts.iter().map(make_ascii).collect()),
        HirKind::Alternation(parts) => Hir::alternation(parts.iter().map(make_ascii).collect()),
        _ => hir.clone(),
    }
}

fn ascii(look: Look) -> Look {
    match look {
        Look::WordUnicode => Look::WordAscii,
        Look::WordUnicodeNegate => Look::WordAsciiNegate,
        Look::WordStartUnicode => Look::WordStartAscii,
        Look::WordEndUnicode => Look::WordEndAscii,
        Look::WordStartHalfUnicode => Look::WordStartHalfAscii,
        Look::WordEndHalfUnicode => Look::WordEndHalfAscii,
        other => other,
    }
}
