//! The modules of a crate, read from its sources.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::fs;
use std::path::{Path, PathBuf};

use syn::{Attribute, Item, ItemMod, UseTree, Visibility};

use crate::imports::{self, Import};

/// The names from the crate's root to a module; the root's is empty.
pub(crate) type ModulePath = Vec<String>;

/// A name that a module takes from elsewhere.
#[derive(Debug, Clone)]
pub(crate) struct Used {
    pub(crate) path: Vec<String>,
    pub(crate) public: bool,
}

/// What a module holds, without its tests.
#[derive(Debug, Default)]
pub(crate) struct Module {
    /// Its modules; `true` for the public ones.
    pub(crate) children: BTreeMap<String, bool>,
    /// The items that it defines.
    pub(crate) defined: HashSet<String>,
    /// The names that it imports or re-exports.
    pub(crate) used: HashMap<String, Used>,
    /// The modules of which it imports or re-exports everything.
    pub(crate) globs: Vec<Used>,
    /// All that it names of other modules.
    pub(crate) imports: Vec<Import>,
    /// Its items.
    pub(crate) items: Vec<Item>,
}

/// A crate.
#[derive(Debug, Default)]
pub(crate) struct Sources {
    pub(crate) modules: BTreeMap<ModulePath, Module>,
}

impl Sources {
    /// Reads a crate from its root file, such as `lib.rs`.
    pub(crate) fn read(root: &Path) -> Self {
        let mut sources = Self::default();
        let folder = root.parent().unwrap().to_owned();
        let text = fs::read_to_string(root).unwrap();
        sources.add_file(Vec::new(), &text, root, &|name| {
            [format!("{name}.rs"), format!("{name}/mod.rs")]
                .map(|file| folder.join(file))
                .into_iter()
                .find(|file| file.is_file())
        });
        sources
    }

    /// Reads a crate whose files are given by name and content.
    pub(crate) fn made_up(files: &[(&str, &str)]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        for (name, text) in files {
            let path = folder.path().join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        Self::read(&folder.path().join("lib.rs"))
    }

    fn add_file(
        &mut self,
        path: ModulePath,
        text: &str,
        file: &Path,
        find: &dyn Fn(&str) -> Option<PathBuf>,
    ) {
        let parsed =
            syn::parse_file(text).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
        self.add(path, parsed.items, file, find);
    }

    fn add(
        &mut self,
        path: ModulePath,
        items: Vec<Item>,
        file: &Path,
        find: &dyn Fn(&str) -> Option<PathBuf>,
    ) {
        let mut module = Module::default();
        let items: Vec<Item> = items.into_iter().filter(|item| !is_test(item)).collect();
        for item in &items {
            if let Item::Mod(child) = item {
                module
                    .children
                    .insert(child.ident.to_string(), is_public(&child.vis));
                self.add_child(&path, child, file, find);
            } else if let Item::Use(used) = item {
                module.take(&used.tree, &mut Vec::new(), is_public(&used.vis));
            } else if let Some(name) = name_of(item) {
                module.defined.insert(name);
            }
        }
        module.imports = imports::in_items(&items, file);
        module.items = items;
        self.modules.insert(path, module);
    }

    fn add_child(
        &mut self,
        parent: &ModulePath,
        child: &ItemMod,
        file: &Path,
        find: &dyn Fn(&str) -> Option<PathBuf>,
    ) {
        let name = child.ident.to_string();
        let path = [parent.clone(), vec![name.clone()]].concat();
        if let Some((_, items)) = &child.content {
            let below = |inner: &str| find(&format!("{name}/{inner}"));
            return self.add(path, items.clone(), file, &below);
        }
        let found =
            find(&name).unwrap_or_else(|| panic!("{}: no file for mod {name}", file.display()));
        let text = fs::read_to_string(&found).unwrap();
        let below = |inner: &str| find(&format!("{name}/{inner}"));
        self.add_file(path, &text, &found, &below);
    }

    /// The module that defines what a path names, and the name there; the name is empty if the
    /// path names a module. `None` for what another crate defines.
    pub(crate) fn resolve(&self, from: &[String], path: &[String]) -> Option<(ModulePath, String)> {
        self.resolve_within(from, path, 0)
    }

    fn resolve_within(
        &self,
        from: &[String],
        path: &[String],
        depth: usize,
    ) -> Option<(ModulePath, String)> {
        if depth > 16 {
            return None;
        }
        let mut at = from.to_vec();
        let mut rest = path.iter().peekable();
        let mut rooted = false;
        while let Some(first) = rest.peek() {
            match first.as_str() {
                "crate" => at.clear(),
                "self" => {}
                "super" => {
                    at.pop()?;
                }
                _ => break,
            }
            rooted = true;
            rest.next();
        }
        let mut last = String::new();
        for (index, name) in rest.enumerate() {
            let module = self.modules.get(&at)?;
            if module.children.contains_key(name) {
                at.push(name.clone());
            } else if module.defined.contains(name) {
                last.clone_from(name);
                break;
            } else if let Some(used) = module.used.get(name).filter(|used| used.path != path) {
                let (found, item) = self.resolve_within(&at, &used.path, depth + 1)?;
                at = found;
                last = item;
                if !last.is_empty() {
                    break;
                }
            } else if let Some(found) = self.through_globs(&at, name, depth) {
                (at, last) = found;
                if !last.is_empty() {
                    break;
                }
            } else if !rooted && index == 0 {
                return None;
            } else {
                last.clone_from(name);
                break;
            }
        }
        Some((at, last))
    }

    fn through_globs(
        &self,
        at: &[String],
        name: &str,
        depth: usize,
    ) -> Option<(ModulePath, String)> {
        let globs = &self.modules.get(at)?.globs;
        globs.iter().find_map(|glob| {
            let (found, item) = self.resolve_within(at, &glob.path, depth + 1)?;
            let holds = |module: &Module| {
                module.defined.contains(name)
                    || module.children.contains_key(name)
                    || module.used.contains_key(name)
            };
            let module = self.modules.get(&found).filter(|module| holds(module))?;
            if !item.is_empty() || module.globs.iter().any(|other| other.path == glob.path) {
                return None;
            }
            self.resolve_within(&found, &["self".to_owned(), name.to_owned()], depth + 1)
        })
    }
}

impl Module {
    fn take(&mut self, tree: &UseTree, before: &mut Vec<String>, public: bool) {
        match tree {
            UseTree::Path(path) => {
                before.push(path.ident.to_string());
                self.take(&path.tree, before, public);
                before.pop();
            }
            UseTree::Name(name) => self.take_name(&name.ident.to_string(), None, before, public),
            UseTree::Rename(name) => {
                let renamed = name.rename.to_string();
                self.take_name(&name.ident.to_string(), Some(renamed), before, public);
            }
            UseTree::Glob(_) => self.globs.push(Used {
                path: before.clone(),
                public,
            }),
            UseTree::Group(group) => {
                for tree in &group.items {
                    self.take(tree, before, public);
                }
            }
        }
    }

