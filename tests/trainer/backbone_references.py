#!/usr/bin/env python3
"""Writes backbone_references.json: what torchvision, timm and
efficientnet-lite-pytorch themselves compute with weights drawn from names.

Run with torch 2.15, torchvision 0.29.2, timm 1.0.31 and
efficientnet-lite-pytorch 0.1.0:
    python3 backbone_references.py

Weights: FNV-1a of "NETWORK.TENSOR" seeds splitmix64, each draw is u in 0...1.
Convolutions are uniform in +-sqrt(GAIN / inputs), variances 0.03 + 0.06 u (small, so
that an epsilon of 1e-3 shows), scales 0.75 + 0.5 u, everything else +-0.2.
"""

import json
import pathlib

import numpy
import timm
import torch
import torchvision
from efficientnet_lite_pytorch import EfficientNet
from torchvision.models.feature_extraction import create_feature_extractor

GAIN = 0.25
HEIGHT, WIDTH = 72, 58
GOLDEN_RATIO = 0x9E3779B97F4A7C15
MASK = (1 << 64) - 1


def uniform(name, count):
    start = 0xCBF29CE484222325
    for byte in name.encode():
        start = ((start ^ byte) * 0x100000001B3) & MASK
    with numpy.errstate(over="ignore"):
        x = numpy.uint64(start) + numpy.arange(1, count + 1, dtype=numpy.uint64) * numpy.uint64(GOLDEN_RATIO)
        x = (x ^ (x >> numpy.uint64(30))) * numpy.uint64(0xBF58476D1CE4E5B9)
        x = (x ^ (x >> numpy.uint64(27))) * numpy.uint64(0x94D049BB133111EB)
        x = x ^ (x >> numpy.uint64(31))
    return (x >> numpy.uint64(40)).astype(numpy.float64) * 2.0**-24


def drawn(network, name, shape):
    u = uniform(f"{network}.{name}", int(numpy.prod(shape)))
    if len(shape) == 4:
        values = (2 * u - 1) * numpy.sqrt(GAIN / numpy.prod(shape[1:]))
    elif name.endswith("running_var"):
        values = 0.03 + 0.06 * u
    elif name.endswith("weight"):
        values = 0.75 + 0.5 * u
    else:
        values = 0.2 * (2 * u - 1)
    return torch.from_numpy(values.astype(numpy.float32).reshape(shape))


def fill(network, module):
    state = module.state_dict()
    used = {name: drawn(network, name, tuple(t.shape)) for name, t in state.items() if t.is_floating_point()}
    module.load_state_dict(used, strict=False)
    return module.eval()


def pattern():
    """Bytes (37 i) mod 256 in the order channel, row, column, mapped to -2...2."""
    index = torch.arange(3 * HEIGHT * WIDTH, dtype=torch.float64).reshape(1, 3, HEIGHT, WIDTH)
    return (((index * 37) % 256) / 64 - 2).float()


def by_nodes(module, groups):
    nodes = {node: node for group in groups for node in group}
    found = create_feature_extractor(module, nodes)(pattern())
    return [torch.cat([found[node] for node in group], 1) for group in groups]


def by_hooks(module, groups):
    """For modules that tracing does not understand."""
    found = {}
    for node in (node for group in groups for node in group):
        hook = lambda _module, _input, output, node=node: found.__setitem__(node, output)
        module.get_submodule(node).register_forward_hook(hook)
    module(pattern())
    return [torch.cat([found[node] for node in group], 1) for group in groups]


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


LAYERS = [["layer1"], ["layer2"], ["layer3"]]
B0 = [["features.2"], ["features.3"], ["features.5"]]
B0_TIMM = [["blocks.1"], ["blocks.2"], ["blocks.4"]]
B5 = [[f"features.2.{i}" for i in range(5)], [f"features.3.{i}" for i in (2, 3, 4)], ["features.5.6"]]
B5_TIMM = [[f"blocks.{int(n.split('.')[1]) - 1}.{n.split('.')[2]}" for n in g] for g in B5]


def torchvision_network(name):
    return getattr(torchvision.models, name)()


def timm_network(name):
    return timm.create_model(name)


def lite_network(_name):
    """Its padding is fixed when it is made, for 224 px unless told otherwise."""
    return EfficientNet.from_name("efficientnet-lite0", image_size=(HEIGHT, WIDTH))


CASES = [
    ("resnet18", "torchvision", torchvision_network, "resnet18", by_nodes, LAYERS),
    ("resnet34", "torchvision", torchvision_network, "resnet34", by_nodes, LAYERS),
    ("resnet50", "torchvision", torchvision_network, "resnet50", by_nodes, LAYERS),
    ("wide_resnet50_2", "torchvision", timm_network, "wide_resnet50_2", by_hooks, LAYERS),
    ("vgg19_bn", "torchvision", timm_network, "vgg19_bn", by_hooks, [["features.25"], ["features.38"], ["features.52"]]),
    ("mobilenet_v2", "timm", timm_network, "mobilenetv2_100", by_hooks, B0_TIMM),
    ("mobilenet_v3_large", "torchvision", torchvision_network, "mobilenet_v3_large", by_nodes, [["features.3"], ["features.6"], ["features.12"]]),
    ("mobilenet_v3_large", "timm", timm_network, "mobilenetv3_large_100", by_hooks, B0_TIMM),
    ("efficientnet_b0", "torchvision", torchvision_network, "efficientnet_b0", by_nodes, B0),
    ("efficientnet_b0", "timm", timm_network, "efficientnet_b0", by_hooks, B0_TIMM),
    ("efficientnet_b5", "torchvision", torchvision_network, "efficientnet_b5", by_hooks, B5),
    ("efficientnet_b5", "timm", timm_network, "efficientnet_b5", by_hooks, B5_TIMM),
    ("efficientnet_lite0", "efficientnet_pytorch", lite_network, "efficientnet-lite0", by_hooks, [["_blocks.2"], ["_blocks.4"], ["_blocks.10"]]),
    ("efficientnet_lite0", "timm", timm_network, "tf_efficientnet_lite0", by_hooks, B0_TIMM),
]


def main():
    torch.manual_seed(0)
    results = []
    for backbone, naming, make, model, read, groups in CASES:
        module = fill(backbone, make(model))
        with torch.no_grad():
            taps = read(module, groups)
        publisher = make.__name__.removesuffix("_network")
        results.append({
            "backbone": backbone,
            "naming": naming,
            "model": f"{publisher}/{model}",
            "taps": [described(tap) for tap in taps],
        })
        print(backbone, naming, model, [round(t["largest"], 3) for t in results[-1]["taps"]])
    result = {
        "made_with": f"torch {torch.__version__}, torchvision {torchvision.__version__}, timm {timm.__version__}",
        "height": HEIGHT,
        "width": WIDTH,
        "networks": results,
    }
    path = pathlib.Path(__file__).with_suffix(".json")
    path.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")


main()
