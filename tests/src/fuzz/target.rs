//! The list of fuzz targets.

use super::{canonical_json, elf, manifest, policy, sse, token};

/// Something that takes any bytes and must not panic.
#[derive(Debug, Clone, Copy)]
pub struct Target {
    /// The name, which is that of the target of cargo-fuzz too.
    pub name: &'static str,
    /// Takes an input, and panics if a property of its result is violated.
    pub check: fn(&[u8]),
    /// Valid inputs, most of them golden files and examples.
    pub seeds: fn() -> Vec<Vec<u8>>,
    /// Words of the format.
    pub words: &'static [&'static str],
}

/// All targets.
pub const TARGETS: &[Target] = &[
    Target {
        name: "canonical_json",
        check: canonical_json::check,
        seeds: canonical_json::seeds,
        words: &[
            "1e308",
            "-0",
            "0.1",
            "\\ud800",
            "\\u0000",
            "18446744073709551616",
            "{}",
            "[],",
        ],
    },
    Target {
        name: "elf",
        check: elf::check,
        seeds: elf::seeds,
        words: &["\u{7f}ELF", "kt\0\0", "\u{4}\0\0\0"],
    },
    Target {
        name: "manifest",
        check: manifest::check,
        seeds: manifest::seeds,
        words: &[
            "[[command]]\n",
            "[[setting]]\n",
            "\"\"\"",
            "path = []\n",
            "{ a = 1 }",
            "= ",
            "\\u",
        ],
    },
    Target {
        name: "policy",
        check: policy::check,
        seeds: policy::seeds,
        words: &[
            "&a ", "*a", "<<: ", "- ", ": ", "|\n", "!!", "{", "[", "\t", "#", "...\n", "1e999",
        ],
    },
    Target {
        name: "sse",
        check: sse::check,
        seeds: sse::seeds,
        words: &[
            "data: ", "data:", "\n\n", "\r\n\r\n", "event: ", ": ", "[DONE]", "\u{feff}",
        ],
    },
    Target {
        name: "token",
        check: token::check,
        seeds: token::seeds,
        words: &["kt_at_", "kt_gk_", "kt_bt_", "ü"],
    },
];
