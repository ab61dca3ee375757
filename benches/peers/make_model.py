"""Makes one CFA model with anomalib and writes it in every form that is compared.

    make_model.py --backbone resnet18 --size 224 --data DIR --out FOLDER

FOLDER gets the backbone's weights, anomalib's torch, ONNX and OpenVINO exports (for pictures of the network's size, and
for pictures of any size), the backbone alone as ONNX, and `model.json`, which says that all of it is complete.
"""

import argparse
import contextlib
import json
import os
from pathlib import Path

import anomalib
import torch
from anomalib.models import Cfa
from torch import nn

from peers import pictures
from peers.anomalib_model import Batches, Training, backbone, calibrate, cfa, save_weights

WEIGHTS = "backbone.safetensors"


def arguments() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description="Makes the model that all engines run")
    parser.add_argument("--backbone", required=True, choices=("resnet18", "wide_resnet50_2", "vgg19_bn"))
    parser.add_argument("--size", required=True, type=int, help="side of the network's input, pixels")
    parser.add_argument("--weights", type=Path, help=".safetensors or .pth; default: seeded random weights")
    parser.add_argument("--data", required=True, type=Path)
    parser.add_argument("--train-pictures", type=int, default=50)
    parser.add_argument("--epochs", type=int, default=2)
    parser.add_argument("--threads", type=int, default=os.cpu_count())
    parser.add_argument("--out", required=True, type=Path)
    parser.add_argument("--weights-only", action="store_true", help="stop when the backbone's weights are there")
    return parser.parse_args()


def main() -> None:
    """Weights, training, exports, in this order."""
    asked = arguments()
    torch.set_num_threads(asked.threads)
    asked.out.mkdir(parents=True, exist_ok=True)
    batches = Batches.read(pictures.good(asked.data, asked.train_pictures), asked.size)
    extractor = frozen(asked, batches)
    if asked.weights_only:
        return
    module = trained(asked, extractor, batches)
    export(module, asked.size, asked.out)
    settings = {name: str(value) for name, value in vars(asked).items()}
    note = {"settings": settings, "anomalib": anomalib.__version__, "torch": torch.__version__}
    (asked.out / "model.json").write_text(json.dumps(note, indent=1) + "\n")


def frozen(asked: argparse.Namespace, batches: Batches) -> nn.Module:
    """The backbone; random weights get statistics that fit the pictures."""
    extractor = backbone(asked.backbone, asked.weights)
    if asked.weights is None:
        print("no --weights: seeded random ones, batch normalisation calibrated on the pictures", flush=True)
        calibrate(extractor, batches)
    save_weights(extractor, asked.out / WEIGHTS)
    return extractor


def trained(asked: argparse.Namespace, extractor: nn.Module, batches: Batches) -> Cfa:
    """Memory bank and a few epochs, so that distances are as they are in use."""
    training = Training(cfa(asked.backbone, extractor, asked.size), batches)
    print(f"memory bank: {training.bank():.1f} s", flush=True)
    for number in range(asked.epochs):
        seconds, loss = training.epoch()
        print(f"epoch {number + 1}: loss {loss:.1f}, {seconds:.1f} s", flush=True)
    return training.module.eval()


def export(module: Cfa, side: int, out: Path) -> None:
    """anomalib's own exports. Nothing was validated, so scores and maps stay raw and can be compared."""
    with quiet():
        module.to_torch(out)
        for name, size in (("fixed", (side, side)), ("any", None)):
            print(f"export for pictures of {name} size", flush=True)
            module.to_onnx(out, name, input_size=size, verbose=False)
            module.to_openvino(out, name, input_size=size, onnx_kwargs={"verbose": False})
        features = module.model.feature_extractor
        example = torch.zeros(1, 3, side, side)
        torch.onnx.export(features, (example,), out / "backbone.onnx", dynamo=True, verbose=False)


@contextlib.contextmanager
def quiet():
    """Without the exporter's report of its failed conversion to opset 14, which changes nothing."""
    with open(os.devnull, "w") as nowhere, contextlib.redirect_stderr(nowhere):
        yield


if __name__ == "__main__":
    main()
