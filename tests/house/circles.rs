//! Imports between modules of one level, and circles of them.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use crate::sources::{ModulePath, Sources};

/// The imports between the modules of one folder: from, to, and the lines that say so.
pub(crate) type Arrows = BTreeMap<(String, String), BTreeSet<String>>;

/// The arrows of every level; a level is the module whose children it holds.
pub(crate) fn levels(sources: &Sources) -> BTreeMap<ModulePath, Arrows> {
    let mut levels: BTreeMap<ModulePath, Arrows> = BTreeMap::new();
    for (path, module) in &sources.modules {
        for import in &module.imports {
            let Some((to, _name)) = sources.resolve(path, &import.path) else {
                continue;
            };
            let same = path.iter().zip(&to).take_while(|(a, b)| a == b).count();
            // A parent and its child are not on one level.
            let (Some(one), Some(other)) = (path.get(same), to.get(same)) else {
                continue;
            };
            let arrows = levels.entry(path[..same].to_vec()).or_default();
            let line = format!("{}: {}", import.place, import.path.join("::"));
            let arrow = (one.clone(), other.clone());
            arrows.entry(arrow).or_default().insert(line);
        }
    }
    levels
}

/// Modules that import each other, directly or through others.
#[derive(Debug)]
pub(crate) struct Circle {
    /// All modules of the circle, as `level: one, other`.
    pub(crate) name: String,
    /// A shortest way round, with the lines that make it.
    pub(crate) way: Vec<String>,
}

/// The circles of a crate.
pub(crate) fn circles(name: &str, sources: &Sources) -> Vec<Circle> {
    let mut found = Vec::new();
    for (level, arrows) in levels(sources) {
        let mut seen: BTreeSet<&String> = BTreeSet::new();
        for (from, _to) in arrows.keys() {
            if seen.contains(from) {
                continue;
            }
            let there = reached(&arrows, from);
            let mutual = |other: &&String| reached(&arrows, other).contains(from);
            let members: BTreeSet<&String> = there.iter().copied().filter(mutual).collect();
            seen.extend(&members);
            if members.len() > 1 {
                let place = [&[name.to_owned()], &level[..]].concat().join("/");
                let names: Vec<_> = members.iter().map(|name| name.as_str()).collect();
                found.push(Circle {
                    name: format!("{place}: {}", names.join(", ")),
                    way: way_round(&arrows, from),
                });
            }
        }
    }
    found
}

fn successors<'a>(arrows: &'a Arrows, from: &str) -> impl Iterator<Item = &'a String> {
    let from = from.to_owned();
    let mine = arrows.keys().filter(move |(one, _)| *one == from);
    mine.map(|(_, other)| other)
}

fn reached<'a>(arrows: &'a Arrows, from: &str) -> BTreeSet<&'a String> {
    let mut reached = BTreeSet::new();
    let mut next: Vec<_> = successors(arrows, from).collect();
    while let Some(module) = next.pop() {
        if reached.insert(module) {
            next.extend(successors(arrows, module));
        }
    }
    reached
}

/// The lines of a shortest way from a module back to it.
fn way_round(arrows: &Arrows, start: &str) -> Vec<String> {
    let mut before: BTreeMap<&String, String> = BTreeMap::new();
    let mut next = VecDeque::from([start.to_owned()]);
    while let Some(module) = next.pop_front() {
        for other in successors(arrows, &module) {
            if !before.contains_key(other) {
                before.insert(other, module.clone());
                next.push_back(other.clone());
            }
        }
    }
    let mut way = Vec::new();
    let mut at = start.to_owned();
    while let Some(from) = before.get(&at).filter(|_| way.len() < arrows.len()) {
        let lines = &arrows[&(from.clone(), at.clone())];
        let lines: Vec<_> = lines.iter().take(3).cloned().collect();
        way.insert(
            0,
            format!("{from} -> {at}\n      {}", lines.join("\n      ")),
        );
        at.clone_from(from);
        if at == start {
            break;
        }
    }
    way
}
