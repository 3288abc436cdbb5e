//! The graph of imports between the modules of a crate, level by level.

use super::resolve::{Resolver, Target};
use super::tree::Module;
use std::collections::BTreeMap;

/// The name of a module's own file among its children.
pub(super) const SELF: &str = "(itself)";

/// The imports between the children of one module, and its own file.
#[derive(Debug, Default)]
pub(super) struct Level {
    /// The importing and the imported module, with the first use.
    pub(super) edges: BTreeMap<(String, String), Use>,
}

/// A use of one module by another.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Use {
    /// File and line.
    pub(super) location: String,
    /// The path in the code.
    pub(super) path: String,
    /// The number of uses.
    pub(super) uses: usize,
}

/// Returns the levels of a crate by the path of their parent module.
pub(super) fn levels_of(modules: &[Module]) -> BTreeMap<String, Level> {
    let resolver = Resolver::new(modules);
    let mut levels = BTreeMap::new();
    for (from, module) in modules.iter().enumerate() {
        for import in &module.imports {
            let target = resolver.resolve(from, &import.segments);
            let re_export = |t: &Target| import.public && resolver.is_within(t.owner(), from);
            if let Some(target) = target.filter(|t| !re_export(t)) {
                add(
                    &mut levels,
                    modules,
                    from,
                    target,
                    &import.segments,
                    import.line,
                );
            }
        }
        for path in &module.paths {
            if let Some(target) = resolver.resolve(from, &path.segments) {
                add(
                    &mut levels,
                    modules,
                    from,
                    target,
                    &path.segments,
                    path.line,
                );
            }
        }
    }
    levels
}

fn add(
    levels: &mut BTreeMap<String, Level>,
    modules: &[Module],
    from: usize,
    target: Target,
    segments: &[String],
    line: usize,
) {
    let (user, used) = (&modules[from].path, &modules[target.owner()].path);
    // The name of an enclosing module is only the beginning of paths.
    if from == target.owner() || (matches!(target, Target::Module(_)) && user.starts_with(used)) {
        return;
    }
    let common = user.iter().zip(used).take_while(|(a, b)| a == b).count();
    let node = |path: &[String]| path.get(common).map_or(SELF, |n| n.as_str()).to_owned();
    let level = levels.entry(user[..common].join("::")).or_default();
    let first = level.edges.entry((node(user), node(used)));
    let first = first.or_insert_with(|| Use {
        location: format!("{}:{line}", modules[from].file.display()),
        path: segments.join("::"),
        uses: 0,
    });
    first.uses += 1;
}
