//! Pickles that lie or want to run code, and damaged files. Nothing may panic.

use super::super::{Weights, WeightsProblem};
use super::assemble::{checkpoint, global, int, pickle, storage, stream, table, text, tuple};
use super::{PLAIN, fixture_bytes, refusal};

const FLOATS: &str = "FloatStorage";

fn problem(bytes: &[u8]) -> WeightsProblem {
    Weights::from_bytes("hostile.pth", bytes).unwrap_err()
}

#[test]
fn code_in_a_file_of_torch_is_refused_by_name() {
    for file in ["hostile_zip.pth", "hostile_legacy.pth"] {
        let message = refusal(&fixture_bytes(file));
        assert!(
            message.contains("wants to run code: posix.system"),
            "{file}: {message}"
        );
        assert!(message.contains("nothing was run"), "{message}");
    }
}

#[test]
fn every_way_to_name_a_function_is_closed() {
    let call = |function: &[u8]| [function, &text("1+1"), b"\x85R"].concat();
    let stack_global = [&text("builtins")[..], &text("eval"), b"\x93"].concat();
    for (name, function) in [
        ("os.system", global("os", "system")),
        ("builtins.eval", stack_global),
        ("torch.load", global("torch", "load")),
        (
            "torch._utils._rebuild_qtensor",
            global("torch._utils", "_rebuild_qtensor"),
        ),
        ("collections.Counter", global("collections", "Counter")),
    ] {
        for file in [
            checkpoint(&call(&function), &[]),
            stream(&call(&function), true, 0, &[]),
            pickle(&call(&function)),
        ] {
            let refused = problem(&file);
            assert!(
                matches!(&refused, WeightsProblem::ForbiddenGlobal { name: found } if found == name),
                "{refused}"
            );
        }
    }
}

#[test]
fn instructions_that_torch_never_writes_are_refused() {
    // INST, OBJ, NEWOBJ, NEWOBJ_EX, EXT1, POP, protocol 0 strings, out-of-band buffers.
    for opcode in *b"ioPI0S\x81\x92\x82\x97\xff" {
        let refused = problem(&checkpoint(&[opcode], &[]));
        assert!(
            matches!(refused, WeightsProblem::ForbiddenOpcode { opcode: found, position: 2 } if found == opcode),
            "{opcode:#x}: {refused}"
        );
    }
}

#[test]
fn names_in_messages_are_printable_and_short() {
    let message = refusal(&checkpoint(&global("a\x1b[31m", &"x".repeat(4000)), &[]));
    assert!(
        !message.contains('\x1b') && message.len() < 300,
        "{message}"
    );
}

#[test]
fn an_unknown_persistent_id_is_refused() {
    for id in [text("0"), tuple(&[text("module"), int(1)]), tuple(&[])] {
        let message = refusal(&checkpoint(&[&id[..], b"Q"].concat(), &[]));
        assert!(
            message.contains("raw values of an unknown kind"),
            "{message}"
        );
    }
}

#[test]
fn descriptions_that_do_not_fit_their_values_are_refused() {
    let four = || storage(FLOATS, "0", 4);
    let values = [0; 16];
    for (what, body) in [
        (
            "more values than the file",
            table(&four(), 0, &[1 << 30], &[0]),
        ),
        (
            "more values than the file",
            table(&four(), 0, &[i32::MAX; 5], &[0; 5]),
        ),
        ("beyond its raw values", table(&four(), 1, &[4], &[1])),
        (
            "beyond its raw values",
            table(&four(), 0, &[2, 2], &[i32::MAX, 1]),
        ),
        ("beyond its raw values", table(&four(), 0, &[2, 2], &[1])),
        ("described wrongly", table(&four(), 0, &[1; 65], &[1; 65])),
        ("described wrongly", table(&four(), -1, &[1], &[1])),
        ("described wrongly", table(&four(), 0, &[-1], &[1])),
        ("described wrongly", table(&four(), 0, &[1], &[-1])),
        ("described wrongly", table(&int(0), 0, &[1], &[1])),
        (
            "not as many as described",
            table(&storage(FLOATS, "0", i32::MAX), 0, &[1], &[1]),
        ),
        (
            "not as many as described",
            table(&storage(FLOATS, "0", 3), 0, &[1], &[1]),
        ),
        (
            "unknown kind",
            table(&storage(FLOATS, "0", -4), 0, &[1], &[1]),
        ),
        (
            "they are missing",
            table(&storage(FLOATS, "../0", 4), 0, &[1], &[1]),
        ),
    ] {
        let message = refusal(&checkpoint(&body, &values));
        assert!(message.contains(what), "{what}: {message}");
    }
    let fits = checkpoint(&table(&four(), 0, &[4], &[1]), &values);
    assert_eq!(
        Weights::from_bytes("fits.pth", &fits)
            .unwrap()
            .names()
            .count(),
        1
    );
}

