"""Draws the PNG, BMP and WebP files of siblings/ and writes siblings_reference.json: what Pillow
shows of each, or OpenCV where Pillow does not read the full depth. Recorded with Pillow 13.0.0 and
opencv-python-headless of November 2026.
"""

import hashlib
import json
import shutil
import struct
import warnings
import zlib
from pathlib import Path

import cv2
import numpy as np
from PIL import Image

HERE = Path(__file__).parent
FOLDER = HERE / "siblings"
HEIGHT, WIDTH = 17, 21
y, x = np.mgrid[0:HEIGHT, 0:WIDTH]
GRAY = ((x * 11 + y * 5) % 256).astype(np.uint8)
GRAY[4:12, 6:15] ^= 0x55
RGB = np.dstack([GRAY, 255 - GRAY, (y * 15 % 256).astype(np.uint8)])
GRAY16 = (GRAY.astype(np.uint16) * 257) ^ 0x0135
RGB16 = (RGB.astype(np.uint16) * 257) ^ 0x0042
ALPHA = (x * 12 % 256).astype(np.uint8)
PAGES = [Image.fromarray(np.roll(RGB, 5 * shift, 1)) for shift in range(3)]
random = np.random.default_rng(5)

# What is not read, and the words by which it is refused.
REFUSED = {
    "jpeg_inside.bmp": "a JPEG inside",
    "png_inside.bmp": "a PNG inside",
    "alpha_bit_fields.bmp": "alpha bit fields",
    "palette8_os2_v2.bmp": "OS/2 2.x",
    "rle8_jump.bmp": "do not cover the picture",
    "rle8_short_row.bmp": "do not cover the picture",
    "cut.bmp": "cut short",
}


def packed(values, bits):
    digits = "".join(f"{int(value):0{bits}b}" for value in values)
    digits += "0" * (-len(digits) % 8)
    return bytes(int(digits[i : i + 8], 2) for i in range(0, len(digits), 8))


def png_rows(values, bits):
    rows = b""
    for row in values.reshape(values.shape[0], -1):
        rows += b"\0" + (row.astype(">u2").tobytes() if bits == 16 else packed(row, bits))
    return rows


def interlaced_rows(values, bits):
    passes = [(0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2)]
    parts = [values[top::down, left::right] for left, top, right, down in passes]
    return b"".join(png_rows(part, bits) for part in parts if part.size)


def chunk(kind, data):
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png(name, values, bits, colours, also=b"", interlaced=False):
    values = values.reshape(HEIGHT, WIDTH, -1)
    rows = interlaced_rows(values, bits) if interlaced else png_rows(values, bits)
    header = struct.pack(">IIBBBBB", WIDTH, HEIGHT, bits, colours, 0, 0, int(interlaced))
    parts = [chunk(b"IHDR", header), also, chunk(b"IDAT", zlib.compress(rows, 9)), chunk(b"IEND", b"")]
    (FOLDER / f"{name}.png").write_bytes(b"\x89PNG\r\n\x1a\n" + b"".join(parts))


def draw_png():
    for interlaced in (False, True):
        end = "_interlaced" if interlaced else ""
        for bits in (1, 2, 4, 8, 16):
            values = GRAY16 >> (16 - bits)
            transparent = chunk(b"tRNS", struct.pack(">H", int(values[3, 3])))
            png(f"gray{bits}_transparent{end}", values, bits, 0, transparent, interlaced)
        for bits in (8, 16):
            gray, colours = GRAY16 >> (16 - bits), RGB16 >> (16 - bits)
            alpha = ALPHA.astype(np.uint16) * (257 if bits == 16 else 1)
            transparent = chunk(b"tRNS", struct.pack(">HHH", *[int(value) for value in colours[3, 3]]))
            png(f"rgb{bits}_transparent{end}", colours, bits, 2, transparent, interlaced)
            png(f"rgb{bits}_alpha{end}", np.dstack([colours, alpha]), bits, 6, b"", interlaced)
            png(f"gray{bits}_alpha{end}", np.dstack([gray, alpha]), bits, 4, b"", interlaced)
        for bits in (1, 2, 4, 8):
            colours = random.integers(0, 256, 3 << bits).astype(np.uint8).tobytes()
            transparent = chunk(b"tRNS", random.integers(0, 256, 1 << bits).astype(np.uint8).tobytes())
            png(f"palette{bits}{end}", GRAY >> (8 - bits), bits, 3, chunk(b"PLTE", colours) + transparent, interlaced)
    png("gamma", RGB, 8, 2, chunk(b"gAMA", struct.pack(">I", 100000)))
    png("significant_bits", GRAY16, 16, 0, chunk(b"sBIT", bytes([12])))
    png("background", RGB, 8, 2, chunk(b"bKGD", struct.pack(">HHH", 1, 2, 3)))
    PAGES[0].save(FOLDER / "animation.png", save_all=True, append_images=PAGES[1:])


def bmp(name, header, body, palette=b"", masks=()):
    masks = struct.pack(f"<{len(masks)}I", *masks)
    start = 14 + len(header) + len(masks) + len(palette)
    magic = b"BM" + struct.pack("<IHHI", start + len(body), 0, 0, start)
    (FOLDER / f"{name}.bmp").write_bytes(magic + header + masks + palette + body)


def info(bits, compression=0, height=HEIGHT, colours=0):
    return struct.pack("<IiiHHIIiiII", 40, WIDTH, height, 1, bits, compression, 0, 0, 0, colours, 0)


def bottom_up(rows):
    return b"".join(row + bytes(-len(row) % 4) for row in list(rows)[::-1])


