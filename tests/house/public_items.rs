//! The public items of `cfa_runtime`: what a user of the library can name.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use syn::{ImplItem, Item, Type};

use crate::sources::{ModulePath, Sources, is_public, public_name};

const LIST: &str = "tests/house/public_items.txt";
const UPDATE: &str = "CFA_UPDATE_PUBLIC_ITEMS";

/// A module that defines an item, and the item's name.
type Definition = (ModulePath, String);

#[test]
fn the_public_items_are_those_of_the_list() {
    let runtime = Sources::read(&crate::checkout().join("runtime/src/lib.rs"));
    let found = public_items(&runtime).join("\n") + "\n";
    let list = crate::checkout().join(LIST);
    if std::env::var_os(UPDATE).is_some() {
        fs::write(&list, &found).unwrap();
    }
    let listed = fs::read_to_string(&list).unwrap_or_else(|_missing| String::new());
    let lines = |text: &str| text.lines().map(str::to_owned).collect::<BTreeSet<_>>();
    let (found, listed) = (lines(&found), lines(&listed));
    let new: Vec<_> = found.difference(&listed).collect();
    let gone: Vec<_> = listed.difference(&found).collect();
    assert!(
        new.is_empty() && gone.is_empty(),
        "public items have changed; if that is meant, run with {UPDATE}=1\nnew: {new:#?}\ngone: {gone:#?}"
    );
}

/// One line for each public item, such as `bundle::write_bundle fn`; methods stand under the
/// shortest path of their type. Fields, variants and trait implementations are not listed.
pub(crate) fn public_items(sources: &Sources) -> Vec<String> {
    let mut walk = Walk {
        sources,
        paths: BTreeMap::new(),
        entered: BTreeSet::new(),
    };
    walk.module(&Vec::new(), &[]);
    let methods = methods(sources);
    let mut lines = BTreeSet::new();
    for (definition, paths) in &walk.paths {
        let mut paths: Vec<_> = paths.iter().map(|path| path.join("::")).collect();
        paths.sort_by_key(|path| (path.len(), path.clone()));
        let kind = kind(sources, definition);
        let others = match &paths[1..] {
            [] => String::new(),
            others => format!(" (also {})", others.join(", ")),
        };
        lines.insert(format!("{} {kind}{others}", paths[0]));
        let meant = aliased(sources, definition);
        for method in methods.get(&meant).into_iter().flatten() {
            lines.insert(format!("{}::{method} method", paths[0]));
        }
    }
    lines.into_iter().collect()
}

struct Walk<'a> {
    sources: &'a Sources,
    /// Each item, and the paths by which users can name it.
    paths: BTreeMap<Definition, BTreeSet<Vec<String>>>,
    entered: BTreeSet<Vec<String>>,
}

impl Walk<'_> {
    fn module(&mut self, at: &ModulePath, known_as: &[String]) {
        if !self.entered.insert(known_as.to_vec()) {
            return;
        }
        let module = &self.sources.modules[at];
        let below = |name: &String| [known_as, std::slice::from_ref(name)].concat();
        for (_kind, name, public) in module.items.iter().filter_map(public_name) {
            if public {
                self.add((at.clone(), name.clone()), below(&name));
            }
        }
        for (child, _) in module.children.iter().filter(|(_, public)| **public) {
            self.module(&[at.clone(), vec![child.clone()]].concat(), &below(child));
        }
        for (name, used) in module.used.iter().filter(|(_, used)| used.public) {
            match self.sources.resolve(at, &used.path) {
                Some((found, item)) if item.is_empty() => self.module(&found, &below(name)),
                Some(definition) => self.add(definition, below(name)),
                None => self.add((vec!["extern".to_owned()], name.clone()), below(name)),
            }
        }
    }

    fn add(&mut self, definition: Definition, path: Vec<String>) {
        self.paths.entry(definition).or_default().insert(path);
    }
}

fn kind(sources: &Sources, (module, name): &Definition) -> &'static str {
    let items = sources.modules.get(module).map(|module| &module.items);
    let mut named = items.into_iter().flatten().filter_map(public_name);
    named
        .find(|(_, found, _)| found == name)
        .map_or("of another crate", |(kind, _, _)| kind)
}

/// The type that an alias stands for, or the type itself.
fn aliased(sources: &Sources, definition: &Definition) -> Definition {
    let (path, name) = definition;
    let items = sources.modules.get(path).map(|module| &module.items);
    let alias = items.into_iter().flatten().find_map(|item| match item {
        Item::Type(alias) if alias.ident == name => Some(&*alias.ty),
        _ => None,
    });
    let Some(Type::Path(on)) = alias else {
        return definition.clone();
    };
    let segments = on.path.segments.iter().map(|part| part.ident.to_string());
    let segments: Vec<_> = segments.collect();
    let found = sources.resolve(path, &segments);
    found.unwrap_or_else(|| definition.clone())
}

/// The public functions and constants of types.
fn methods(sources: &Sources) -> BTreeMap<Definition, BTreeSet<String>> {
    let mut methods: BTreeMap<Definition, BTreeSet<String>> = BTreeMap::new();
    for (path, module) in &sources.modules {
        for item in &module.items {
            let Item::Impl(block) = item else { continue };
            let Type::Path(on) = &*block.self_ty else {
                continue;
            };
            let segments = on.path.segments.iter().map(|part| part.ident.to_string());
            let segments: Vec<_> = segments.collect();
            let Some(definition) = sources.resolve(path, &segments) else {
                continue;
            };
            if block.trait_.is_some() {
                continue;
            }
            let names = block.items.iter().filter_map(|item| match item {
                ImplItem::Fn(function) if is_public(&function.vis) => {
                    Some(function.sig.ident.to_string())
                }
                ImplItem::Const(constant) if is_public(&constant.vis) => {
                    Some(constant.ident.to_string())
                }
                _ => None,
            });
            methods.entry(definition).or_default().extend(names);
        }
    }
    methods
}
