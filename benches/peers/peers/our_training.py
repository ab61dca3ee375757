"""`cfa-train fit`, stopped between its epochs so that others may compute."""

import argparse
import json
import os
import signal
import subprocess
import tempfile
from pathlib import Path
from time import perf_counter
from typing import Any

from .process import cpu_seconds, environment, peak_mib

BATCH = 4


class OurTraining:
    """A training that runs from event to event. Between two of them its process is stopped by SIGSTOP."""

    def __init__(self, asked: argparse.Namespace, data: Path, weights: Path, epochs: int) -> None:
        self.folder = tempfile.TemporaryDirectory(dir=asked.work)
        self.said = tempfile.TemporaryFile("w+")  # noqa: SIM115  (lives as long as the process)
        command = self.command(asked, data, weights, epochs)
        pipes = {"stdout": subprocess.PIPE, "stderr": self.said}
        self.ahead, self.cpu = 0.0, 0.0
        self.process = subprocess.Popen(command, text=True, env=environment(asked.threads), **pipes)

    def command(self, asked: argparse.Namespace, data: Path, weights: Path, epochs: int) -> list[str]:
        """Trains on every picture as anomalib does: nothing is held out, nothing is cropped."""
        options = {
            "data": data,
            "weights": weights,
            "backbone": asked.backbone,
            "image-size": asked.size,
            "center-crop": "none",
            "calibration-split": 0,
            "batch-size": BATCH,
            "epochs": epochs,
            "device": "cpu",
            "threads": asked.threads,
            "onnxruntime": asked.onnxruntime,
            "out": Path(self.folder.name) / "model.cfa",
        }
        pairs = [part for name, value in options.items() for part in (f"--{name}", str(value))]
        return [str(asked.bin / "cfa-train"), "fit", "--json", *pairs]

    def until(self, name: str, times: int = 1) -> dict[str, Any]:
        """Goes on until an event has come so many times; seconds and processor seconds of each time.

        What the process does between its event and its stop belongs to the next turn, and is counted there.
        """
        start = perf_counter()
        self.process.send_signal(signal.SIGCONT)
        for _ in range(times):
            event = self.event(name)
        end, cpu = perf_counter(), cpu_seconds(self.process.pid)
        seconds, self.ahead = self.ahead + end - start, self.stop(end)
        used, self.cpu = cpu - self.cpu, cpu
        return event | {"seconds": seconds / times, "cpu_seconds": used / times}

    def stop(self, since: float) -> float:
        """Stops the process; the seconds that it has run on since then."""
        self.process.send_signal(signal.SIGSTOP)
        os.waitpid(self.process.pid, os.WUNTRACED)
        return perf_counter() - since

    def event(self, name: str) -> dict[str, Any]:
        """The next event of that name."""
        assert self.process.stdout
        for line in self.process.stdout:
            event = json.loads(line)
            if event["event"] == name:
                return event
        self.said.seek(0)
        raise SystemExit(f"cfa-train fit ended before the event {name}:\n{self.said.read()[-2000:]}")

    def peak_mib(self) -> float:
        """Most memory that it ever had resident."""
        return peak_mib(self.process.pid)

    def close(self) -> None:
        """Ends the training where it is, and removes what it wrote."""
        self.process.kill()
        self.process.communicate()
        self.said.close()
        self.folder.cleanup()
