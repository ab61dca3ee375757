#!/usr/bin/env python3
"""Writes mobilenet_v2_reference.json: what torchvision itself computes.

Run with torch 2.11 and torchvision 0.26:
    python3 mobilenet_v2_reference.py ../../.native/weights/mobilenet_v2-b0353104.pth
"""

import json
import pathlib
import sys

import torch
import torchvision
from torchvision.models.feature_extraction import create_feature_extractor

SIDE = 64
MEAN = [0.485, 0.456, 0.406]
STD = [0.229, 0.224, 0.225]
TAPS = ["features.3", "features.6", "features.13"]


def normalised_pattern():
    """Bytes (37 i) mod 256 in the order channel, row, column."""
    index = torch.arange(3 * SIDE * SIDE, dtype=torch.float64).reshape(1, 3, SIDE, SIDE)
    channel = [torch.tensor(values, dtype=torch.float64).reshape(1, 3, 1, 1) for values in (MEAN, STD)]
    return (((index * 37) % 256) / 255 - channel[0]) / channel[1]


def described(layer, tensor):
    flat = tensor.flatten().double()
    places = [int(i) for i in torch.linspace(0, flat.numel() - 1, 9).long()]
    return {
        "layer": layer,
        "shape": list(tensor.shape),
        "places": places,
        "values": [float(flat[i]) for i in places],
        "sum": float(flat.sum()),
        "sum_of_squares": float(flat.square().sum()),
        "largest": float(flat.abs().max()),
    }


def main():
    network = torchvision.models.mobilenet_v2()
    network.load_state_dict(torch.load(sys.argv[1], weights_only=True))
    extractor = create_feature_extractor(network.eval(), TAPS)
    with torch.no_grad():
        taps = extractor(normalised_pattern().float())
    result = {
        "made_with": f"torch {torch.__version__}, torchvision {torchvision.__version__}",
        "side": SIDE,
        "taps": [described(layer, taps[layer]) for layer in TAPS],
    }
    path = pathlib.Path(__file__).with_suffix(".json")
    path.write_text(json.dumps(result, indent=2) + "\n", encoding="utf-8")


main()
