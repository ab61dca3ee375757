"""Writes jpeg_reference.json: what Pillow shows of each file in jpeg/ and jpeg_damaged/, and of
which damage libjpeg warns.

With `--draw` the files whose names begin with `drawn_` are made anew first; the other files
come from elsewhere and stay as they are. Needs libjpeg-turbo's `cjpeg` and `djpeg`. Recorded
with Pillow 13.0.0 (libjpeg-turbo 3.2.0) and djpeg of libjpeg-turbo 2.1.5.
"""

import hashlib
import io
import json
import subprocess
import sys
from pathlib import Path

import numpy as np
from PIL import Image

HERE = Path(__file__).parent
FOLDER = HERE / "jpeg"
WIDTH, HEIGHT = 61, 45


def drawing():
    random = np.random.default_rng(3)
    y, x = np.mgrid[0:HEIGHT, 0:WIDTH]
    waves = [90 * np.sin(x / 5), 80 * np.cos(y / 7), 70 * np.sin((x + y) / 9)]
    picture = 128 + np.stack(waves, -1) + random.normal(0, 8, (HEIGHT, WIDTH, 3))
    return Image.fromarray(picture.clip(0, 255).astype(np.uint8))


def with_black(picture):
    inks = np.array(picture.convert("CMYK"))
    inks[..., 3] = np.linspace(0, 255, WIDTH).astype(np.uint8)
    return Image.fromarray(inks, "CMYK")


def save(picture, name, **options):
    picture.save(FOLDER / f"drawn_{name}.jpg", quality=85, **options)


def cjpeg(picture, name, *options):
    ppm = io.BytesIO()
    picture.save(ppm, "ppm")
    command = ["cjpeg", "-quality", "85", *options]
    made = subprocess.run(command, input=ppm.getvalue(), capture_output=True, check=True)
    (FOLDER / f"drawn_{name}.jpg").write_bytes(made.stdout)


def draw():
    picture = drawing()
    for name, sampling in [("444", 0), ("422", 1), ("420", 2)]:
        save(picture, name, subsampling=sampling)
        save(picture, f"{name}_progressive", subsampling=sampling, progressive=True)
    save(picture.convert("L"), "gray")
    save(picture.convert("L"), "gray_progressive", progressive=True)
    save(with_black(picture), "cmyk")
    save(picture, "rgb", keep_rgb=True)
    save(picture, "restarts", restart_marker_blocks=2)
    for sampling in ["4x1", "1x2", "1x4", "3x1", "1x1,2x2,2x2", "2x2,1x2,1x2", "2x2,2x1,2x1"]:
        cjpeg(picture, f"cjpeg_{sampling.replace(',', '_')}", "-sample", sampling)
    cjpeg(picture, "cjpeg_rgb_ids", "-rgb")


def shown(path):
    pixels = np.array(Image.open(path).convert("RGB"))
    height, width, _ = pixels.shape
    return {
        "width": width,
        "height": height,
        "sha256": hashlib.sha256(pixels.tobytes()).hexdigest(),
    }


def damaged(file, number):
    """The same as in runtime/src/picture/jpeg/tests/damage.rs."""
    start = file.index(b"\xff\xda") + 14
    at = start + number * 7919 % (len(file) - start - 32)
    kind = number % 5
    if kind == 0:
        return file[:at] + bytes([file[at] ^ 1 << number % 8]) + file[at + 1 :]
    if kind == 1:
        return file[:at] + file[at + 16 :]
    if kind == 2:
        return file[:at] + bytes(16) + file[at + 16 :]
    if kind == 3:
        return file[: at + 16] + file[at:]
    return file[:at] + b"\xff\xd9"


def warns(file):
    said = subprocess.run(["djpeg", "-outfile", "/dev/null"], input=file, capture_output=True)
    return bool(said.stderr.strip())


DAMAGES = 200
BASES = ["420", "420_progressive", "restarts", "gray", "cjpeg_1x2"]

if "--draw" in sys.argv:
    draw()
pictures = [path for folder in ("jpeg", "jpeg_damaged") for path in (HERE / folder).glob("*.jpg")]
reference = {
    "shown": {str(path.relative_to(HERE)): shown(path) for path in sorted(pictures)},
    "warned": {
        f"jpeg/drawn_{base}.jpg": "".join(
            str(int(warns(damaged((FOLDER / f"drawn_{base}.jpg").read_bytes(), number))))
            for number in range(DAMAGES)
        )
        for base in BASES
    },
}
(HERE / "jpeg_reference.json").write_text(json.dumps(reference, indent=1) + "\n")
