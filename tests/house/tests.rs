//! The checks fail where they should: on small made-up crates.

use crate::circles::circles;
use crate::crossings;
use crate::sources::Sources;

fn found(files: &[(&str, &str)]) -> Vec<String> {
    let sources = Sources::made_up(files);
    let circles = circles("crate", &sources);
    circles.into_iter().map(|circle| circle.name).collect()
}

#[test]
fn imports_that_go_down_are_no_circle() {
    let files = [
        ("lib.rs", "mod a; mod b; mod c; pub use a::A;"),
        ("a.rs", "use crate::b::B; pub struct A;"),
        ("b.rs", "use super::c::C; pub struct B;"),
        (
            "c.rs",
            "pub struct C; #[cfg(test)] mod tests { use crate::a::A; }",
        ),
    ];
    assert!(found(&files).is_empty());
}

#[test]
fn a_circle_of_use_lines_is_found_with_its_lines() {
    let files = [
        ("lib.rs", "mod a; mod b; mod c;"),
        ("a.rs", "use crate::b::B; pub struct A;"),
        ("b.rs", "use super::c::C; pub struct B;"),
        ("c.rs", "\nuse crate::{a::A};"),
    ];
    let circles = circles("crate", &Sources::made_up(&files));
    let [circle] = &circles[..] else {
        panic!("{circles:?}")
    };
    assert_eq!(circle.name, "crate: a, b, c");
    assert_eq!(circle.way.len(), 3);
    let last = &circle.way[2];
    assert!(
        last.starts_with("c -> a") && last.contains("c.rs:2: crate::a::A"),
        "{last}"
    );
}

#[test]
fn paths_in_code_and_in_macros_count() {
    for back in [
        "fn f() -> crate::a::A { todo!() }",
        "fn f() { println!(\"{}\", crate::a::VALUE) }",
        "fn f() { super::a::g() }",
        "struct S { a: Option<crate::a::A> }",
    ] {
        let files = [
            ("lib.rs", "mod a; mod b;"),
            ("a.rs", "use crate::b::f; pub struct A;"),
            ("b.rs", back),
        ];
        assert_eq!(found(&files), ["crate: a, b"], "{back}");
    }
}

#[test]
fn a_name_that_is_re_exported_is_imported_from_where_it_is_defined() {
    let files = [
        ("lib.rs", "mod room; pub use room::Inner;"),
        (
            "room/mod.rs",
            "mod inner; mod other; pub use inner::Inner; pub struct Shared;",
        ),
        (
            "room/inner.rs",
            "use super::other::Other; use super::Shared; pub struct Inner;",
        ),
        ("room/other.rs", "use crate::Inner; pub struct Other;"),
    ];
    assert_eq!(found(&files), ["crate/room: inner, other"]);
}

#[test]
fn a_folder_and_its_own_files_are_no_circle() {
    let files = [
        ("lib.rs", "mod room;"),
        (
            "room/mod.rs",
            "mod inner; use inner::Inner; pub struct Shared(Inner);",
        ),
        ("room/inner.rs", "use super::Shared; pub struct Inner;"),
    ];
    assert!(found(&files).is_empty());
}

#[test]
fn machinery_that_imports_the_method_is_found() {
    let crossing = |network: &str| {
        crossings(&Sources::made_up(&[
            ("lib.rs", "mod bundle; mod cfa; mod inspector; mod network;"),
            ("cfa.rs", "pub struct Head;"),
            (
                "bundle.rs",
                "pub use crate::cfa::Head; pub type Bundle = Head;",
            ),
            ("inspector.rs", "use crate::cfa::Head;"),
            ("network.rs", network),
        ]))
        .len()
    };
    assert_eq!(crossing("use std::fmt;"), 0);
    assert_eq!(crossing("use crate::cfa::Head;"), 1);
    assert_eq!(crossing("use crate::bundle::Head;"), 1);
    assert_eq!(crossing("use crate::bundle::Bundle;"), 1);
}
