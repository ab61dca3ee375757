"""What the figures were measured on."""

import os
import platform
import subprocess
from importlib.metadata import version
from pathlib import Path
from typing import Any

PACKAGES = ("anomalib", "torch", "torchvision", "onnxruntime", "openvino", "numpy")
FLAGS = ("avx2", "fma", "avx512f", "avx512_vnni", "avx512_bf16", "avx512_fp16", "amx_int8", "amx_bf16", "asimddp")


def description() -> dict[str, Any]:
    """Processor, memory, system, versions, and how busy the machine is."""
    info = Path("/proc/cpuinfo").read_text()
    return {
        "cpu": value(info, "model name") or platform.processor(),
        "cores": os.cpu_count(),
        "flags": [flag for flag in FLAGS if flag in (value(info, "flags") or "").split()],
        "memory_gib": round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30, 1),
        "system": platform.freedesktop_os_release().get("PRETTY_NAME", platform.system()),
        "kernel": platform.release(),
        "python": platform.python_version(),
        "packages": {name: version(name) for name in PACKAGES},
        "revision": revision(),
        "load_before": load(),
    }


def load() -> float:
    """How many processes want to run, over the last minute."""
    return os.getloadavg()[0]


def value(text: str, key: str) -> str | None:
    """The first value of a key in /proc/cpuinfo."""
    lines = (line.partition(":") for line in text.splitlines())
    return next((after.strip() for before, _, after in lines if before.strip() == key), None)


def revision() -> str | None:
    """The commit that this repository is at; `+` when files were changed since."""
    command = ["git", "describe", "--always", "--dirty=+"]
    try:
        done = subprocess.run(command, cwd=Path(__file__).parent, capture_output=True, text=True)
    except FileNotFoundError:
        return None
    return done.stdout.strip() or None


def sentence(machine: dict[str, Any]) -> str:
    """The description for people."""
    packages = ", ".join(f"{name} {number}" for name, number in machine["packages"].items())
    return (
        f"{machine['cpu']}, {machine['cores']} cores ({', '.join(machine['flags'])}), {machine['memory_gib']} GiB, "
        f"{machine['system']}, Linux {machine['kernel']}; Python {machine['python']}, {packages}; "
        f"this repository at {machine['revision']}; "
        f"load {machine['load_before']:.1f} before, {machine['load_after']:.1f} after"
    )
