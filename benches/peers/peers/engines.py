"""Which programs are compared, and the one model that all of them run."""

import argparse
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from .process import Command, environment

HERE = Path(__file__).parents[1]
ROOT = HERE.parents[1]
OURS = "cfa"
F32_PEERS = ("anomalib, ONNX Runtime", "anomalib, OpenVINO f32", "anomalib, torch")
BACKBONE = "backbone alone, ONNX Runtime"
REFERENCE = "anomalib, torch f64"


@dataclass(frozen=True)
class Folder:
    """The model in every form, as `make_model.py` and `cfa-train import` leave it."""

    path: Path

    @property
    def bundle(self) -> Path:
        """The model as this project's bundle."""
        return self.path / "ours.cfa"

    @property
    def weights(self) -> Path:
        """The backbone's weights."""
        return self.path / "backbone.safetensors"

    @property
    def cache(self) -> Path:
        """Where the network is kept as it was optimised for this machine."""
        return self.path / "cache"

    def export(self, kind: str, name: str) -> Path:
        """One of anomalib's exports."""
        return self.path / "weights" / kind / name


def script(name: str, *arguments: object) -> list[str]:
    """A Python script of this folder as a command."""
    return [sys.executable, str(HERE / name), *map(str, arguments)]


def model(asked: argparse.Namespace, data: Path) -> Folder:
    """The model for these settings: made once, then found again."""
    source = asked.weights.stem if asked.weights else "random"
    name = f"{asked.backbone}_{asked.size}_{source}_{data.resolve().name}_{asked.train_pictures}x{asked.model_epochs}"
    folder = Folder(asked.work / name)
    if not (folder.path / "model.json").exists():
        make(asked, data, folder, "--epochs", str(asked.model_epochs))
    return folder


def weights(asked: argparse.Namespace, data: Path) -> Folder:
    """The backbone alone, for training: made once, then found again."""
    source = asked.weights.stem if asked.weights else "random"
    name = f"{asked.backbone}_{asked.size}_{source}_{data.resolve().name}_{asked.train_pictures}_weights"
    folder = Folder(asked.work / name)
    if not folder.weights.exists():
        make(asked, data, folder, "--weights-only")
    return folder


def make(asked: argparse.Namespace, data: Path, folder: Folder, *more: str) -> None:
    """Runs `make_model.py`, in a process of its own: PyTorch shall not stay in this one."""
    say(f"making {folder.path.name}")
    options = ["--backbone", asked.backbone, "--size", asked.size, "--data", data, "--out", folder.path]
    options += ["--train-pictures", asked.train_pictures, "--threads", asked.threads, *more]
    options += ["--weights", asked.weights] if asked.weights else []
    subprocess.run(script("make_model.py", *options), env=environment(asked.threads), check=True)


def imported(folder: Folder, asked: argparse.Namespace, good: Path) -> None:
    """Takes the model over as a bundle, again when `cfa-train` is newer than the bundle."""
    program = asked.bin / "cfa-train"
    if folder.bundle.exists() and folder.bundle.stat().st_mtime > program.stat().st_mtime:
        return
    say("importing it as a bundle")
    source = folder.export("torch", "model.pt")
    command = [program, "import", source, "--out", folder.bundle, "--data", good, "--json"]
    command += ["--onnxruntime", asked.onnxruntime]
    subprocess.run(command, env=environment(asked.threads), stdout=subprocess.DEVNULL, check=True)


def prepared(folder: Folder, asked: argparse.Namespace, picture: Path) -> None:
    """Has the network optimised and kept, as after the first start of a bundle on a machine."""
    say("first start")
    command = program(folder, asked, picture)
    subprocess.run(command.arguments, env=environment(asked.threads), stdout=subprocess.DEVNULL, check=True)


def peers(folder: Folder, asked: argparse.Namespace) -> list[Command]:
    """anomalib's exports: the graph of fixed size where the pictures allow it."""
    fixed = asked.pictures_size == "network"
    name = "fixed" if fixed else "any"
    threads = ["--threads", asked.threads]
    onnx = script("workers/onnx_runtime.py", "--model", folder.export("onnx", f"{name}.onnx"), *threads)
    vino = script("workers/open_vino.py", "--model", folder.export("openvino", f"{name}.xml"), *threads)
    vino += ["--side", str(asked.size)] if fixed else []
    chosen = [Command(F32_PEERS[0], onnx), Command(F32_PEERS[1], vino)]
    if asked.openvino_default:
        chosen.append(Command("anomalib, OpenVINO default precision", [*vino, "--precision", "default"]))
    if asked.torch:
        eager = script("workers/torch_eager.py", "--model", folder.export("torch", "model.pt"), *threads)
        chosen.append(Command(F32_PEERS[2], eager))
    return chosen


def reference(folder: Folder, asked: argparse.Namespace) -> Command:
    """anomalib's model in float64, for agreement alone."""
    source = folder.export("torch", "model.pt")
    return Command(
        REFERENCE, script("workers/torch_eager.py", "--model", source, "--threads", asked.threads, "--double")
    )


def backbone(folder: Folder, asked: argparse.Namespace) -> Command:
    """The floor: the same backbone and nothing else."""
    source = folder.path / "backbone.onnx"
    return Command(BACKBONE, script("workers/onnx_runtime.py", "--model", source, "--threads", asked.threads))


def library(folder: Folder, asked: argparse.Namespace) -> Command:
    """libcfa in a Python process."""
    source = ["--library", asked.bin / "libcfa.so", "--onnxruntime", asked.onnxruntime, "--model", folder.bundle]
    source += ["--cache", folder.cache]
    return Command(f"{OURS}, libcfa", script("workers/libcfa.py", *source, "--threads", asked.threads))


def program(folder: Folder, asked: argparse.Namespace, *pictures: Path) -> Command:
    """cfa-run with pictures, or with their paths on standard input."""
    command = [asked.bin / "cfa-run", "predict", "--model", folder.bundle, "--json", "--threads", asked.threads]
    command += ["--onnxruntime", asked.onnxruntime, "--cache", folder.cache, *(pictures or ["-"])]
    return Command(f"{OURS}, cfa-run", [str(part) for part in command], plain=True)


def reads_standard_input(asked: argparse.Namespace) -> bool:
    """Whether this cfa-run takes paths on standard input."""
    command = [str(asked.bin / "cfa-run"), "predict", "--help"]
    told = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    return "standard input" in " ".join(told.split())


def say(what: str) -> None:
    """Progress, beside the results."""
    print(f"· {what}", file=sys.stderr, flush=True)
