#!/usr/bin/env bash
# Everything that needs an NVIDIA GPU to be shown: parity, speed, both places of the head, batches,
# training. One command:
#
#     benches/gpu/run.sh [RESULTS]
#
# Before: `cargo xtask setup --cuda`; TensorRT 10 in `.native/onnxruntime-gpu/cuda` or where the
# loader finds it; for the training, LIBTORCH naming a libtorch 2.11.0 with CUDA.
# CFA_GPU_DATA (MVTec layout) and CFA_GPU_WEIGHTS replace the pictures and weights below;
# CFA_GPU_BACKBONE names the weights' backbone. What is missing is said and left out.
#
# Writes RESULTS/report.md (default: target/gpu) with the machine, tables and training, for
# docs/RESULTS.md. Exit code 1 when anything is out of its bounds.
set -uo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
results=${1:-target/gpu}
library=${CFA_GPU_LIBRARY:-.native/onnxruntime-gpu/libonnxruntime.so}
providers=${CFA_GPU_PROVIDERS:-"cuda tensorrt"}
mkdir -p "$results"
report=$results/report.md
failed=0

fail() { echo "FAILED: $*" | tee -a "$report"; failed=1; }
note() { echo "$*" | tee -a "$report"; }

if [[ ! -f $library ]]; then
    echo "there is no $library; run: cargo xtask setup --cuda" >&2
    exit 2
fi

# Pictures and weights: real ones where they are, else those that the demo draws.
if [[ -d ../shared/data/mvtec_bottle ]]; then
    data=../shared/data/mvtec_bottle weights=../shared/weights/resnet18_imagenet_layer1-3.safetensors
    backbone=resnet18
else
    [[ -d target/demo ]] || cargo xtask demo || exit 2
    data=target/demo weights=.native/weights/mobilenet_v2-b0353104.pth backbone=mobilenet_v2
fi
data=${CFA_GPU_DATA:-$data} weights=${CFA_GPU_WEIGHTS:-$weights} backbone=${CFA_GPU_BACKBONE:-$backbone}

cargo build --release -p cfa-run -p cfa-runtime --bin cfa-run --example provider_parity || exit 2
cargo build --release -p cfa-train || exit 2
run=target/release/cfa-run train=target/release/cfa-train

: >"$report"
note "## Machine"
note '```text'
"$run" check --onnxruntime "$library" | tee -a "$report"
command -v nvidia-smi >/dev/null &&
    nvidia-smi --query-gpu=name,driver_version,memory.total --format=csv,noheader | tee -a "$report"
git rev-parse HEAD | tee -a "$report"
note '```'

fit() { # DEVICE BUNDLE: the losses of every step go to BUNDLE.jsonl
    "$train" fit --data "$data" --backbone "$backbone" --weights "$weights" --out "$2" \
        --epochs 5 --seed 0 --device "$1" --json >"$2.jsonl"
}
model=$results/cpu.cfa
rm -f "$results"/*.cfa "$results"/*.jsonl
fit cpu "$model" || { echo "the training on the processor failed" >&2; exit 2; }

note ""
note "## Parity and speed"
note "Against the processor with the same library, on $data/test, batch 1, with the head on the host and"
note "in the provider's graph; map and score errors are relative, times are those of network and head in ms."
note ""
note "| provider | device | precision | head | map | score | verdict flips | cpu p50 | p50 | p95 | times faster | |"
note "|---|---|---|---|---|---|---|---|---|---|---|---|"
parity() { # PROVIDER [reduced]
    if ! rows=$(target/release/examples/provider_parity "$model" "$data/test" "$library" "$@" 2>"$results/error"); then
        [[ -n $rows ]] || { fail "$*: $(tr '\n' ' ' <"$results/error")"; return; }
        failed=1
    fi
    note "$rows"
}
for provider in $providers; do
    parity "$provider"
    # TensorRT rounds factors to TF32 unless its own switch forbids it.
    if [[ $provider == tensorrt ]]; then
        NVIDIA_TF32_OVERRIDE=0 parity "$provider"
    fi
    parity "$provider" reduced
done

note ""
note "## Batches"
note "Pictures a second of \`cfa-run bench\`, decoding included, as \`predict\` inspects a folder."
note ""
note "| provider | head | batch 1 | 4 | 8 | 16 |"
note "|---|---|---|---|---|---|"
for provider in cpu $providers; do
    for head in host graph; do
        row="| $provider | $head |"
        for batch in 1 4 8 16; do
            speed=$("$run" bench --model "$model" --pictures "$data/test" --onnxruntime "$library" --json \
                --provider "$provider" --head "$head" --batch "$batch" 2>"$results/error" |
                python3 -c 'import json, sys; print("%.1f" % json.load(sys.stdin)["pictures_per_second"]["overlapped"])' \
                    2>>"$results/error") || { speed=failed; failed=1; }
            row+=" $speed |"
        done
        note "$row"
    done
done

note ""
note "## The cache of TensorRT"
if [[ " $providers " == *" tensorrt "* ]]; then
    picture=$(find "$data/test" -name '*.png' -o -name '*.jpg' | sort | head -1)
    cache=$(mktemp -d)/cache
    for opening in first second; do
        start=$(date +%s.%N)
        "$run" predict --model "$model" --onnxruntime "$library" --provider tensorrt --cache "$cache" \
            --json "$picture" >/dev/null
        code=$?
        ((code <= 1)) || fail "predict with tensorrt ended with $code"
        note "- $opening opening: $(python3 -c "import sys, time; print(f'{time.time() - float(sys.argv[1]):.1f} s')" "$start")"
    done
    note "- $(find "$cache" -type f | wc -l) files, folder mode $(stat -c %a "$cache")"
fi

note ""
note "## Training"
if fit cuda:0 "$results/cuda.cfa" 2>"$results/error"; then
    python3 benches/gpu/losses.py "$model.jsonl" "$results/cuda.cfa.jsonl" | tee -a "$report"
    ((PIPESTATUS[0] == 0)) || failed=1
    for device in cpu cuda; do
        note "- trained on $device: $("$train" test --model "$results/$device.cfa" --data "$data" --json | python3 -c '
import json, sys
figures = json.loads(sys.stdin.readlines()[0])
print({name: figures[name] for name in ("image_auroc", "pixel_auroc") if name in figures})')"
    done
else
    fail "training with --device cuda:0: $(tail -1 "$results/error")"
fi
echo "wrote $report"
exit $failed
