"""Draws the files of tiff/ and writes tiff_reference.json: what other programs show of each.

A file counts as Pillow shows it; where Pillow cannot read it, or not in its full depth, as OpenCV
shows it; where neither can, as tifffile reads it. EXCEPTIONS names the files where Pillow reads
something else than all others. Needs libtiff's `tiffcp`. Recorded with Pillow 13.0.0,
opencv-python-headless, tifffile and imagecodecs of November 2026.
"""

import hashlib
import json
import shutil
import struct
import subprocess
import warnings
from pathlib import Path

import cv2
import imagecodecs
import numpy as np
import tifffile
from PIL import Image

HERE = Path(__file__).parent
FOLDER = HERE / "tiff"
HEIGHT, WIDTH = 17, 21
y, x = np.mgrid[0:HEIGHT, 0:WIDTH]
GRAY = ((x * 11 + y * 5) % 256).astype(np.uint8)
GRAY[4:12, 6:15] ^= 0x55
RGB = np.dstack([GRAY, 255 - GRAY, (y * 15 % 256).astype(np.uint8)])
GRAY16 = (GRAY.astype(np.uint16) * 257) ^ 0x0135
RGB16 = (RGB.astype(np.uint16) * 257) ^ 0x0042
BILEVEL = ((x // 3 + y // 2) % 3 == 0) ^ (x > y * 2)
BILEVEL[3], BILEVEL[4] = False, True
ALPHA = np.full((HEIGHT, WIDTH), 200, np.uint8)
OPAQUE = np.full((HEIGHT, WIDTH), 255, np.uint8)
PICTURES = {
    "rgb8": (RGB, "rgb"),
    "gray8": (GRAY, "minisblack"),
    "rgb16": (RGB16, "rgb"),
    "gray16": (GRAY16, "minisblack"),
}

# Pillow leaves 12 bits in the low bits of 16, takes old colour maps of 8 bits for black, mixes up
# the planes of 16 bits, and ignores the order of bits in planes.
EXCEPTIONS = {
    **{name: "opencv" for name in ["depth12", "depth12_deflate", "lowest_bit_first_planes"]},
    **{f"palette{bits}_old": "opencv" for bits in (1, 4, 8)},
    **{f"rgb16_planes_{kind}": "tifffile" for kind in ["none", "deflate", "tiles"]},
}

# What is not read, and the words by which it is refused.
REFUSED = {
    "white_is_zero_16": "white as zero",
    "cmyk": "CMYK",
    "cielab": "CIE L*a*b*",
    "ycbcr_raw": "YCbCr colours without JPEG",
    "logluv": "LogLuv",
    "sensor": "raw sensor data",
    "photometric_mask": "transparency mask",
    "photometric_unknown": "colours of kind 77",
    "photometric_missing": "PhotometricInterpretation is missing",
    "premultiplied": "premultiplied",
    "premultiplied_planes": "premultiplied",
    "multispectral": "5 samples a pixel",
    "signed8": "signed whole numbers of 8 bits",
    "signed16": "signed whole numbers of 16 bits",
    "unsigned32": "whole numbers of 32 bits",
    "float16": "floating point of 16 bits",
    "float32": "floating point of 32 bits",
    "float32_predictor": "floating point of 32 bits",
    "formats_mixed": "floating point",
    "depths_mixed": "several depths",
    "rgb4": "RGB colours of less than 8 bits",
    "palette_short": "ColorMap holds",
    "old_jpeg": "old-style JPEG",
    "lzma": "LZMA",
    "lerc": "LERC",
    "jpeg2000": "JPEG 2000",
    "jpegxl": "JPEG XL",
    "png": "PNG compression",
    "compression_unknown": "unknown (777)",
    "thumbnail_first": "thumbnail",
    "thumbnail_first_old_tag": "thumbnail",
    "main_in_subdirectory": "thumbnail",
    "mask_first": "transparency mask",
    "cut_none": "beyond the end",
    "cut_lzw": "too early",
    "cut_deflate": "too early",
    "cut_packbits": "too early",
    "cut_g4": "CCITT",
    "cut_zstandard": "Zstandard",
    "tag_twice": "occurs twice",
}


def path(name):
    return FOLDER / f"{name}.tif"


def write(name, data, **options):
    tifffile.imwrite(path(name), data, **{"metadata": None, **options})


def tiffcp(source, target, *options):
    subprocess.run(["tiffcp", *options, path(source), path(target)], check=True)


def by_hand(name, tags, data, order="<"):
    """Writes a classic TIFF of one strip from (tag, kind, values)."""
    at = 8 + 2 + 12 * len(tags) + 4
    entries, values_elsewhere = b"", b""
    for tag, kind, values in sorted(tags):
        letter = {1: "B", 3: "H", 4: "I", 8: "h"}[kind]
        raw = struct.pack(f"{order}{len(values)}{letter}", *values)
        if len(raw) > 4:
            place = struct.pack(order + "I", at + len(values_elsewhere))
            values_elsewhere += raw
            raw = place
        entries += struct.pack(order + "HHI", tag, kind, len(values)) + raw.ljust(4, b"\0")
    start = struct.pack(order + "I", at + len(values_elsewhere))
    entries = entries.replace(struct.pack(order + "I", 0xDEADBEEF), start)
    magic = b"II*\0" if order == "<" else b"MM\0*"
    header = magic + struct.pack(order + "IH", 8, len(tags))
    path(name).write_bytes(header + entries + bytes(4) + values_elsewhere + data)


def tags(length, bits=8, samples=1, photometric=1, compression=1, also=(), without=()):
    plain = [
        (256, 3, [WIDTH]), (257, 3, [HEIGHT]), (258, 3, [bits] * samples),
        (259, 3, [compression]), (262, 3, [photometric]), (273, 4, [0xDEADBEEF]),
        (277, 3, [samples]), (278, 3, [HEIGHT]), (279, 4, [length]),
    ]
    left_out = {tag for tag, _, _ in also} | set(without)
    return [tag for tag in plain if tag[0] not in left_out] + list(also)


def packed(values, bits):
    rows = []
    for row in values.reshape(HEIGHT, -1):
        digits = "".join(f"{int(value):0{bits}b}" for value in row)
        digits += "0" * (-len(digits) % 8)
        rows.append(bytes(int(digits[i : i + 8], 2) for i in range(0, len(digits), 8)))
    return b"".join(rows)


def reversed_bits(data):
    return bytes(int(f"{byte:08b}"[::-1], 2) for byte in data)


def old_lzw(data):
    """LZW of the time before TIFF 5: the lowest bit comes first, and codes grow one later."""
    held, count, out = 0, 0, bytearray()

    def put(code, bits):
        nonlocal held, count
        held |= code << count
        count += bits
        while count >= 8:
            out.append(held & 255)
            held >>= 8
            count -= 8

    table, following, bits, prefix = {bytes([i]): i for i in range(256)}, 258, 9, b""
    put(256, bits)
    for byte in data:
        longer = prefix + bytes([byte])
        if longer in table:
            prefix = longer
            continue
        put(table[prefix], bits)
        table[longer] = following
        following += 1
        bits += following > 1 << bits
        prefix = bytes([byte])
    put(table[prefix], bits)
    put(257, bits)
    put(0, 7)
    return bytes(out)


def draw_layouts():
    for name, (data, colours) in PICTURES.items():
        for packing in [None, "lzw", "deflate", "packbits", "zstd"]:
            write(f"{name}_{packing or 'none'}", data, photometric=colours, compression=packing, rowsperstrip=5)
        for packing, order in [("lzw", ">"), ("deflate", "<"), ("zstd", ">")]:
            write(f"{name}_{packing}_predictor", data, photometric=colours, compression=packing, predictor=2, byteorder=order)
        write(f"{name}_big", data, photometric=colours, bigtiff=True)
        write(f"{name}_big_other_order", data, photometric=colours, bigtiff=True, byteorder=">", rowsperstrip=4)
        write(f"{name}_tiles", data, photometric=colours, tile=(16, 16))
        write(f"{name}_wide_tiles", data, photometric=colours, tile=(16, 32), compression="lzw", predictor=2, byteorder=">")
    write("gray8_deflate_old_number", GRAY, photometric="minisblack", compression=32946)
    for name, data in [("rgb8", RGB), ("rgb16", RGB16)]:
        planes = dict(data=data.transpose(2, 0, 1).copy(), photometric="rgb", planarconfig="separate")
        write(f"{name}_planes_none", rowsperstrip=6, **planes)
        write(f"{name}_planes_deflate", compression="deflate", **planes)
        write(f"{name}_planes_tiles", compression="lzw", predictor=2, tile=(16, 16), **planes)


def draw_bilevel():
    write("bilevel_white0", BILEVEL, photometric="miniswhite")
    write("bilevel_black0", BILEVEL, photometric="minisblack")
    for source in ["bilevel_white0", "bilevel_black0"]:
        for packing in ["g3:1d", "g3:1d:fill", "g3:2d", "g3:2d:fill", "g4"]:
            tiffcp(source, f"{source}_{packing.replace(':', '_')}", "-c", packing, "-r", "7")
    for packing in ["g3:2d", "g4", "none", "lzw"]:
        tiffcp("bilevel_white0", f"bilevel_lowest_bit_first_{packing.replace(':', '_')}", "-c", packing, "-f", "lsb2msb")
    tiffcp("bilevel_white0", "bilevel_g4_tiles", "-c", "g4", "-t", "-w", "16", "-l", "16")
    Image.fromarray(BILEVEL).save(path("bilevel_rle"), compression="tiff_ccitt")


def draw_depths():
    for bits in (1, 2, 4, 10, 12, 14):
        data = packed(GRAY16 >> (16 - bits), bits)
        by_hand(f"depth{bits}", tags(len(data), bits), data)
        small = imagecodecs.zlib_encode(data)
        by_hand(f"depth{bits}_deflate", tags(len(small), bits, compression=8), small)
        if bits < 8:
            by_hand(f"depth{bits}_white0", tags(len(data), bits, photometric=0), data, ">")
            flipped = tags(len(data), bits, also=[(266, 3, [2])])
            by_hand(f"depth{bits}_lowest_bit_first", flipped, reversed_bits(data))
    for bits in (4, 10, 12):
        data = packed(RGB16 >> (16 - bits), bits)
        by_hand(f"rgb{bits}", tags(len(data), bits, 3, 2), data)
    write("white_is_zero_8", GRAY, photometric="miniswhite", compression="lzw")
    write("white_is_zero_16", GRAY16, photometric="miniswhite")
    for source, packing in [("rgb8_none", "none"), ("rgb8_none", "lzw:2"), ("gray16_none", "zip:2")]:
        tiffcp(source, f"lowest_bit_first_{source[:5]}_{packing[:3]}", "-c", packing, "-f", "lsb2msb")
    tiffcp("rgb8_planes_none", "lowest_bit_first_planes", "-c", "none", "-f", "lsb2msb")


def draw_palettes():
    random = np.random.default_rng(5)
    for bits in (1, 2, 4, 8):
        colours = random.integers(0, 256, 3 << bits)
        data = packed(GRAY >> (8 - bits), bits)
        for kind, values in [("", colours * 257), ("_any", random.integers(0, 65536, 3 << bits)), ("_old", colours)]:
            if kind != "_old" or bits != 2:
                map_tag = (320, 3, [int(value) for value in values])
                by_hand(f"palette{bits}{kind}", tags(len(data), bits, photometric=3, also=[map_tag]), data)
    Image.fromarray(RGB).quantize(16).save(path("palette_lzw"), compression="tiff_lzw")
    by_hand("palette_short", tags(GRAY.size, photometric=3, also=[(320, 3, [9] * 765)]), GRAY.tobytes())


def draw_extra_samples():
    cases = [("4_unnamed", None, ALPHA), ("4_unspecified", [0], ALPHA), ("4_alpha", [2], ALPHA),
             ("4_premultiplied_opaque", [1], OPAQUE), ("5_unspecified", [0, 0], ALPHA)]
    for name, kinds, extra in cases:
        samples = int(name[0])
        data = np.dstack([RGB] + [extra] * (samples - 3))
        also = [] if kinds is None else [(338, 3, kinds)]
        by_hand(f"extra_{name}", tags(data.size, 8, samples, 2, also=also), data.tobytes())
    for kind in (0, 2):
        data = np.dstack([GRAY, ALPHA])
        by_hand(f"extra_gray_{kind}", tags(data.size, 8, 2, 1, also=[(338, 3, [kind])]), data.tobytes())
    data = np.dstack([RGB16, ALPHA.astype(np.uint16) * 257]).astype("<u2")
    by_hand("extra_16", tags(data.nbytes, 16, 4, 2, also=[(338, 3, [2])]), data.tobytes())
    write("premultiplied", np.dstack([RGB // 2, ALPHA]), photometric="rgb", extrasamples=["assocalpha"])
    planes = np.dstack([RGB // 2, ALPHA]).transpose(2, 0, 1).copy()
    write("premultiplied_planes", planes, photometric="rgb", extrasamples=["assocalpha"], planarconfig="separate")
    write("multispectral", np.dstack([RGB, GRAY, GRAY]), photometric="minisblack", planarconfig="contig")


def draw_tags():
    data = GRAY.tobytes()
    size = len(data)
    for name, tag in [("samples", 277), ("compression", 259), ("rows_per_strip", 278), ("byte_counts", 279)]:
        by_hand(f"without_{name}", tags(size, without=[tag]), data)
    by_hand("without_bits", tags(3 * HEIGHT, without=[258]), data[: 3 * HEIGHT])
    by_hand("photometric_missing", tags(size, without=[262]), data)
    for name, count in [("zero", 0), ("short", size // 2), ("long", size + 99)]:
        by_hand(f"byte_count_{name}", tags(count), data)
    changed = {
        "rows_per_strip_endless": (278, 4, [0xFFFFFFFF]), "one_plane": (284, 3, [2]),
        "predictor_ignored": (317, 3, [2]), "full_picture": (254, 4, [0]), "page": (254, 4, [2]),
        "value_range": (281, 3, [100]), "signed_width": (256, 8, [WIDTH]), "undefined_format": (339, 3, [4]),
        "thumbnail_first_old_tag": (255, 3, [2]), "photometric_mask": (262, 3, [4]),
        "photometric_unknown": (262, 3, [77]), "sensor": (262, 3, [32803]), "logluv": (262, 3, [32844]),
        "old_jpeg": (259, 3, [6]), "compression_unknown": (259, 3, [777]),
    }
    for name, tag in changed.items():
        by_hand(name, tags(size, also=[tag]), data)
    by_hand("tag_twice", tags(size) + [(262, 3, [0])], data)
    small = imagecodecs.packbits_encode(GRAY)
    by_hand("predictor_ignored_packbits", tags(len(small), compression=32773, also=[(317, 3, [2])]), small)
    small = old_lzw(data)
    by_hand("old_lzw", tags(len(small), compression=5), small)
    by_hand("one_bit_count", tags(RGB.size, 8, 3, 2, also=[(258, 3, [8])]), RGB.tobytes())
    by_hand("depths_mixed", tags(RGB.size, 8, 3, 2, also=[(258, 3, [5, 6, 5])]), RGB.tobytes())
    by_hand("formats_mixed", tags(RGB.size, 8, 3, 2, also=[(339, 3, [1, 1, 3])]), RGB.tobytes())


def draw_pages():
    thumbnail = np.ascontiguousarray(RGB[:16, :16])
    with tifffile.TiffWriter(path("pages")) as file:
        for page in (RGB, RGB[::-1], GRAY):
            file.write(page, photometric="rgb" if page.ndim == 3 else "minisblack", metadata=None, contiguous=False)
    with tifffile.TiffWriter(path("pyramid")) as file:
        file.write(RGB, photometric="rgb", subifds=1, metadata=None)
        file.write(thumbnail, photometric="rgb", subfiletype=1, metadata=None)
    with tifffile.TiffWriter(path("thumbnail_first")) as file:
        file.write(thumbnail, photometric="rgb", subfiletype=1, metadata=None)
        file.write(RGB, photometric="rgb", metadata=None)
    with tifffile.TiffWriter(path("main_in_subdirectory")) as file:
        file.write(thumbnail, photometric="rgb", subfiletype=1, subifds=1, metadata=None)
        file.write(GRAY16, photometric="minisblack", metadata=None)
    with tifffile.TiffWriter(path("mask_first")) as file:
        file.write(BILEVEL, photometric="minisblack", subfiletype=4, metadata=None)
        file.write(RGB, photometric="rgb", metadata=None)
    tifffile.imwrite(path("imagej_stack"), np.stack([GRAY16, GRAY16[::-1]]), imagej=True)
    tifffile.imwrite(path("ome"), RGB, photometric="rgb", ome=True)


def draw_nested():
    ycbcr = dict(photometric="ycbcr", compression="jpeg")
    for name, sampling in [("444", (1, 1)), ("422", (2, 1)), ("420", (2, 2))]:
        write(f"jpeg_{name}", RGB, subsampling=sampling, **ycbcr)
    write("jpeg_tiles", RGB, subsampling=(2, 2), tile=(16, 16), **ycbcr)
    write("jpeg_rgb", RGB, photometric="rgb", compression="jpeg", compressionargs={"outcolorspace": "rgb"}, rowsperstrip=8)
    write("jpeg_gray", GRAY, photometric="minisblack", compression="jpeg", rowsperstrip=8)
    write("jpeg_white0", GRAY, photometric="miniswhite", compression="jpeg")
    write("jpeg_planes", RGB.transpose(2, 0, 1).copy(), photometric="rgb", planarconfig="separate", compression="jpeg")
    Image.fromarray(RGB).save(path("jpeg_tables"), compression="jpeg", quality=80)
    for name, lossless in [("lossless", True), ("lossy", False)]:
        write(f"webp_{name}", RGB, photometric="rgb", compression="webp", compressionargs={"lossless": lossless, "level": 75})
    write("webp_alpha", np.dstack([RGB, ALPHA]), photometric="rgb", compression="webp", compressionargs={"lossless": True}, extrasamples=["unassalpha"])


def draw_refused():
    for name, mode in [("cmyk", "CMYK"), ("cielab", "LAB"), ("ycbcr_raw", "YCbCr")]:
        Image.fromarray(RGB).convert(mode).save(path(name))
    for name, kind in [("signed8", "i1"), ("signed16", "i2"), ("unsigned32", "u4"), ("float16", "f2"), ("float32", "f4")]:
        write(name, (GRAY // 2).astype(kind), photometric="minisblack")
    write("float32_predictor", GRAY.astype("f4"), photometric="minisblack", compression="lzw", predictor=3)
    for packing in ["lzma", "lerc", "jpeg2000", "jpegxl", "png"]:
        write(packing, GRAY, photometric="minisblack", compression=packing)
    for name, compression, encode in [("lzw", 5, imagecodecs.lzw_encode), ("deflate", 8, imagecodecs.zlib_encode),
                                      ("packbits", 32773, imagecodecs.packbits_encode), ("zstandard", 50000, imagecodecs.zstd_encode)]:
        small = encode(RGB.tobytes())
        by_hand(f"cut_{name}", tags(len(small), 8, 3, 2, compression), small[: len(small) // 2])
    by_hand("cut_none", tags(RGB.size, 8, 3, 2), RGB.tobytes()[: RGB.size // 2])
    tiffcp("bilevel_white0", "cut_g4", "-c", "g4", "-r", str(HEIGHT))
    page = tifffile.TiffFile(path("cut_g4")).pages[0]
    start, length = page.dataoffsets[0], page.databytecounts[0]
    data = path("cut_g4").read_bytes()[start : start + length // 2]
    by_hand("cut_g4", tags(len(data), 1, photometric=0, compression=4), data)


def pillow(file):
    try:
        image = Image.open(file)
        image.load()
    except Exception:
        return None
    if image.mode.startswith("I;16"):
        return np.asarray(image).astype(np.uint16)
    depths = image.tag_v2.get(258, (1,))
    if max(depths) > 8 or image.mode in "IF":
        return None
    return np.asarray(image.convert("RGB"))


def opencv(file):
    try:
        image = cv2.imread(str(file), cv2.IMREAD_COLOR | cv2.IMREAD_ANYDEPTH | cv2.IMREAD_IGNORE_ORIENTATION)
    except cv2.error:
        return None
    return None if image is None else image[..., ::-1]


def by_tifffile(file):
    page = tifffile.TiffFile(file).pages[0]
    data = page.asarray()
    if data.ndim == 3 and page.planarconfig == 2:
        data = data.transpose(1, 2, 0)
    return data[..., :3] if data.ndim == 3 else data


READERS = {"pillow": pillow, "opencv": opencv, "tifffile": by_tifffile}


def shown(file):
    chosen = EXCEPTIONS.get(file.stem)
    for reader in [chosen] if chosen else READERS:
        picture = READERS[reader](file)
        if picture is not None:
            break
    if picture.ndim == 2:
        picture = picture[..., None].repeat(3, 2)
    samples = np.ascontiguousarray(picture).astype(picture.dtype.newbyteorder("<"))
    return {
        "height": picture.shape[0],
        "width": picture.shape[1],
        "bits": 8 * picture.dtype.itemsize,
        "reader": reader,
        "sha256": hashlib.sha256(samples.tobytes()).hexdigest(),
    }


warnings.simplefilter("ignore")
shutil.rmtree(FOLDER, ignore_errors=True)
FOLDER.mkdir()
for draw in [draw_layouts, draw_bilevel, draw_depths, draw_palettes, draw_extra_samples, draw_tags, draw_pages, draw_nested, draw_refused]:
    draw()
files = sorted(FOLDER.glob("*.tif"))
missing = REFUSED.keys() - {file.stem for file in files}
assert not missing, missing
reference = {
    "shown": {file.name: shown(file) for file in files if file.stem not in REFUSED},
    "refused": {f"{name}.tif": words for name, words in sorted(REFUSED.items())},
}
(HERE / "tiff_reference.json").write_text(json.dumps(reference, indent=1) + "\n")
print(len(files), "files,", len(REFUSED), "refused")
