"""How a worker speaks: one JSON line in for each picture, one JSON line out.

In:  {"picture": PATH, "map": FILE or null}. FILE gets the anomaly map as .npy, outside of the timed part.
Out: {"score": …, "seconds": …, "cpu_seconds": …}, timed from the decoded picture (H×W×3 bytes) to score and map.
The first line out says that the model is loaded.
"""

import json
import sys
from collections.abc import Callable
from pathlib import Path
from time import perf_counter, process_time
from typing import Any, NamedTuple

import numpy as np
from PIL import Image


class Answer(NamedTuple):
    """What an engine says of one picture; a backbone alone says nothing."""

    score: float | None = None
    map: np.ndarray | None = None
    more: dict[str, Any] | None = None


Engine = Callable[[np.ndarray], Answer]


def say(**values: Any) -> None:
    """One line for the driver."""
    print(json.dumps(values), flush=True)


def serve(engine: Engine, **about: Any) -> None:
    """Answers until the driver closes standard input."""
    say(ready=True, **about)
    for line in sys.stdin:
        request = json.loads(line)
        picture = np.asarray(Image.open(request["picture"]).convert("RGB"))
        wall, cpu = perf_counter(), process_time()
        answer = engine(picture)
        wall, cpu = perf_counter() - wall, process_time() - cpu
        if request.get("map") and answer.map is not None:
            np.save(Path(request["map"]), answer.map)
        say(score=answer.score, seconds=wall, cpu_seconds=cpu, **(answer.more or {}))


def planes(picture: np.ndarray) -> np.ndarray:
    """What anomalib's exports take: 1×3×H×W floats, 0…1."""
    chw = np.ascontiguousarray(picture.transpose(2, 0, 1))
    return np.multiply(chw, np.float32(1 / 255), dtype=np.float32)[None]
