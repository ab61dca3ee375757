"""The options that both benches take."""

import argparse
import os
from pathlib import Path
from typing import Any

from . import pictures
from .engines import ROOT, say


def parser(description: str) -> argparse.ArgumentParser:
    """Model, data, threads and programs."""
    made = argparse.ArgumentParser(description=description, formatter_class=argparse.ArgumentDefaultsHelpFormatter)
    made.add_argument("--backbone", default="resnet18", choices=("resnet18", "wide_resnet50_2", "vgg19_bn"))
    made.add_argument("--size", type=int, default=224, help="side of the network's input, pixels")
    made.add_argument(
        "--weights", type=Path, help="the backbone's .safetensors or .pth file; none: seeded random weights"
    )
    made.add_argument("--data", type=Path, help="MVTec layout, or a folder of good pictures; none: drawn pictures")
    made.add_argument("--train-pictures", type=int, default=50, help="at most so many good pictures are trained on")
    made.add_argument("--threads", type=int, default=os.cpu_count(), help="of every engine")
    made.add_argument("--bin", type=Path, default=ROOT / "target/release", help="folder of our programs")
    made.add_argument("--onnxruntime", type=Path, default=onnxruntime(), help="our ONNX Runtime")
    made.add_argument("--work", type=Path, default=ROOT / "target/peers", help="folder for models and results")
    return made


def parsed(made: argparse.ArgumentParser, *programs: str) -> argparse.Namespace:
    """The command line, once all that it names is there."""
    asked = made.parse_args()
    needed = [asked.onnxruntime, *(asked.bin / name for name in programs), asked.data, asked.weights]
    for path in needed:
        if path and not path.exists():
            made.error(f"{path} is not there (cargo xtask setup; cargo build --release --workspace; --help)")
    return asked


def onnxruntime() -> Path:
    """Where set-up puts it, unless the environment says otherwise."""
    return Path(os.environ.get("ORT_DYLIB_PATH") or ROOT / ".native/onnxruntime/libonnxruntime.so")


def data(asked: argparse.Namespace) -> Path:
    """The pictures asked for, else drawn ones."""
    if asked.data:
        return asked.data
    say("no --data: drawing pictures")
    return pictures.drawn(asked.work / "drawn")


def told(asked: argparse.Namespace) -> dict[str, Any]:
    """The command line without the folders of this machine."""
    values = {name: value for name, value in vars(asked).items() if not isinstance(value, Path)}
    for name in ("data", "weights"):
        path = getattr(asked, name)
        values[name] = path.name if path else None
    return values
