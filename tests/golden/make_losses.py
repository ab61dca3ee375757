"""Records the losses of anomalib's own training, from weights that this repository generates too.

    python3 -m venv venv && venv/bin/pip install "anomalib[cpu]==2.7.0"
    venv/bin/python tests/golden/make_losses.py

Pictures, backbone and first descriptor are those of the committed case r18_s64_gc1_gd2. The bank is built and the loss
computed by anomalib's `CfaModel` and `CfaLoss`, the optimiser is that of its `Cfa`. The batches follow the order that
`cfa_train::fit::epoch_order` gives for seed 0: they are read from losses_anomalib.json, and the test checks them. The same in float64 shows how far rounding carries.
"""
import json
import sys
from pathlib import Path
from types import SimpleNamespace
from unittest.mock import patch

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parent / "trainer/anomalib"))

import make_checkpoints as generated  # noqa: E402
import numpy as np  # noqa: E402
import torch  # noqa: E402
from make_subset import read  # noqa: E402

RECORDED = HERE / "losses_anomalib.json"
CASE = HERE / "subset/case_r18_s64_gc1_gd2.safetensors"
GAMMA_D, NEIGHBORS, HARD_NEGATIVES, RADIUS = 2, 3, 3, 1e-5
BATCH, STEPS = 2, 20


def pictures():
    _, shape, data = read(CASE)["train_u8"]
    values = torch.from_numpy(np.frombuffer(data, np.uint8).reshape(shape).copy()).float() / 255
    mean, std = torch.tensor([0.485, 0.456, 0.406]), torch.tensor([0.229, 0.224, 0.225])
    return (values - mean.view(1, 3, 1, 1)) / std.view(1, 3, 1, 1)


def model(torch_model):
    cfa = torch_model.CfaModel("resnet18", 1, GAMMA_D, NEIGHBORS, HARD_NEGATIVES, RADIUS)
    layer = cfa.descriptor.layer.conv2d
    bound = np.float32(1) / np.sqrt(np.float32(layer.in_channels))
    for part in ("weight", "bias"):
        parameter = getattr(layer, part)
        drawn = (2 * generated.uniform(f"descriptor.resnet18.gd{GAMMA_D}.{part}", parameter.numel()) - 1) * bound
        parameter.data = torch.from_numpy(drawn.astype(np.float32)).reshape(parameter.shape)
    return cfa


def losses(kind, batches, order):
    from anomalib.models.image.cfa import loss as cfa_loss
    from anomalib.models.image.cfa import torch_model

    cfa = model(torch_model)
    with patch.object(torch_model, "tqdm", lambda loader: loader):
        cfa.eval().initialize_centroid([SimpleNamespace(image=batch) for batch in batches])
    cfa = cfa.to(kind).train()
    cfa.memory_bank = cfa.memory_bank.to(kind)
    cfa_loss = cfa_loss.CfaLoss(NEIGHBORS, HARD_NEGATIVES, torch.ones(1, requires_grad=True) * RADIUS)
    optimizer = torch.optim.AdamW(cfa.parameters(), lr=1e-3, weight_decay=5e-4, amsgrad=True)
    found = []
    everything = torch.cat(batches).to(kind)
    for chosen in order[:STEPS]:
        value = cfa_loss(cfa(everything[chosen]))
        optimizer.zero_grad()
        value.backward(retain_graph=True)
        optimizer.step()
        found.append(value.item())
    return found


def main():
    import anomalib

    torch.set_num_threads(1)
    generated.offline_weights()
    order = json.loads(RECORDED.read_text())["order"]
    batches = list(pictures().split(BATCH))
    single, double = (losses(kind, batches, order) for kind in (torch.float32, torch.float64))
    spread = max(abs(a - b) / b for a, b in zip(single, double))
    note = {"anomalib": anomalib.__version__, "torch": torch.__version__, "largest_difference_to_float64": spread}
    lines = [f' "{key}": {json.dumps(value)}' for key, value in {**note, "order": order, "losses": single}.items()]
    RECORDED.write_text("{\n" + ",\n".join(lines) + "\n}\n")


if __name__ == "__main__":
    main()
