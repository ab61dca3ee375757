"""Compares the losses of two trainings, step by step: losses.py CPU.jsonl CUDA.jsonl

Exit code 1 when one of the first 20 steps differs by more than 1e-3, relatively. Later steps
drift apart, because sums in another order change the weights a little each time.
"""

import json
import sys

STEPS = 20
BOUND = 1e-3


def losses(path):
    with open(path, encoding="utf-8") as lines:
        events = [json.loads(line) for line in lines]
    return [event["loss"] for event in events if event.get("event") == "step"]


def main():
    one, other = (losses(path) for path in sys.argv[1:3])
    if not one or len(one) != len(other):
        print(f"- steps: {len(one)} and {len(other)}, which cannot be compared")
        return 1
    differences = [abs(a - b) / abs(a) for a, b in zip(one, other)]
    first = max(differences[:STEPS])
    print(f"- largest difference of the losses in the first {STEPS} steps: {first:.1e} "
          f"({'ok' if first <= BOUND else 'OUT OF BOUNDS'})")
    print(f"- over all {len(one)} steps: {max(differences):.1e}; last loss {one[-1]:.4g} and {other[-1]:.4g}")
    return int(first > BOUND)


if __name__ == "__main__":
    sys.exit(main())
