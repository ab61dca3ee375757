"""anomalib's CFA without its hub, its data modules and its console: made, trained, exported."""

import logging
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter
from types import SimpleNamespace
from unittest.mock import patch

logging.disable(logging.WARNING)

import torch  # noqa: E402  (anomalib logs while it is imported)
import torchvision  # noqa: E402
from anomalib.models import Cfa  # noqa: E402
from anomalib.models.image.cfa import torch_model  # noqa: E402
from PIL import Image  # noqa: E402
from safetensors.torch import load_file, save_file  # noqa: E402
from torch import nn  # noqa: E402
from torchvision.models.feature_extraction import create_feature_extractor  # noqa: E402
from torchvision.transforms.v2.functional import pil_to_tensor, to_dtype  # noqa: E402

BATCH = 4
SEED = 0
# The last batch normalisation of a residual block, and its weight in random networks.
LAST_OF_BLOCK = {"resnet18": ".bn2", "wide_resnet50_2": ".bn3"}
BRANCH = 0.2


def backbone(name: str, weights: Path | None) -> nn.Module:
    """torchvision's network up to what CFA taps, with the weights of a file or seeded random ones."""
    torch.manual_seed(SEED)
    network = getattr(torchvision.models, name)(weights=None)
    extractor = create_feature_extractor(network, torch_model.get_return_nodes(name)).eval()
    if weights is None:
        soften(extractor, LAST_OF_BLOCK.get(name))
    else:
        load_weights(extractor, weights)
    return extractor


def soften(extractor: nn.Module, last: str | None) -> None:
    """Lets random residual branches add little to their input.

    Features are then about as large, and as alike from place to place, as those of trained networks. How far our search
    can prune depends on that: with plain random weights it has to look at about four times as many entries of the bank.
    """
    for name, module in extractor.named_modules():
        if last and name.endswith(last):
            nn.init.constant_(module.weight, BRANCH)


def load_weights(extractor: nn.Module, weights: Path) -> None:
    """Loads a .safetensors or .pth file with torchvision's names; none may be missing."""
    stored = load_file(weights) if weights.suffix == ".safetensors" else torch.load(weights, weights_only=True)
    missing = [name for name in extractor.load_state_dict(stored, strict=False).missing_keys if "tracked" not in name]
    if missing:
        raise SystemExit(f"{weights} lacks {missing[0]} and {len(missing) - 1} more tensors of this backbone")


def save_weights(extractor: nn.Module, target: Path) -> None:
    """Writes the backbone for `cfa-train fit --weights`."""
    tensors = {name: value for name, value in extractor.state_dict().items() if "tracked" not in name}
    save_file(tensors, target)


@torch.no_grad()
def calibrate(extractor: nn.Module, batches: "Batches") -> None:
    """Measures the statistics of every batch normalisation on the pictures: random weights need them."""
    for module in extractor.modules():
        if isinstance(module, nn.BatchNorm2d):
            module.reset_running_stats()
            module.momentum = None  # the plain mean over all batches
    extractor.train()
    for batch in batches:
        extractor(batch.image)
    extractor.eval()


def cfa(name: str, extractor: nn.Module, side: int) -> Cfa:
    """anomalib's module around that backbone, with its own resize and normalisation."""
    torch.manual_seed(SEED)
    with patch.object(torch_model, "get_feature_extractor", lambda *_names: extractor):
        return Cfa(backbone=name, pre_processor=Cfa.configure_pre_processor(image_size=(side, side)))


@dataclass
class Batches:
    """Decoded and transformed pictures in memory, given out in an own order each time."""

    images: list[torch.Tensor]
    shuffled: bool = False

    @classmethod
    def read(cls, pictures: list[Path], side: int) -> "Batches":
        """Through the transform with which anomalib trains: antialiased resize, then normalisation."""
        transform = Cfa.configure_pre_processor(image_size=(side, side)).transform
        return cls([transform(picture(path)) for path in pictures])

    def __len__(self) -> int:
        return -(-len(self.images) // BATCH)

    def __iter__(self) -> Iterator[SimpleNamespace]:
        count = len(self.images)
        order = (torch.randperm(count) if self.shuffled else torch.arange(count)).tolist()
        for start in range(0, count, BATCH):
            chosen = [self.images[index] for index in order[start : start + BATCH]]
            yield SimpleNamespace(image=torch.stack(chosen))


def picture(path: Path) -> torch.Tensor:
    """3×H×W, 0…1."""
    return to_dtype(pil_to_tensor(Image.open(path).convert("RGB")), torch.float32, scale=True)


class Training:
    """The steps of anomalib's training without Lightning around them."""

    def __init__(self, module: Cfa, batches: Batches) -> None:
        self.module = module
        self.batches = batches
        self.optimizer = module.configure_optimizers()

    def bank(self) -> float:
        """Fills the memory bank; seconds."""
        start = perf_counter()
        with patch.object(torch_model, "tqdm", lambda loader: loader):
            self.module.model.eval().initialize_centroid(self.batches)
        return perf_counter() - start

    def epoch(self) -> tuple[float, float]:
        """One pass over all pictures; seconds and mean loss."""
        start, losses = perf_counter(), []
        self.module.train()
        self.batches.shuffled = True
        for number, batch in enumerate(self.batches):
            losses.append(self.step(batch, number))
        return perf_counter() - start, sum(losses) / len(losses)

    def step(self, batch: SimpleNamespace, number: int) -> float:
        """One step of the optimiser; the loss before it."""
        loss = self.module.training_step(batch, number)["loss"]
        self.optimizer.zero_grad()
        self.module.backward(loss)
        self.optimizer.step()
        return loss.item()
