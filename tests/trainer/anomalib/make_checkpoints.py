"""Makes the golden checkpoints of anomalib that the import is tested with.

    python3 -m venv venv && venv/bin/pip install "anomalib[cpu]==2.7.0"        # pooled features
    venv/bin/python tests/trainer/anomalib/make_checkpoints.py OUT

and again with other releases (see README.md). Trains anomalib's `Cfa` for one epoch on drawn pictures, lets Lightning
write its checkpoint and anomalib export `model.pt`, and records anomalib's own scores and maps. The backbone's weights are
generated from their names (the rule in `../../golden`), so they are cut out of the committed archives and put back by the
test; `<name>.json` lists each removed entry with the tensor it holds, and the SHA-256 of all of them in turn. Everything
else is as written.
"""
import hashlib
import json
import struct
import sys
import tempfile
import zipfile
from pathlib import Path

import numpy as np
import torch
import torchvision

SEED = 20220  # of the golden cases
SIDE = 64
GAMMA_D = 112
GOLDEN_RATIO = 0x9E3779B97F4A7C15


def uniform(name, count):
    """The golden generator: numbers in 0..1 that depend on the name alone."""
    state = 0xCBF29CE484222325
    for byte in name.encode():
        state = ((state ^ byte) * 0x100000001B3) % 2**64
    start = (state + SEED * GOLDEN_RATIO) % 2**64
    with np.errstate(over="ignore"):
        x = np.uint64(start) + np.arange(1, count + 1, dtype=np.uint64) * np.uint64(GOLDEN_RATIO)
        x = (x ^ (x >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        x = (x ^ (x >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        x = x ^ (x >> np.uint64(31))
    return (x >> np.uint64(40)).astype(np.float32) * np.float32(2.0**-24)


def statistics():
    data = (Path(__file__).parents[2] / "golden/subset/bnstats_resnet18.safetensors").read_bytes()
    (length,) = struct.unpack("<Q", data[:8])
    header = json.loads(data[8:8 + length])
    header.pop("__metadata__", None)
    body = data[8 + length:]
    return {name: np.frombuffer(body[slice(*t["data_offsets"])], np.float32) for name, t in header.items()}


def backbone_state():
    """resnet18 to layer3 from the generator; what lies behind is never used and stays zero."""
    state = torchvision.models.resnet18().state_dict()
    measured = statistics()
    for name, tensor in state.items():
        count, shape = tensor.numel(), tensor.shape
        if name.startswith(("layer4", "fc")):
            values = np.ones(count) if name.endswith("var") else np.zeros(count)
        elif "running_" in name:
            values = measured[name]
        elif name.endswith("num_batches_tracked"):
            continue
        else:
            u = uniform(f"resnet18.{name}", count)
            if len(shape) == 4:
                values = (2 * u - 1) * np.sqrt(np.float32(6.0) / np.float32(count // shape[0]))
            elif name.endswith(".weight"):
                values = (np.float32(0.75) + np.float32(0.5) * u) * np.float32(0.5 if name.endswith("bn2.weight") else 1)
            else:
                values = (2 * u - 1) * np.float32(0.2)
        state[name] = torch.from_numpy(np.array(values, np.float32)).reshape(shape)
    return state


def offline_weights():
    """torchvision asks for a download; it gets the generated weights."""
    def generated(*_args, **_kwargs):
        return backbone_state()

    for module in ("torchvision.models._api", "torchvision._internally_replaced_utils", "torch.hub"):
        loaded = sys.modules.get(module)
        if loaded is not None and hasattr(loaded, "load_state_dict_from_url"):
            loaded.load_state_dict_from_url = generated


def picture(seed, width=80, height=72, defect=False):
    """Stripes; with `defect` a dark square. Larger than the network's input, and not square."""
    rng = np.random.default_rng(seed)
    x, y = np.meshgrid(np.arange(width), np.arange(height))
    light = np.where((x + y // 4 + seed) % 12 < 6, 200, 60)
    channels = np.stack([light, light // 2 + 7 * seed % 40, y * 2], -1) + rng.integers(-6, 7, (height, width, 3))
    if defect:
        channels[30:46, 40:58] = 20
    return np.clip(channels, 0, 255).astype(np.uint8)


def draw_dataset(root):
    from PIL import Image

    for folder, seeds, defect in (("good", range(6), False), ("test_good", (10, 11), False), ("bad", (20, 21), True)):
        (root / folder).mkdir(parents=True)
        for seed in seeds:
            Image.fromarray(picture(seed, defect=defect)).save(root / folder / f"{seed}.png")
        if defect:
            (root / "mask").mkdir()
            for seed in seeds:
                mask = np.zeros((72, 80), np.uint8)
                mask[30:46, 40:58] = 255
                Image.fromarray(mask).save(root / "mask" / f"{seed}.png")


def reduced(source, target, note):
    """Copies a checkpoint without the entries that the backbone's generator makes again."""
    generated = {}
    for name, tensor in backbone_state().items():
        if tensor.dtype == torch.float32 and tensor.numel() > 1 and not name.startswith(("layer4", "fc")):
            generated[hashlib.sha256(tensor.numpy().tobytes()).hexdigest()] = name
    removed, entries = {}, hashlib.sha256()
    with zipfile.ZipFile(source) as archive, zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as small:
        for entry in archive.infolist():
            data = archive.read(entry)
            digest = hashlib.sha256(data).hexdigest()
            if digest in generated and "/data/" in entry.filename:
                removed[entry.filename] = generated[digest]
                entries.update(data)
            else:
                fixed = zipfile.ZipInfo(entry.filename, (1980, 1, 1, 0, 0, 0))
                fixed.compress_type = zipfile.ZIP_DEFLATED
                small.writestr(fixed, data)
    note["removed_sha256"] = entries.hexdigest()
    note["removed"] = list(removed.items())


def expected(torch_model, transform):
    """What anomalib's own model gives for normalised inputs, and for pictures through its training transform."""
    pictures = [picture(seed, defect=defect) for seed, defect in ((30, False), (31, True))]
    batch = torch.stack([torch.from_numpy(p).permute(2, 0, 1).float() / 255 for p in pictures])
    with torch.no_grad():
        inputs = transform(batch)
        out = torch_model.eval()(inputs)
    if isinstance(out, torch.Tensor):
        anomaly_map = out
    elif isinstance(out, dict):
        anomaly_map = out["anomaly_map"]
    else:
        anomaly_map = out.anomaly_map
    anomaly_map = anomaly_map.reshape(len(pictures), *inputs.shape[-2:])
    score = getattr(out, "pred_score", None)
    score = torch.amax(anomaly_map, dim=(-2, -1)) if score is None else score
    common = {"pictures_u8": np.stack(pictures), "input_1": inputs[1].numpy()}
    # One map is enough, and keeps the files small.
    return common, {"anomaly_map_1": anomaly_map[1].numpy(), "pred_score": score.reshape(-1).numpy()}


def write_safetensors(path, tensors):
    header, body = {}, b""
    for name, array in sorted(tensors.items()):
        array = np.ascontiguousarray(array)
        kind = {"float32": "F32", "uint8": "U8"}[str(array.dtype)]
        header[name] = {"dtype": kind, "shape": list(array.shape), "data_offsets": [len(body), len(body) + array.nbytes]}
        body += array.tobytes()
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    path.write_bytes(struct.pack("<Q", len(text)) + text + body)


def train_2(root, target, name, crop=None):
    """anomalib 2.x: transforms belong to the model."""
    from anomalib.data import Folder
    from anomalib.engine import Engine
    from anomalib.models import Cfa

    data = Folder(name="drawn", root=root, normal_dir="good", abnormal_dir="bad", normal_test_dir="test_good", mask_dir="mask",
                  train_batch_size=4, eval_batch_size=2, num_workers=0)
    sizes = {"image_size": (SIDE, SIDE)} | ({"center_crop_size": (crop, crop)} if crop else {})
    model = Cfa(backbone="resnet18", gamma_d=GAMMA_D, pre_processor=Cfa.configure_pre_processor(**sizes))
    engine = Engine(default_root_dir=target / name, max_epochs=1, accelerator="cpu", devices=1, logger=False,
                    enable_progress_bar=False)
    engine.fit(model=model, datamodule=data)
    model = model.cpu().eval()
    exported = model.to_torch(target / name)
    return engine, model, exported, model.pre_processor.transform


def train_1(root, target, name):
    """anomalib 1.x: transforms belong to the data."""
    from anomalib import TaskType
    from anomalib.data import Folder
    from anomalib.engine import Engine
    from anomalib.models import Cfa
    from torchvision.transforms.v2 import Compose, Normalize, Resize

    transform = Compose([Resize((SIDE, SIDE), antialias=True),
                         Normalize(mean=[0.485, 0.456, 0.406], std=[0.229, 0.224, 0.225])])
    data = Folder(name="drawn", root=root, normal_dir="good", abnormal_dir="bad", normal_test_dir="test_good", mask_dir="mask",
                  train_batch_size=4, eval_batch_size=2, num_workers=0, transform=transform, task=TaskType.SEGMENTATION)
    model = Cfa(backbone="resnet18", gamma_d=GAMMA_D)
    engine = Engine(default_root_dir=target / name, max_epochs=1, accelerator="cpu", devices=1, logger=False,
                    enable_progress_bar=False, task=TaskType.SEGMENTATION)
    engine.fit(model=model, datamodule=data)
    model = model.cpu().eval()
    exported = model.to_torch(target / name, transform=transform, task=TaskType.SEGMENTATION)
    return engine, model, exported, transform


def train_0(root, target, name):
    """anomalib 0.7: everything is in one configuration file."""
    from anomalib.config import get_configurable_parameters
    from anomalib.data import get_datamodule
    from anomalib.deploy import ExportMode, export
    from anomalib.models import get_model
    from anomalib.utils.callbacks import get_callbacks
    from omegaconf import OmegaConf
    from pytorch_lightning import Trainer

    config = OmegaConf.load(Path(sys.modules["anomalib"].__file__).parent / "models/cfa/config.yaml")
    config.dataset.update({
        "name": "drawn", "format": "folder", "path": str(root), "root": str(root), "normal_dir": "good", "abnormal_dir": "bad",
        "normal_test_dir": "test_good", "mask_dir": "mask", "extensions": None, "image_size": SIDE, "num_workers": 0,
        "eval_batch_size": 2, "normal_split_ratio": 0.2})
    config.model.update({"backbone": "resnet18", "gamma_d": GAMMA_D, "early_stopping": {
        "patience": 5, "metric": "image_AUROC", "mode": "max"}})
    config.trainer.update({"max_epochs": 1, "accelerator": "cpu", "enable_progress_bar": False})
    config.project.path = str(target / name)
    (target / "config.yaml").write_text(OmegaConf.to_yaml(config))
    config = get_configurable_parameters(model_name="cfa", config_path=target / "config.yaml")
    model, data = get_model(config), get_datamodule(config)
    engine = Trainer(**config.trainer, logger=False, callbacks=get_callbacks(config))
    engine.fit(model=model, datamodule=data)
    model = model.cpu().eval()
    export(task="segmentation", transform=data.test_data.transform.to_dict(), input_size=(SIDE, SIDE), model=model,
           export_mode=ExportMode.TORCH, export_root=target / name)
    exported = next((target / name).rglob("model.pt"))

    # 0.x resizes with OpenCV, without antialiasing. Recorded is its model on the input of the later releases.
    from torchvision.transforms import Compose, Normalize, Resize

    transform = Compose([Resize((SIDE, SIDE), antialias=True),
                         Normalize(mean=[0.485, 0.456, 0.406], std=[0.229, 0.224, 0.225])])
    return type("Engine", (), {"trainer": engine}), model, exported, transform


def main(target):
    import anomalib

    torch.manual_seed(0)
    torch.set_num_threads(1)
    offline_weights()
    target.mkdir(parents=True, exist_ok=True)
    version = anomalib.__version__
    major = int(version.split(".")[0])
    variants = {f"v{version}": None} | ({f"v{version}_crop": 56} if version == "2.7.0" else {})
    for name, crop in variants.items():
        with tempfile.TemporaryDirectory() as scratch:
            scratch = Path(scratch)
            root = scratch / "data"
            draw_dataset(root)
            train = {0: train_0, 1: train_1}.get(major) or (lambda *where: train_2(*where, crop))
            trained = train(root, scratch, name)
            engine, model, exported, transform = trained
            checkpoint = Path(engine.trainer.checkpoint_callback.last_model_path
                              or engine.trainer.checkpoint_callback.best_model_path)
            common, recorded = expected(model.model, transform)
            if version == "2.7.0" and crop is None:  # the same for all; a crop is a part of it
                write_safetensors(target / "pictures.safetensors", common)
            write_safetensors(target / f"{name}.expected.safetensors", recorded)
            for kind, source in (("ckpt", checkpoint), ("pt", exported)):
                (target / "whole").mkdir(exist_ok=True)  # not committed
                (target / "whole" / f"{name}.{kind}").write_bytes(Path(source).read_bytes())
                note = {"anomalib": version, "torch": torch.__version__, "file": Path(source).name}
                reduced(source, target / f"{name}.{kind}.zip", note)
                (target / f"{name}.{kind}.json").write_text(json.dumps(note) + "\n")
            print(name, recorded["pred_score"], recorded["anomaly_map_1"].min(), [
                (p.name, p.stat().st_size) for p in sorted(target.glob(f"{name}.*"))])


if __name__ == "__main__":
    main(Path(sys.argv[1]))
