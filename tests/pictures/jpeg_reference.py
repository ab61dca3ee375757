"""Writes jpeg_reference.json: what Pillow shows of each file in jpeg/.

With `--draw` the files whose names begin with `drawn_` are made anew first. That needs
libjpeg's `cjpeg`; the other files come from elsewhere and stay as they are.
Recorded with Pillow 13.0.0 (libjpeg-turbo 3.2.0).
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


if "--draw" in sys.argv:
    draw()
reference = {path.name: shown(path) for path in sorted(FOLDER.glob("*.jpg"))}
(HERE / "jpeg_reference.json").write_text(json.dumps(reference, indent=1) + "\n")
