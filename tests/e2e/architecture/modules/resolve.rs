//! Resolves a path to the module that owns what it names.

use super::tree::Module;
use std::collections::HashMap;

/// The target of a path, by the index of a module.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Target {
    /// The module itself.
    Module(usize),
    /// An item that the module defines, or re-exports from outside of itself.
    Item(usize),
}

impl Target {
    /// Returns the module that is depended on.
    pub(super) fn owner(self) -> usize {
        match self {
            Self::Module(index) | Self::Item(index) => index,
        }
    }
}

/// The modules of a crate by path.
pub(super) struct Resolver<'m> {
    modules: &'m [Module],
    by_path: HashMap<&'m [String], usize>,
}

/// Names that are being looked up: an import may name itself.
type Pending = Vec<(usize, String)>;

impl<'m> Resolver<'m> {
    /// Indexes `modules`; the first one is the root.
    pub(super) fn new(modules: &'m [Module]) -> Self {
        let by_path = modules.iter().enumerate();
        Self {
            modules,
            by_path: by_path.map(|(i, m)| (m.path.as_slice(), i)).collect(),
        }
    }

    /// Resolves a path in the module `from`. Returns nothing for a path to another
    /// crate.
    pub(super) fn resolve(&self, from: usize, segments: &[String]) -> Option<Target> {
        self.resolve_pending(from, segments, &mut Vec::new())
    }

    /// Returns whether `inner` is `outer` or below it.
    pub(super) fn is_within(&self, inner: usize, outer: usize) -> bool {
        self.modules[inner]
            .path
            .starts_with(&self.modules[outer].path)
    }

    fn resolve_pending(
        &self,
        from: usize,
        segments: &[String],
        pending: &mut Pending,
    ) -> Option<Target> {
        let (first, mut rest) = segments.split_first()?;
        let mut target = match first.as_str() {
            "crate" => Target::Module(0),
            "self" => Target::Module(from),
            "super" => Target::Module(self.parent(from)?),
            name => self.find(from, name, pending)?,
        };
        while let Target::Module(current) = target {
            let Some((name, after)) = rest.split_first() else {
                break;
            };
            rest = after;
            target = if name == "super" {
                Target::Module(self.parent(current)?)
            } else {
                self.find_from_outside(current, name, pending)
            };
        }
        Some(target)
    }

    fn parent(&self, index: usize) -> Option<usize> {
        let (_, parent) = self.modules[index].path.split_last()?;
        self.by_path.get(parent).copied()
    }

    fn child(&self, index: usize, name: &str) -> Option<usize> {
        let path = [self.modules[index].path.as_slice(), &[name.to_owned()]].concat();
        self.by_path.get(path.as_slice()).copied()
    }

    /// Resolves a name in the scope of a module.
    fn find(&self, module: usize, name: &str, pending: &mut Pending) -> Option<Target> {
        if let Some(child) = self.child(module, name) {
            return Some(Target::Module(child));
        }
        let key = (module, name.to_owned());
        if self.modules[module].items.contains(name) {
            return Some(Target::Item(module));
        }
        if pending.contains(&key) {
            return None;
        }
        pending.push(key);
        let imports = &self.modules[module].imports;
        let named = imports.iter().filter(|i| i.name.as_deref() == Some(name));
        let found = named
            .filter_map(|i| self.resolve_pending(module, &i.segments, pending))
            .next()
            .or_else(|| self.find_in_globs(module, name, pending));
        pending.pop();
        found
    }

    fn find_in_globs(&self, module: usize, name: &str, pending: &mut Pending) -> Option<Target> {
        let imports = &self.modules[module].imports;
        imports.iter().filter(|i| i.name.is_none()).find_map(|i| {
            match self.resolve_pending(module, &i.segments, pending)? {
                Target::Module(source) => self.find(source, name, pending),
                Target::Item(_) => None,
            }
        })
    }

    /// Resolves a name from outside of a module: what it re-exports from below
    /// itself belongs to the child, everything else to the module.
    fn find_from_outside(&self, module: usize, name: &str, pending: &mut Pending) -> Target {
        match self.find(module, name, pending) {
            Some(target) if self.is_within(target.owner(), module) => target,
            _ => Target::Item(module),
        }
    }
}
