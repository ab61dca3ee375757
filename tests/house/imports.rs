//! What a module names of other modules: its `use` lines, and paths in its code.

use std::path::Path;

use proc_macro2::{TokenStream, TokenTree};
use syn::spanned::Spanned;
use syn::visit::{self, Visit};
use syn::{ImplItemFn, Item, Macro, UseTree};

/// A path into this crate, and where it stands.
#[derive(Debug, Clone)]
pub(crate) struct Import {
    pub(crate) path: Vec<String>,
    /// File and line.
    pub(crate) place: String,
}

/// The imports of the items of one module; those of modules in it are not among them.
pub(crate) fn in_items(items: &[Item], file: &Path) -> Vec<Import> {
    let mut found = Collector {
        file: file.display().to_string(),
        imports: Vec::new(),
    };
    for item in items.iter().filter(|item| !matches!(item, Item::Mod(_))) {
        found.visit_item(item);
    }
    found.imports
}

struct Collector {
    file: String,
    imports: Vec<Import>,
}

impl Collector {
    fn add(&mut self, path: Vec<String>, line: usize) {
        let place = format!("{}:{line}", self.file);
        self.imports.push(Import { path, place });
    }

    /// Only these paths lead out of a module without a `use` line that is counted.
    fn add_if_rooted(&mut self, path: Vec<String>, line: usize) {
        if path.len() > 1 && ["crate", "super"].contains(&path[0].as_str()) {
            self.add(path, line);
        }
    }

    fn add_tree(&mut self, tree: &UseTree, before: &mut Vec<String>) {
        let line = tree.span().start().line;
        match tree {
            UseTree::Path(path) => {
                before.push(path.ident.to_string());
                self.add_tree(&path.tree, before);
                before.pop();
            }
            UseTree::Name(name) if name.ident == "self" => self.add(before.clone(), line),
            UseTree::Name(name) => {
                self.add([&before[..], &[name.ident.to_string()]].concat(), line);
            }
            UseTree::Rename(name) => {
                self.add([&before[..], &[name.ident.to_string()]].concat(), line);
            }
            UseTree::Glob(_) => self.add(before.clone(), line),
            UseTree::Group(group) => {
                for tree in &group.items {
                    self.add_tree(tree, before);
                }
            }
        }
    }
}

impl<'ast> Visit<'ast> for Collector {
    fn visit_item(&mut self, item: &'ast Item) {
        if !super::sources::is_test(item) {
            visit::visit_item(self, item);
        }
    }

    fn visit_item_use(&mut self, used: &'ast syn::ItemUse) {
        self.add_tree(&used.tree, &mut Vec::new());
    }

    fn visit_impl_item_fn(&mut self, function: &'ast ImplItemFn) {
        let for_tests = function.attrs.iter().any(|attribute| {
            attribute.path().is_ident("cfg")
                && attribute
                    .meta
                    .require_list()
                    .is_ok_and(|list| list.tokens.to_string() == "test")
        });
        if !for_tests {
            visit::visit_impl_item_fn(self, function);
        }
    }

    fn visit_path(&mut self, path: &'ast syn::Path) {
        let names = path.segments.iter().map(|part| part.ident.to_string());
        self.add_if_rooted(names.collect(), path.span().start().line);
        visit::visit_path(self, path);
    }

    /// A macro's arguments are no syntax tree, so its paths are found word by word.
    fn visit_macro(&mut self, called: &'ast Macro) {
        let mut path: Vec<(String, usize)> = Vec::new();
        let mut colons = 0;
        for (word, line) in words(called.tokens.clone()) {
            if word == ":" {
                colons += 1;
                continue;
            }
            if colons != 2 {
                self.end_of_path(&mut path);
            }
            colons = 0;
            path.push((word, line));
        }
        self.end_of_path(&mut path);
        visit::visit_macro(self, called);
    }
}

impl Collector {
    fn end_of_path(&mut self, path: &mut Vec<(String, usize)>) {
        let line = path.first().map_or(0, |(_, line)| *line);
        let names = path.drain(..).map(|(word, _)| word).collect();
        self.add_if_rooted(names, line);
    }
}

/// All words and signs, with their lines.
pub(crate) fn words(tokens: TokenStream) -> Vec<(String, usize)> {
    let mut found = Vec::new();
    for token in tokens {
        let line = token.span().start().line;
        match token {
            TokenTree::Group(group) => {
                found.push(("(".to_owned(), line));
                found.extend(words(group.stream()));
                found.push((")".to_owned(), line));
            }
            TokenTree::Ident(word) => found.push((word.to_string(), line)),
            TokenTree::Punct(sign) => found.push((sign.to_string(), line)),
            TokenTree::Literal(_) => found.push(("literal".to_owned(), line)),
        }
    }
    found
}
