//! Checkpoints with objects: unknown names become placeholders, and nothing else.

use std::io::Read;

use zip::{CompressionMethod, ZipArchive};

use super::super::{Document, Node, Weights, WeightsProblem};
use super::assemble::{checkpoint, global, int, pickle, storage, stream, text, tuple, zip};
use super::{fixture_bytes, repository};

/// The result of `look` for the object that `body` makes.
fn seen<T>(body: &[u8], look: impl FnOnce(Node<'_>) -> T) -> T {
    let file = checkpoint(body, &[0; 16]);
    look(Document::open(&file).unwrap().root())
}

fn problem(body: &[u8]) -> WeightsProblem {
    match Document::open(&checkpoint(body, &[])) {
        Ok(_) => panic!("it was accepted"),
        Err(problem) => problem,
    }
}

/// A call with one argument.
fn call(function: &[u8], argument: &[u8]) -> Vec<u8> {
    [function, argument, b"\x85R"].concat()
}

#[test]
fn functions_are_named_and_not_called() {
    for (module, name) in [
        ("os", "system"),
        ("posix", "system"),
        ("builtins", "eval"),
        ("__builtin__", "exec"),
        ("subprocess", "Popen"),
        ("torch", "load"),
        ("torch._utils", "_rebuild_qtensor"),
    ] {
        let body = call(&global(module, name), &text("touch /tmp/here"));
        seen(&body, |root| {
            assert_eq!(root.class(), Some(&*format!("{module}.{name}")));
            let arguments: Vec<_> = root.items().into_iter().map(Node::text).collect();
            assert_eq!(arguments, [Some("touch /tmp/here")]);
        });
        // The reader of plain weights goes on to refuse the same file.
        let refused = Weights::from_bytes("x.pth", &checkpoint(&body, &[])).unwrap_err();
        assert!(
            matches!(refused, WeightsProblem::ForbiddenGlobal { .. }),
            "{refused}"
        );
    }
    for file in ["hostile_zip.pth", "hostile_legacy.pth"] {
        let bytes = fixture_bytes(file);
        assert!(Document::open(&bytes).is_ok(), "{file}");
    }
}

#[test]
fn attributes_arguments_and_items_can_be_looked_at() {
    let class = global("a.b", "Net");
    let attributes = [
        &b"}("[..],
        &text("gamma"),
        &int(7),
        &text("_modules"),
        b"}(",
        &text("head"),
        &class,
        b")\x81uu",
    ]
    .concat();
    let instance = [&class[..], b")\x81", &attributes, b"b"].concat();
    seen(&instance, |root| {
        assert_eq!(root.class(), Some("a.b.Net"));
        assert_eq!(root.get("gamma").and_then(Node::size), Some(7));
        assert_eq!(root.path(&["head"]).and_then(Node::class), Some("a.b.Net"));
        assert!(root.get("missing").is_none());
    });
    // Attributes in slots: a pair of dictionaries.
    let slots = [&class[..], b")\x81N}", &text("x"), b"K\x05s\x86b"].concat();
    seen(&slots, |root| {
        assert_eq!(root.get("x").and_then(Node::size), Some(5));
    });
    // A dictionary of another class.
    let items = [&class[..], b")\x81", &text("k"), b"K\x06s"].concat();
    seen(&items, |root| {
        assert_eq!(root.get("k").and_then(Node::size), Some(6));
    });
    // Numbers, truths, sets.
    let values = [
        &b"(G"[..],
        &0.25_f64.to_be_bytes(),
        b"\x88\x8f(K\x01K\x02\x90(K\x03\x91C\x02abt",
    ]
    .concat();
    seen(&values, |root| {
        let items = root.items();
        assert_eq!(items[0].number(), Some(0.25));
        assert_eq!(items[1].boolean(), Some(true));
        assert_eq!(items[2].items().len(), 2);
        assert_eq!(items[3].items().len(), 1);
    });
    // Python takes back what it has said before.
    seen(b"NK\x010K\x02\x86", |root| {
        assert_eq!(root.items().len(), 2);
    });
    seen(b"K\x01(K\x02K\x031", |root| {
        assert_eq!(root.size(), Some(1));
    });
    seen(b"K\x01(0", |root| assert_eq!(root.size(), Some(1)));
}

#[test]
fn tensors_are_read_from_modules_saved_whole() {
    let tensor = |key: &str| {
        let sizes = tuple(&[int(4)]);
        let arguments = [
            storage("FloatStorage", key, 4),
            int(0),
            sizes,
            tuple(&[int(1)]),
        ];
        [
            &global("torch._utils", "_rebuild_tensor_v2")[..],
            &tuple(&arguments),
            b"R",
        ]
        .concat()
    };
    let module = |tables: &[u8]| [&global("m", "M")[..], b")\x81}(", tables, b"ub"].concat();
    let inner = module(
        &[
            &text("_buffers")[..],
            b"}",
            &text("mean"),
            &tensor("0"),
            b"s",
        ]
        .concat(),
    );
    let outer = module(&[&text("_modules")[..], b"}", &text("norm"), &inner, b"s"].concat());
    let file = checkpoint(&outer, &[0; 16]);
    let document = Document::open(&file).unwrap();
    let tensors = document.tensors(document.root()).unwrap();
    assert_eq!(tensors.keys().collect::<Vec<_>>(), ["norm.mean"]);
    assert_eq!(tensors["norm.mean"].values, [0.0; 4]);
}

#[test]
fn what_contains_itself_is_walked_through_once() {
    // A module whose part is itself.
    let module = [
        &global("m", "M")[..],
        b")\x81q\0}",
        &text("_modules"),
        b"}",
        &text("self"),
        b"h\0ssb",
    ];
    let file = checkpoint(&module.concat(), &[]);
    let document = Document::open(&file).unwrap();
    assert!(document.tensors(document.root()).unwrap().is_empty());
    let mut node = document.root();
    for _ in 0..1000 {
        node = node.get("self").unwrap();
    }
    assert_eq!(node.class(), Some("m.M"));
}

/// Each list names the one before it twice: 2⁴⁰ items for who counts them all.
#[test]
fn repeated_doubling_costs_nothing() {
    let mut body = b"]q\0".to_vec();
    for level in 1..=40_u8 {
        body.extend(
            [
                b"](h".as_slice(),
                &[level - 1],
                b"h",
                &[level - 1],
                b"eq",
                &[level],
            ]
            .concat(),
        );
    }
    seen(&body, |root| assert_eq!(root.items().len(), 2));
    // Modules behave alike.
    let mut modules = [&global("m", "M")[..], b")\x81q\0"].concat();
    for level in 1..=40_u8 {
        let parts = [
            &text("a")[..],
            b"h",
            &[level - 1],
            &text("b"),
            b"h",
            &[level - 1],
        ]
        .concat();
        let tables = [&text("_modules")[..], b"}(", &parts, b"us"].concat();
        modules.extend([&global("m", "M")[..], b")\x81}", &tables, b"bq", &[level]].concat());
    }
    let file = checkpoint(&modules, &[]);
    let document = Document::open(&file).unwrap();
    assert!(document.tensors(document.root()).unwrap().is_empty());
    let last = [&text("_modules")[..], b"h\x28sb"].concat();
    let module = [&body[..], &global("m", "M"), b")\x81}", &last].concat();
    let file = checkpoint(&module, &[]);
    let document = Document::open(&file).unwrap();
    assert!(document.tensors(document.root()).unwrap().is_empty());
}

#[test]
fn endless_nesting_of_objects_costs_little() {
    let function = global("f", "f");
    // Calls of what calls gave, and calls with what calls gave.
    let chain = [&function[..], &b")R".repeat(500_000)].concat();
    seen(&chain, |root| {
        assert_eq!(root.class(), Some("(call of an object)"));
    });
    let callees = [&function[..], b"q\0", &b"h\0".repeat(300_000)].concat();
    let nested = [&callees[..], b"N", &b"\x85R".repeat(300_000)].concat();
    seen(&nested, |root| assert_eq!(root.class(), Some("f.f")));
    // Modules in modules, deeper than any network.
    let mut deep = [&global("m", "M")[..], b"q\0"].concat();
    deep.push(b'0');
    for _ in 0..20_000 {
        deep.extend([b"h\0)\x81}".as_slice(), &text("_modules"), b"}", &text("m")].concat());
    }
    deep.push(b'N');
    deep.extend(b"ssb".repeat(20_000));
    let file = checkpoint(&deep, &[]);
    let document = Document::open(&file).unwrap();
    assert!(document.tensors(document.root()).unwrap().is_empty());
    // One long name, many objects: it is shared.
    let long = [
        &global("m", &"x".repeat(1 << 20))[..],
        b"q\0",
        &b"h\0)\x81".repeat(100_000),
    ]
    .concat();
    seen(&long, |root| assert!(root.kind().len() <= 100));
}

#[test]
fn counts_that_lie_are_refused() {
    for (what, body) in [
        ("ends too early", b"X\xff\xff\xff\xff".to_vec()),
        ("ends too early", b"B\xff\xff\xff\xff".to_vec()),
        ("ends too early", b"C\xff".to_vec()),
        ("stack is empty", b"0".to_vec()),
        ("a mark is missing", b"1".to_vec()),
        ("a mark is missing", b"\x8f\x90".to_vec()),
        ("stack is empty", b"\x81".to_vec()),
        ("what is no class", b"NN\x81".to_vec()),
        ("what is no class", b"NNN\x92".to_vec()),
        ("no function", b"N)R".to_vec()),
        ("attributes belong to nothing", b"NNb".to_vec()),
        ("ends too early", vec![b'N'; 5 << 20]),
        (
            "described wrongly",
            call(&global("torch._utils", "_rebuild_tensor_v2"), b"N"),
        ),
    ] {
        let message = problem(&body).to_string();
        assert!(message.contains(what), "{what}: {message}");
    }
}

#[test]
fn instructions_that_torch_never_writes_are_still_refused() {
    for opcode in *b"ioPISFLV\x82\x83\x84\x8b\x8d\x8e\x96\x97\x98\xff" {
        let refused = problem(&[opcode]);
        assert!(
            matches!(refused, WeightsProblem::ForbiddenOpcode { opcode: found, .. } if found == opcode),
            "{opcode:#x}: {refused}"
        );
    }
}

#[test]
fn the_old_format_is_read_the_same_way() {
    let body = call(&global("os", "system"), &text("x"));
    let file = stream(&body, true, 0, &[]);
    // The stream names a storage that the object does not have.
    assert!(Document::open(&file).is_err());
    // The pickles before the object have no objects.
    assert!(matches!(
        Document::open(&pickle(&body)),
        Err(WeightsProblem::ForbiddenGlobal { .. })
    ));
}

/// The pickle of a module that anomalib saved whole, its raw values left out.
fn genuine() -> Vec<u8> {
    let path = repository().join("tests/trainer/anomalib/v1.2.0.pt.zip");
    let mut archive = ZipArchive::new(std::fs::File::open(path).unwrap()).unwrap();
    let name = archive
        .file_names()
        .map(|n| n.unwrap().into_owned())
        .find(|n| n.ends_with("data.pkl"));
    let mut pickle = Vec::new();
    archive
        .by_name(&name.unwrap())
        .unwrap()
        .read_to_end(&mut pickle)
        .unwrap();
    pickle
}

/// Looks at everything in ways that the import does; must end and not panic.
fn explore(pickle: &[u8]) {
    let file = zip(&[("m/data.pkl", pickle)], CompressionMethod::Stored);
    let Ok(document) = Document::open(&file) else {
        return;
    };
    let root = document.root();
    for path in [
        &["model"][..],
        &["model", "model"],
        &["model", "transform"],
        &["metadata"],
    ] {
        if let Some(node) = root.path(path) {
            drop(document.tensors(node));
            drop((node.kind(), node.items().len(), node.entries().len()));
        }
    }
}

#[test]
fn a_changed_or_cut_module_never_makes_the_reader_panic() {
    let whole = genuine();
    explore(&whole);
    for at in (0..whole.len()).step_by(499) {
        for flip in [0x01, 0x20, 0xff] {
            let mut bytes = whole.clone();
            bytes[at] ^= flip;
            explore(&bytes);
        }
        explore(&whole[..at]);
    }
}
