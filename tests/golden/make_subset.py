"""Cuts the committed subset out of the full golden folder (standard library only).

    python3 tests/golden/make_subset.py ../shared/golden tests/golden/subset

Weights are not copied: the rule in the manifest generates them from their names,
so only the batch normalisation statistics are needed.
"""
import json
import struct
import sys
from pathlib import Path

CASES = {
    "r18_s64_gc1_gd2": ["anomalib/feat3"],
    "wrn50_s64_gc1_gd8": ["anomalib/feat3", "anomalib/phi", "rows", "official/phi_rows_img0"],
}
KEPT = ["train_u8", "test_u8", "anomalib/memory_bank", "anomalib/topk_sqdist", "anomalib/topk_index",
        "anomalib/score", "anomalib/anomaly_map", "anomalib/pred_score", "anomalib/train_",
        "official/memory_bank", "official/anomaly_map", "official/train_r1e-5/step0/grad_r",
        "official/train_r1e-5/after3/bias"]


def read(path):
    data = path.read_bytes()
    (length,) = struct.unpack("<Q", data[:8])
    header = json.loads(data[8:8 + length])
    header.pop("__metadata__", None)
    body = data[8 + length:]
    return {name: (t["dtype"], t["shape"], body[slice(*t["data_offsets"])]) for name, t in header.items()}


def write(path, tensors):
    header, body = {}, b""
    for name, (dtype, shape, data) in sorted(tensors.items()):
        header[name] = {"dtype": dtype, "shape": shape, "data_offsets": [len(body), len(body) + len(data)]}
        body += data
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    path.write_bytes(struct.pack("<Q", len(text)) + text + body)


def main(source, target):
    target.mkdir(parents=True, exist_ok=True)
    manifest = json.loads((source / "manifest.json").read_text())
    for name, extra in CASES.items():
        kept = {key: value for key, value in read(source / f"case_{name}.safetensors").items()
                if any(key.startswith(prefix) for prefix in KEPT) or key in extra}
        write(target / f"case_{name}.safetensors", kept)
    statistics = {key: value for key, value in read(source / "weights_resnet18.safetensors").items() if "running_" in key}
    write(target / "bnstats_resnet18.safetensors", statistics)
    wide = (source / "bnstats_wide_resnet50_2.safetensors").read_bytes()
    (target / "bnstats_wide_resnet50_2.safetensors").write_bytes(wide)
    cases = {name: manifest["cases"][name] for name in CASES}
    small = {"seed": manifest["seed"], "versions": manifest["versions"], "cases": cases}
    (target / "manifest.json").write_text(json.dumps(small, indent=1) + "\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
