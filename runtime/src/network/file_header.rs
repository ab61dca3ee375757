//! The first bytes of a file that should be a shared library (ELF, as on Linux).

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

const MAGIC: [u8; 4] = *b"\x7fELF";
/// The header up to the number of the processor's kind.
const LEN: usize = 20;

/// What the first bytes describe.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// A library for the processor of this program.
    Library,
    /// Another kind of file.
    Other(&'static str),
    /// A library for another processor.
    OtherProcessor { found: String, here: String },
}

#[derive(Debug)]
pub(super) struct FileHeader(Vec<u8>);

/// The kind of machine that a file is made for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Machine {
    /// 1 for 32 bits, 2 for 64.
    class: u8,
    /// 1 for the least significant byte first, 2 for the most.
    order: u8,
    number: u16,
}

impl FileHeader {
    pub(super) fn read(path: &Path) -> io::Result<Self> {
        let mut bytes = Vec::new();
        File::open(path)?.take(LEN as u64).read_to_end(&mut bytes)?;
        Ok(Self(bytes))
    }

    pub(super) fn kind(&self) -> Kind {
        if self.0.is_empty() {
            return Kind::Other("an empty file");
        }
        match (self.machine(), own_machine()) {
            (None, _) => Kind::Other("a file of another kind"),
            (Some(found), Some(here)) if found != here => Kind::OtherProcessor {
                found: found.name(),
                here: here.name(),
            },
            _ => Kind::Library,
        }
    }

    fn machine(&self) -> Option<Machine> {
        let &[m0, m1, m2, m3, class, order, .., low, high] = self.0.as_slice() else {
            return None;
        };
        let number = [low, high];
        ([m0, m1, m2, m3] == MAGIC && self.0.len() == LEN).then(|| Machine {
            class,
            order,
            number: match order {
                2 => u16::from_be_bytes(number),
                _ => u16::from_le_bytes(number),
            },
        })
    }
}

impl Machine {
    fn name(self) -> String {
        let bits = if self.class == 1 { 32 } else { 64 };
        let processor = match self.number {
            3 => "x86",
            40 => "ARM",
            62 => "x86-64",
            183 => "AArch64",
            243 => "RISC-V",
            other => return format!("processors of the kind {other}, {bits} bits"),
        };
        format!("{processor}, {bits} bits")
    }
}

/// The machine of this program; `None` where the system does not report it.
fn own_machine() -> Option<Machine> {
    let program = std::env::current_exe().ok()?;
    FileHeader::read(&program).ok()?.machine()
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    #![allow(clippy::unwrap_used, reason = "for tests only")]
    use super::*;

    fn header(class: u8, number: u8) -> FileHeader {
        let mut bytes = vec![0; LEN];
        bytes[..4].copy_from_slice(&MAGIC);
        (bytes[4], bytes[5], bytes[18]) = (class, 1, number);
        FileHeader(bytes)
    }

    #[test]
    fn files_for_other_processors_are_recognised() {
        let own = FileHeader::read(&std::env::current_exe().unwrap()).unwrap();
        assert_eq!(own.kind(), Kind::Library);
        for (class, number, name) in [
            (2, 183, "AArch64, 64 bits"),
            (2, 62, "x86-64, 64 bits"),
            (1, 40, "ARM, 32 bits"),
            (2, 99, "processors of the kind 99, 64 bits"),
        ] {
            let header = header(class, number);
            assert_eq!(header.machine().unwrap().name(), name);
            let is_own = header.machine() == own.machine();
            assert_eq!(is_own, header.kind() == Kind::Library);
        }
    }

    #[test]
    fn other_files_are_not_libraries() {
        assert_eq!(FileHeader(vec![]).kind(), Kind::Other("an empty file"));
        let others: [&[u8]; 3] = [b"PK\x03\x04", b"version https://git-lfs", b"\x7fELF"];
        for bytes in others {
            let cut = FileHeader(bytes.iter().copied().take(LEN).collect());
            assert_eq!(cut.kind(), Kind::Other("a file of another kind"));
        }
    }
}