#[test]
fn one_storage_cannot_be_described_in_two_ways() {
    let both = [storage(FLOATS, "0", 4), storage("HalfStorage", "0", 8)];
    let message = refusal(&checkpoint(&tuple(&both), &[0; 16]));
    assert!(message.contains("described in two ways"), "{message}");
}

#[test]
fn counts_in_the_old_format_are_checked() {
    let body = table(&storage(FLOATS, "0", 4), 0, &[4], &[1]);
    for count in [0, 3, 5, u64::MAX] {
        let message = refusal(&stream(&body, true, count, &[0; 16]));
        assert!(message.contains("not as many as described"), "{message}");
    }
    assert!(matches!(
        problem(&stream(&body, false, 4, &[0; 16])),
        WeightsProblem::BigEndian
    ));
    assert!(Weights::from_bytes("fits.pth", &stream(&body, true, 4, &[0; 16])).is_ok());
}

#[test]
fn broken_pickles_are_refused() {
    for (what, body) in [
        ("ends too early", b"X\x00\x10\x00\x00".to_vec()),
        ("a name is too long", b"X\xff\xff\xff\xff".to_vec()),
        ("ends too early", b"\x8a\xff".to_vec()),
        ("ends too early", b"cos".to_vec()),
        (
            "a number is too long",
            [&b"\x8a\x11"[..], &[1; 17]].concat(),
        ),
        ("stack is empty", b"R".to_vec()),
        ("stack is empty", b"\x87".to_vec()),
        ("stack is empty", Vec::new()),
        ("a mark is missing", b"Nt".to_vec()),
        ("a mark is missing", b"NN(\x86u".to_vec()),
        ("memory slot is empty", b"h\x07".to_vec()),
        ("items belong to nothing", b"NNa".to_vec()),
        ("items belong to nothing", b"}(Nu".to_vec()),
        ("attributes belong to nothing", b"NNb".to_vec()),
        ("no function", b"N)R".to_vec()),
        (
            "described wrongly",
            b"ccollections\nOrderedDict\n](](NNNee\x85R".to_vec(),
        ),
        ("not UTF-8", b"U\x01\xff".to_vec()),
    ] {
        let message = refusal(&checkpoint(&body, &[]));
        assert!(message.contains(what), "{what}: {message}");
    }
}

#[test]
fn endless_nesting_and_repetition_cost_little() {
    let nested = checkpoint(&[&b")"[..], &vec![0x85; 1 << 20]].concat(), &[]);
    assert!(refusal(&nested).contains("only a tuple"));
    // A list that holds itself, a thousand times.
    let cyclic = checkpoint(&[&b"]q\0"[..], &b"h\0a".repeat(1000)].concat(), &[]);
    assert!(refusal(&cyclic).contains("only a list"));
    // One list of pairs, made into a dictionary again and again.
    let pair = [&b"](]("[..], &text("a"), b"Neeq\0"].concat();
    let again = [global("collections", "OrderedDict"), b"h\0\x85R".to_vec()].concat();
    let repeated = checkpoint(&[pair, again.repeat(1000)].concat(), &[]);
    assert!(refusal(&repeated).contains("only a dictionary"));
    let long = checkpoint(&vec![b'N'; 3 << 20], &[]);
    assert!(refusal(&long).contains("ends too early"));
}

#[test]
fn files_without_tensors_say_what_they_hold() {
    let table = [&b"}"[..], &text("epoch"), b"K\x03s"].concat();
    assert!(refusal(&checkpoint(&table, &[])).contains("only a dictionary with epoch"));
    let empty = b"\x02\0\0\0\0\0\0\0{}";
    assert!(refusal(empty).contains("only an empty table"));
    assert!(refusal(&empty[..9]).contains("not a valid .safetensors file"));
}

#[test]
fn other_files_are_not_taken_for_weights() {
    for bytes in [
        &b""[..],
        b"P",
        b"hello, world",
        b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR",
        &pickle(b"N"),
    ] {
        assert!(
            matches!(problem(bytes), WeightsProblem::UnknownFormat),
            "{bytes:?}"
        );
    }
    let missing = Weights::read(&super::fixture("missing.pth")).unwrap_err();
    assert!(missing.to_string().contains("missing.pth"));
    assert!(std::error::Error::source(&missing).is_some());
    assert!(Weights::read(&super::fixture("")).is_err());
}

#[test]
fn every_truncation_of_a_genuine_file_is_refused() {
    for file in PLAIN {
        let whole = fixture_bytes(file);
        for length in 0..whole.len() {
            assert!(
                Weights::from_bytes(file, &whole[..length]).is_err(),
                "{file} cut at {length}"
            );
        }
    }
}

#[test]
fn no_change_of_a_byte_makes_the_reader_panic() {
    for file in PLAIN {
        let genuine = fixture_bytes(file);
        for at in 0..genuine.len() {
            for flip in [0x01, 0x80, 0xff] {
                let mut bytes = genuine.clone();
                bytes[at] ^= flip;
                drop(Weights::from_bytes(file, &bytes));
            }
        }
    }
}
