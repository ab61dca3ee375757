#!/usr/bin/env bash
# Installs the peers into an environment of their own, builds our programs, and compares.
#
#   benches/peers/run.sh [inference|training] --backbone resnet18 --size 224 --data DIR --weights FILE
#   benches/peers/run.sh inference --help
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
root=$(cd "$here/../.." && pwd)
venv=${CFA_PEERS_VENV:-$root/.native/peers}

bench=inference
case ${1:-} in
    inference | training) bench=$1 && shift ;;
esac

if ! [[ -e $venv/ready ]]; then
    echo "· installing the peers into $venv: about 7 GB, once" >&2
    "${PYTHON:-python3}" -m venv "$venv"
    "$venv/bin/python" -m pip install --quiet --disable-pip-version-check --requirement "$here/requirements.txt" >&2
    touch "$venv/ready"
fi

# Another folder of programs can be measured instead: `--bin DIR`.
if [[ " $* " != *" --bin"* && " $* " != *" --help "* ]]; then
    (cd "$root" && cargo build --release --quiet --package cfa-run --package cfa-train --package cfa-capi) >&2
fi

exec "$venv/bin/python" "$here/$bench.py" "$@"
