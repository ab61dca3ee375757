"""Trains anomalib's CFA on request: a line `bank` or `epoch` in, a JSON line with seconds out.

Pictures are decoded and transformed before, and neither Lightning nor validation runs: only what anomalib's own model,
loss and optimiser take is timed.
"""

import argparse
import json
import sys
from pathlib import Path

import torch

from peers import pictures
from peers.anomalib_model import Batches, Training, backbone, cfa


def main() -> None:
    """Reads the pictures, then serves."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--backbone", required=True)
    parser.add_argument("--size", type=int, required=True)
    parser.add_argument("--weights", type=Path, required=True)
    parser.add_argument("--data", type=Path, required=True, help="a folder of good pictures")
    parser.add_argument("--threads", type=int, required=True)
    asked = parser.parse_args()
    torch.set_num_threads(asked.threads)
    batches = Batches.read(pictures.files(asked.data), asked.size)
    training = Training(cfa(asked.backbone, backbone(asked.backbone, asked.weights), asked.size), batches)
    say(ready=True, pictures=len(batches.images))
    for line in sys.stdin:
        answer(training, line.strip())


def answer(training: Training, request: str) -> None:
    """Does what one line asks for."""
    if request == "bank":
        say(seconds=training.bank())
    elif request == "epoch":
        seconds, loss = training.epoch()
        say(seconds=seconds, loss=loss)
    else:
        raise SystemExit(f"neither bank nor epoch: {request}")


def say(**values: float) -> None:
    """One line for the driver."""
    print(json.dumps(values), flush=True)


if __name__ == "__main__":
    main()
