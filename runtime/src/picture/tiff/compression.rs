//! The compression of a strip or tile, and its unpacking.

use std::borrow::Cow;

use flate2::{Decompress, FlushDecompress, Status};

use super::directory::Directory;
use super::refusal::{SAVE_PLAINLY, damaged, unsupported};
use super::{fax, packbits, tag};
use crate::picture::PictureProblem;

const REPACK: &str = "save with LZW, Deflate or no compression";

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Compression {
    None,
    Fax(fax::Scheme),
    Lzw,
    Jpeg,
    Deflate,
    PackBits,
    Zstandard,
    WebP,
}

pub(super) fn from_directory(directory: &Directory<'_>) -> Result<Compression, PictureProblem> {
    let refused = |name: &str| Err(unsupported(format!("{name} compression"), REPACK));
    match directory.number(tag::COMPRESSION)?.unwrap_or(1) {
        1 => Ok(Compression::None),
        2 => Ok(Compression::Fax(fax::Scheme::ByteAlignedRows)),
        3 => Ok(Compression::Fax(group_3(directory)?)),
        4 => Ok(Compression::Fax(fax::Scheme::Group4)),
        5 => Ok(Compression::Lzw),
        6 => refused("old-style JPEG"),
        7 => Ok(Compression::Jpeg),
        8 | 32_946 => Ok(Compression::Deflate),
        32_773 => Ok(Compression::PackBits),
        50_000 => Ok(Compression::Zstandard),
        50_001 => Ok(Compression::WebP),
        32_771 => refused("word-aligned CCITT"),
        32_809 => refused("ThunderScan"),
        33_003 | 33_004 | 33_005 | 34_712 => refused("JPEG 2000"),
        34_661 | 34_663 => refused("JBIG"),
        34_676 | 34_677 => refused("SGI LogLuv"),
        34_887 => refused("LERC"),
        34_892 => refused("lossy DNG JPEG"),
        34_925 => refused("LZMA"),
        34_933 => refused("PNG"),
        50_002 | 52_546 => refused("JPEG XL"),
        other => refused(&format!("unknown ({other})")),
    }
}

fn group_3(directory: &Directory<'_>) -> Result<fax::Scheme, PictureProblem> {
    const TWO_DIMENSIONAL: u64 = 1;
    const UNCOMPRESSED_MODE: u64 = 2;
    let options = directory.number(tag::GROUP_3_OPTIONS)?.unwrap_or(0);
    if options & UNCOMPRESSED_MODE != 0 {
        return Err(unsupported("CCITT's uncompressed mode", REPACK));
    }
    Ok(if options & TWO_DIMENSIONAL == 0 {
        fax::Scheme::Group3
    } else {
        fax::Scheme::Group3TwoDimensional
    })
}

/// Whether samples are stored as differences. The tag counts only for some compressions.
pub(super) fn has_differences(
    directory: &Directory<'_>,
    compression: Compression,
    bits: u32,
) -> Result<bool, PictureProblem> {
    use Compression::{Deflate, Lzw, Zstandard};
    if !matches!(compression, Deflate | Lzw | Zstandard) {
        return Ok(false);
    }
    match directory.number(tag::PREDICTOR)?.unwrap_or(1) {
        1 => Ok(false),
        2 if matches!(bits, 8 | 16) => Ok(true),
        2 => Err(unsupported(
            format!("a predictor for samples of {bits} bits"),
            SAVE_PLAINLY,
        )),
        3 => Err(unsupported("the floating-point predictor", SAVE_PLAINLY)),
        other => Err(damaged(format!("Predictor is {other}"))),
    }
}

/// The first `length` bytes that `packed` holds. JPEG and WebP hold pixels and are decoded in
/// `nested`.
pub(super) fn unpacked(
    compression: Compression,
    packed: Cow<'_, [u8]>,
    length: usize,
) -> Result<Cow<'_, [u8]>, PictureProblem> {
    let unpacked = match compression {
        Compression::None => return first_bytes(packed, length),
        Compression::Lzw => lzw(&packed, length)?,
        Compression::Deflate => deflate(&packed, length)?,
        Compression::PackBits => packbits::unpacked(&packed, length),
        Compression::Zstandard => zstandard(&packed, length)?,
        Compression::Fax(_) | Compression::Jpeg | Compression::WebP => {
            return Err(damaged("a compression was not recognised"));
        }
    };
    if unpacked.len() < length {
        return Err(too_short());
    }
    Ok(Cow::Owned(unpacked))
}

