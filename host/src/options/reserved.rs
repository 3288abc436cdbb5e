//! Names of global options. The fuzz targets include this file.

/// Names that no argument of a plugin may have. `--timeout` and `--dry-run` are
/// not reserved: a plugin may give them another meaning.
pub(crate) const RESERVED_NAMES: [&str; 17] = [
    "output",
    "json",
    "no-headers",
    "no-pager",
    "quiet",
    "verbose",
    "color",
    "yes",
    "no-input",
    "profile",
    "plugin-dir",
    "only-bundled",
    "no-plugins",
    "isolate",
    "supervised",
    "park-exit",
    "help",
];
