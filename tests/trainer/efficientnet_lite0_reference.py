#!/usr/bin/env python3
"""Writes efficientnet_lite0_reference.json: what the network's own package computes
with its published weights.

Run with torch 2.15 and efficientnet-lite-pytorch 0.1.0:
    python3 efficientnet_lite0_reference.py ../../.native/weights/efficientnet-lite0-57934424.pth
"""

import json
import pathlib
import sys

import torch
from efficientnet_lite_pytorch import EfficientNet

SIDE = 64
MEAN = 127 / 255
STD = 128 / 255
TAPS = [2, 4, 10]


def normalised_pattern():
    """Bytes (37 i) mod 256 in the order channel, row, column."""
    index = torch.arange(3 * SIDE * SIDE, dtype=torch.float64).reshape(1, 3, SIDE, SIDE)
    return (((index * 37) % 256) / 255 - MEAN) / STD


def described(tensor):
    flat = tensor.flatten().double()
    places = [int(i) for i in torch.linspace(0, flat.numel() - 1, 9).long()]
    return {
        "shape": list(tensor.shape),
        "places": places,
        "values": [float(flat[i]) for i in places],
        "sum": float(flat.sum()),
        "sum_of_squares": float(flat.square().sum()),
        "largest": float(flat.abs().max()),
    }


def main():
    # Its padding is fixed when it is made, for 224 px unless told otherwise.
    network = EfficientNet.from_name("efficientnet-lite0", image_size=SIDE)
    network.load_state_dict(torch.load(sys.argv[1], weights_only=True))
    network.eval()
    with torch.no_grad():
        x = network._swish(network._bn0(network._conv_stem(normalised_pattern().float())))
        ends = [x := block(x) for block in network._blocks]
    result = {
        "made_with": f"torch {torch.__version__}, efficientnet-lite-pytorch 0.1.0",
        "side": SIDE,
        "taps": [described(ends[i]) for i in TAPS],
    }
    path = pathlib.Path(__file__).with_suffix(".json")
    path.write_text(json.dumps(result, indent=2) + "\n", encoding="utf-8")


main()
