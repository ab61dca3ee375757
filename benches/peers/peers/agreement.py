"""How far the maps and scores of two engines are apart."""

import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np


@dataclass
class Opinion:
    """Score and map of one picture."""

    score: float
    map: np.ndarray

    @classmethod
    def of(cls, answer: dict[str, Any], map_file: Path) -> "Opinion | None":
        """As a worker gave them; `None` of a worker without maps."""
        return cls(answer["score"], np.load(map_file).squeeze()) if map_file.exists() else None


def difference(ours: list[Opinion], theirs: list[Opinion]) -> dict[str, Any]:
    """The largest differences over all pictures, relative to the maximum of their map; NaN is counted, not compared."""
    pairs = list(zip(ours, theirs, strict=True))
    finite = [pair for pair in pairs if all(math.isfinite(opinion.score) for opinion in pair)]
    return {
        "pictures": len(pairs),
        "map": max((map_difference(*pair) for pair in pairs), default=None),
        "score": max((abs(a.score - b.score) / np.nanmax(b.map).item() for a, b in finite), default=None),
        "not_finite": sum(int((~np.isfinite(a.map)).sum()) for a in ours),
    }


def map_difference(a: Opinion, b: Opinion) -> float:
    """Of one picture; 0 where nothing can be compared."""
    apart = np.abs(a.map.astype(np.float64) - b.map)
    return float(np.nanmax(apart, initial=0.0) / np.nanmax(b.map))
