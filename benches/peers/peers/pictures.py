"""The pictures that are trained on and scored."""

import shutil
from pathlib import Path

import numpy as np
from PIL import Image

SUFFIXES = {".png", ".jpg", ".jpeg", ".bmp", ".tif", ".tiff", ".webp"}
DRAWN_SIDE = 320
DRAWN_GOOD = 24
DRAWN_DEFECTIVE = 8


def files(folder: Path) -> list[Path]:
    """All pictures below a folder, in a fixed order."""
    return sorted(path for path in folder.rglob("*") if path.suffix.lower() in SUFFIXES)


def good(data: Path, limit: int) -> list[Path]:
    """At most `limit` good pictures: those of `train/good`, else all of a plain folder."""
    inner = data / "train" / "good"
    found = files(inner if inner.is_dir() else data)
    if not found:
        raise SystemExit(f"no pictures in {data}: give a folder in MVTec layout or of good pictures with --data")
    return spread(found, limit)


def scored(data: Path, count: int) -> list[Path]:
    """`count` pictures to time with, of all kinds in `test`, else good ones."""
    inner = data / "test"
    found = files(inner) if inner.is_dir() else []
    return spread(found or good(data, count), count)


def spread(found: list[Path], count: int) -> list[Path]:
    """`count` of them, evenly spaced; all if there are fewer."""
    if len(found) <= count:
        return found
    return [found[index * len(found) // count] for index in range(count)]


def copied(pictures: list[Path], folder: Path) -> Path:
    """A folder with copies of just these pictures, for programs that take folders."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    for index, picture in enumerate(pictures):
        shutil.copyfile(picture, folder / f"{index:04}{picture.suffix.lower()}")
    return folder


def resized(pictures: list[Path], folder: Path, side: int) -> list[Path]:
    """The pictures in the network's size, so that every engine's own resize is the identity."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    targets = [folder / f"{index:04}.png" for index in range(len(pictures))]
    for picture, target in zip(pictures, targets, strict=True):
        small = Image.open(picture).convert("RGB").resize((side, side), Image.Resampling.BILINEAR)
        small.save(target)
    return targets


def drawn(folder: Path) -> Path:
    """A small data set of drawn discs in MVTec layout, for those who have no pictures at hand."""
    for part, count, defective in (("train/good", DRAWN_GOOD, False), ("test/scratch", DRAWN_DEFECTIVE, True)):
        (folder / part).mkdir(parents=True, exist_ok=True)
        for seed in range(count):
            Image.fromarray(disc(seed, defective)).save(folder / part / f"{seed:03}.png")
    return folder


def disc(seed: int, defective: bool) -> np.ndarray:
    """A brushed disc on a plain ground, H×W×3 bytes; a defective one has a dark scratch."""
    rng = np.random.default_rng([seed, defective])
    y, x = np.mgrid[:DRAWN_SIDE, :DRAWN_SIDE]
    middle = DRAWN_SIDE / 2 + rng.uniform(-3, 3, 2)
    radius = np.hypot(y - middle[0], x - middle[1])
    light = np.where(radius < 0.4 * DRAWN_SIDE, 150 + 25 * np.sin(radius / 3), 60.0)
    if defective:
        light[abs(y - x - rng.integers(-60, 60)) < 3] = 20
    noise = rng.normal(0, 4, (DRAWN_SIDE, DRAWN_SIDE, 3))
    return np.clip(light[..., None] * [1.0, 0.95, 0.85] + noise, 0, 255).astype(np.uint8)
