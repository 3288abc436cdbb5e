//! The modules of a crate, found through its `mod` declarations.

use super::parse::{Import, Parsed, PathUse, TypeName, parse};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// A module with the file it is in.
#[derive(Debug)]
pub(in crate::architecture) struct Module {
    /// Its names from the root of the crate; empty for the root.
    pub(in crate::architecture) path: Vec<String>,
    /// The file.
    pub(in crate::architecture) file: PathBuf,
    /// Names of the items defined here.
    pub(super) items: BTreeSet<String>,
    /// The types among them.
    pub(in crate::architecture) types: Vec<TypeName>,
    /// Names brought in by `use`.
    pub(super) imports: Vec<Import>,
    /// Paths in code.
    pub(super) paths: Vec<PathUse>,
}

/// Reads the modules that are reached from the root file of a crate.
///
/// # Panics
/// When a declared module has no file.
pub(in crate::architecture) fn modules_of(
    root: &Path,
    read: &dyn Fn(&Path) -> Option<String>,
) -> Vec<Module> {
    let text = read(root).unwrap_or_else(|| panic!("there is no {}", root.display()));
    let mut modules = Vec::new();
    let folder = root.parent().unwrap_or(Path::new(""));
    if let Some(parsed) = parse(&text) {
        add(&mut modules, Vec::new(), root, folder, parsed, read);
    }
    modules
}

fn add(
    modules: &mut Vec<Module>,
    path: Vec<String>,
    file: &Path,
    folder: &Path,
    parsed: Parsed,
    read: &dyn Fn(&Path) -> Option<String>,
) {
    modules.push(Module {
        path: path.clone(),
        file: file.to_owned(),
        items: parsed.items,
        types: parsed.types,
        imports: parsed.imports,
        paths: parsed.paths,
    });
    let child = |name: &str| [path.as_slice(), &[name.to_owned()]].concat();
    for (name, body) in parsed.inline {
        add(modules, child(&name), file, &folder.join(&name), body, read);
    }
    for name in parsed.files {
        let inside = folder.join(&name);
        let candidates = [folder.join(format!("{name}.rs")), inside.join("mod.rs")];
        let found = candidates.iter().find_map(|f| Some((f, read(f)?)));
        let (file, text) =
            found.unwrap_or_else(|| panic!("{} declares `{name}`: no file", file.display()));
        if let Some(parsed) = parse(&text) {
            add(modules, child(&name), file, &inside, parsed, read);
        }
    }
}
