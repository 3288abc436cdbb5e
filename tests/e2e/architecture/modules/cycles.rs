//! Cycles in a graph of imports.

use super::graph::Level;
use std::collections::{BTreeMap, BTreeSet, VecDeque};

/// Returns a shortest cycle for each group of modules that reach one another.
pub(super) fn cycles(level: &Level) -> Vec<Vec<String>> {
    let mut next: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for (from, to) in level.edges.keys() {
        next.entry(from).or_default().push(to);
    }
    let mut found: Vec<Vec<String>> = Vec::new();
    let mut done: BTreeSet<&str> = BTreeSet::new();
    for start in next.keys() {
        let group = group(&next, start);
        if group.iter().any(|member| done.contains(member)) {
            continue;
        }
        let through = group.iter().filter_map(|m| shortest_cycle(&next, m));
        if let Some(cycle) = through.min_by_key(Vec::len) {
            done.extend(&group);
            found.push(cycle);
        }
    }
    found
}

/// Returns the nodes that `start` reaches and that reach it.
fn group<'a>(next: &BTreeMap<&'a str, Vec<&'a str>>, start: &str) -> Vec<&'a str> {
    let from_start = reached(next, start);
    let both = from_start.into_iter();
    both.filter(|node| reached(next, node).contains(start))
        .collect()
}

fn reached<'a>(next: &BTreeMap<&'a str, Vec<&'a str>>, start: &str) -> BTreeSet<&'a str> {
    let mut seen = BTreeSet::new();
    let mut queue: Vec<&str> = next.get(start).cloned().unwrap_or_default();
    while let Some(node) = queue.pop() {
        if seen.insert(node) {
            queue.extend(next.get(node).into_iter().flatten());
        }
    }
    seen
}

/// Returns the nodes of a shortest cycle through `start`, which is at both ends.
fn shortest_cycle(next: &BTreeMap<&str, Vec<&str>>, start: &str) -> Option<Vec<String>> {
    let mut before: BTreeMap<&str, &str> = BTreeMap::new();
    let mut queue = VecDeque::from([start]);
    while let Some(node) = queue.pop_front() {
        for to in next.get(node).into_iter().flatten() {
            if *to == start {
                let mut cycle = vec![start.to_owned(), node.to_owned()];
                let mut at = node;
                while at != start {
                    at = before[at];
                    cycle.push(at.to_owned());
                }
                cycle.reverse();
                return Some(cycle);
            }
            if !before.contains_key(to) {
                before.insert(to, node);
                queue.push_back(to);
            }
        }
    }
    None
}