def run_lengths(values):
    code = b""
    for row in values[::-1]:
        code += bytes([10, int(row[0])]) + bytes([0, 11]) + row[10:].astype(np.uint8).tobytes() + b"\0\0\0"
    return code + b"\0\1"


def draw_bmp():
    for bits in (1, 4, 8):
        colours = random.integers(0, 256, (1 << bits, 3)).astype(np.uint8)
        palette = b"".join(bytes(colour) + b"\0" for colour in colours)
        rows = [packed(row, bits) for row in GRAY >> (8 - bits)]
        bmp(f"palette{bits}", info(bits, colours=1 << bits), bottom_up(rows), palette)
        bmp(f"palette{bits}_top_down", info(bits, height=-HEIGHT), bottom_up(rows[::-1]), palette)
        bmp(f"palette{bits}_os2", struct.pack("<IHHHH", 12, WIDTH, HEIGHT, 1, bits), bottom_up(rows), colours.tobytes())
    os2_v2 = struct.pack("<I", 64) + info(8)[4:] + bytes(24)
    bmp("palette8_os2_v2", os2_v2, bottom_up(rows), palette)
    rows = [row[:, ::-1].tobytes() for row in RGB]
    bmp("rgb24", info(24), bottom_up(rows))
    bmp("rgb24_top_down", info(24, height=-HEIGHT), bottom_up(rows[::-1]))
    bmp("rgb24_os2", struct.pack("<IHHHH", 12, WIDTH, HEIGHT, 1, 24), bottom_up(rows))
    bmp("cut", info(24), bottom_up(rows)[:500])
    masks = [0xFF0000, 0xFF00, 0xFF]
    for name, alpha in [("opaque", ALPHA * 0 + 255), ("transparent", ALPHA * 0), ("alpha", ALPHA)]:
        body = bottom_up(np.column_stack([row[:, ::-1], alpha[at]]).tobytes() for at, row in enumerate(RGB))
        bmp(f"rgb32_{name}", info(32), body)
        bmp(f"rgb32_masks_{name}", info(32, 3), body, masks=masks)
        v4 = struct.pack("<I", 108) + info(32, 3)[4:] + struct.pack("<5I", *masks, 0xFF000000, 0x73524742) + bytes(48)
        bmp(f"rgb32_v4_{name}", v4, body)
    bmp("alpha_bit_fields", info(32, 6), body, masks=[*masks, 0xFF000000])
    body = bottom_up(np.column_stack([ALPHA[at], row[:, ::-1]]).tobytes() for at, row in enumerate(RGB))
    bmp("rgb32_other_masks", info(32, 3), body, masks=[0xFF000000, 0xFF0000, 0xFF00])
    palette = random.integers(0, 256, (256, 4)).astype(np.uint8).tobytes()
    runs = GRAY.copy()
    runs[:, :10] = runs[:, :1]
    code = run_lengths(runs)
    bmp("rle8", info(8, 1), code, palette)
    bmp("rle8_jump", info(8, 1), b"\0\2\5\0\x10\1\0\0" + run_lengths(runs[:-1]), palette)
    bmp("rle8_short_row", info(8, 1), b"\x14\1\0\0" + run_lengths(runs[:-1]), palette)
    bmp("rle4", info(4, 2), bytes([WIDTH, 0x3A, 0, 0]) * HEIGHT + b"\0\1", palette[:64])
    for name, number, inside in [("jpeg", 4, "jpeg"), ("png", 5, "png")]:
        PAGES[0].save(FOLDER / "inside", inside)
        bmp(f"{name}_inside", info(0, number), (FOLDER / "inside").read_bytes())
        (FOLDER / "inside").unlink()


def draw_webp():
    colours = Image.fromarray(RGB)
    transparent = Image.fromarray(np.dstack([RGB, ALPHA]))
    for quality in (0, 30, 75, 100):
        for method in (0, 6):
            colours.save(FOLDER / f"lossy_{quality}_{method}.webp", quality=quality, method=method)
    for method in (0, 6):
        colours.save(FOLDER / f"lossless_{method}.webp", lossless=True, method=method)
    colours.quantize(4).convert("RGB").save(FOLDER / "lossless_few_colours.webp", lossless=True)
    transparent.save(FOLDER / "lossless_alpha.webp", lossless=True, exact=True)
    transparent.save(FOLDER / "lossy_alpha.webp", quality=80, alpha_quality=20)
    PAGES[0].save(FOLDER / "animation.webp", save_all=True, append_images=PAGES[1:], lossless=True)


def shown(file):
    image = Image.open(file)
    deep = image.mode.startswith("I;16") or file.stem.startswith(("rgb16", "gray16", "significant"))
    if deep:
        reader, picture = "opencv", cv2.imread(str(file), cv2.IMREAD_COLOR | cv2.IMREAD_ANYDEPTH)[..., ::-1]
    else:
        reader, picture = "pillow", np.asarray(image.convert("RGB"))
    return {
        "height": picture.shape[0],
        "width": picture.shape[1],
        "bits": 8 * picture.dtype.itemsize,
        "reader": reader,
        "sha256": hashlib.sha256(np.ascontiguousarray(picture).tobytes()).hexdigest(),
    }


warnings.simplefilter("ignore")
shutil.rmtree(FOLDER, ignore_errors=True)
FOLDER.mkdir()
for draw in [draw_png, draw_bmp, draw_webp]:
    draw()
files = sorted(FOLDER.iterdir())
reference = {
    "shown": {file.name: shown(file) for file in files if file.name not in REFUSED},
    "refused": dict(sorted(REFUSED.items())),
}
(HERE / "siblings_reference.json").write_text(json.dumps(reference, indent=1) + "\n")
print(len(files), "files,", len(REFUSED), "refused")