    fn take_name(&mut self, name: &str, renamed: Option<String>, before: &[String], public: bool) {
        let mut path = before.to_vec();
        if name != "self" {
            path.push(name.to_owned());
        }
        let last = path.last().map_or_else(String::new, Clone::clone);
        let known_as = renamed.unwrap_or(last);
        self.used.insert(known_as, Used { path, public });
    }
}

pub(crate) fn is_public(visibility: &Visibility) -> bool {
    matches!(visibility, Visibility::Public(_))
}

/// Whether an item is compiled for tests only.
pub(crate) fn is_test(item: &Item) -> bool {
    attributes(item).iter().any(|attribute| {
        attribute.path().is_ident("cfg")
            && attribute.meta.require_list().is_ok_and(|list| {
                let words: BTreeSet<String> = imports::words(list.tokens.clone())
                    .into_iter()
                    .map(|(word, _line)| word)
                    .collect();
                words.contains("test") && !words.contains("not") && !words.contains("any")
            })
    })
}

fn attributes(item: &Item) -> &[Attribute] {
    match item {
        Item::Const(item) => &item.attrs,
        Item::Enum(item) => &item.attrs,
        Item::Fn(item) => &item.attrs,
        Item::Impl(item) => &item.attrs,
        Item::Macro(item) => &item.attrs,
        Item::Mod(item) => &item.attrs,
        Item::Static(item) => &item.attrs,
        Item::Struct(item) => &item.attrs,
        Item::Trait(item) => &item.attrs,
        Item::Type(item) => &item.attrs,
        Item::Use(item) => &item.attrs,
        _ => &[],
    }
}

fn name_of(item: &Item) -> Option<String> {
    public_name(item).map(|(_, name, _)| name)
}

/// Kind, name and visibility of an item that has a name.
pub(crate) fn public_name(item: &Item) -> Option<(&'static str, String, bool)> {
    let (kind, name, visibility) = match item {
        Item::Const(item) => ("const", &item.ident, &item.vis),
        Item::Enum(item) => ("enum", &item.ident, &item.vis),
        Item::Fn(item) => ("fn", &item.sig.ident, &item.vis),
        Item::Static(item) => ("static", &item.ident, &item.vis),
        Item::Struct(item) => ("struct", &item.ident, &item.vis),
        Item::Trait(item) => ("trait", &item.ident, &item.vis),
        Item::Type(item) => ("type", &item.ident, &item.vis),
        _ => return None,
    };
    Some((kind, name.to_string(), is_public(visibility)))
}