fn first_bytes(packed: Cow<'_, [u8]>, length: usize) -> Result<Cow<'_, [u8]>, PictureProblem> {
    if packed.len() < length {
        return Err(too_short());
    }
    Ok(match packed {
        Cow::Borrowed(bytes) => Cow::Borrowed(&bytes[..length]),
        Cow::Owned(mut bytes) => {
            bytes.truncate(length);
            Cow::Owned(bytes)
        }
    })
}

fn too_short() -> PictureProblem {
    damaged("the data of a strip or tile end too early")
}

/// LZW as TIFF 6.0 defines it, or with the order of bits of the versions before it.
fn lzw(packed: &[u8], length: usize) -> Result<Vec<u8>, PictureProblem> {
    use weezl::{BitOrder, decode::Decoder};
    // The stream begins with the code 256, whose bits lie the other way round in old files.
    let old = matches!(packed, [0, second, ..] if second & 1 == 1);
    let mut decoder = if old {
        Decoder::new(BitOrder::Lsb, 8)
    } else {
        Decoder::with_tiff_size_switch(BitOrder::Msb, 8)
    };
    let mut unpacked = vec![0; length];
    let (mut read, mut written) = (0, 0);
    while written < length {
        let step = decoder.decode_bytes(&packed[read..], &mut unpacked[written..]);
        read += step.consumed_in;
        written += step.consumed_out;
        let status = step
            .status
            .map_err(|_| damaged("a strip or tile holds an LZW code that cannot be"))?;
        let stuck = step.consumed_in == 0 && step.consumed_out == 0;
        if matches!(status, weezl::LzwStatus::Done) || stuck {
            break;
        }
    }
    unpacked.truncate(written);
    Ok(unpacked)
}

/// Reads to the checksum behind the data. Only the checksum may be missing. The last strip may
/// hold more rows than the picture.
fn deflate(packed: &[u8], length: usize) -> Result<Vec<u8>, PictureProblem> {
    const MOST_SURPLUS_BYTES: u64 = 16 << 20;
    let mut stream = Decompress::new(true);
    let mut unpacked = vec![0; length];
    let mut beyond = [0; 4096];
    while (stream.total_out() as usize) < length {
        let target = &mut unpacked[stream.total_out() as usize..];
        if inflate(&mut stream, packed, target)? != Progress::Going {
            break;
        }
    }
    unpacked.truncate(stream.total_out() as usize);
    let surplus_end = length as u64 + MOST_SURPLUS_BYTES;
    while stream.total_out() >= length as u64 {
        match inflate(&mut stream, packed, &mut beyond)? {
            Progress::Ended => break,
            Progress::Going if stream.total_out() < surplus_end => {}
            Progress::Stuck if stream.total_out() == length as u64 => break,
            _ => return Err(deflate_broken()),
        }
    }
    Ok(unpacked)
}

#[derive(PartialEq, Eq)]
enum Progress {
    Going,
    /// Nothing was left to read.
    Stuck,
    Ended,
}

fn inflate(
    stream: &mut Decompress,
    packed: &[u8],
    target: &mut [u8],
) -> Result<Progress, PictureProblem> {
    let before = (stream.total_in(), stream.total_out());
    let rest = &packed[before.0 as usize..];
    let status = stream
        .decompress(rest, target, FlushDecompress::None)
        .map_err(|_| deflate_broken())?;
    Ok(match status {
        Status::StreamEnd => Progress::Ended,
        _ if (stream.total_in(), stream.total_out()) == before => Progress::Stuck,
        _ => Progress::Going,
    })
}

fn deflate_broken() -> PictureProblem {
    damaged("the Deflate data of a strip or tile are not valid")
}

fn zstandard(packed: &[u8], length: usize) -> Result<Vec<u8>, PictureProblem> {
    use std::io::Read;
    let broken = || damaged("the Zstandard data of a strip or tile are not valid");
    let stream = ruzstd::decoding::StreamingDecoder::new(packed).map_err(|_| broken())?;
    let mut unpacked = Vec::new();
    stream
        .take(length as u64)
        .read_to_end(&mut unpacked)
        .map_err(|_| broken())?;
    Ok(unpacked)
}
