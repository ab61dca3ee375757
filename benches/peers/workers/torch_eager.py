"""anomalib's own model in PyTorch: its `model.pt`, without exports. In float64 it is the reference for agreement."""

import argparse
import logging
from pathlib import Path

logging.disable(logging.WARNING)

import torch  # noqa: E402  (anomalib logs while it is imported)
from torchvision.transforms.v2.functional import normalize, resize  # noqa: E402

from protocol import Answer, planes, serve  # noqa: E402


def main() -> None:
    """Loads and serves."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--model", type=Path, required=True)
    parser.add_argument("--threads", type=int, required=True)
    parser.add_argument("--double", action="store_true", help="everything in float64")
    asked = parser.parse_args()
    torch.set_num_threads(asked.threads)
    # The file was made by make_model.py, so that its pickle may be trusted.
    module = torch.load(asked.model, map_location="cpu", weights_only=False)["model"].eval()
    engine = double(module) if asked.double else single(module)
    serve(torch.inference_mode()(engine), version=torch.__version__)


def single(module):
    """The whole module, as its exports have it."""

    def engine(picture):
        out = module(torch.from_numpy(planes(picture)))
        return Answer(float(out.pred_score[0]), out.anomaly_map[0].numpy())

    return engine


def double(module):
    """The model alone; pictures must have the network's size, where the module's resize is the identity."""
    torch.set_default_dtype(torch.float64)  # for the kernel of the blur, which is made anew for each picture
    model = module.model.double()
    steps = module.pre_processor.transform.transforms

    def engine(picture):
        tensor = torch.from_numpy(planes(picture)).double()
        tensor = normalize(resize(tensor, steps[0].size, antialias=True), steps[-1].mean, steps[-1].std)
        out = model(tensor)
        return Answer(float(out.pred_score[0]), out.anomaly_map[0].numpy())

    return engine


if __name__ == "__main__":
    main()
