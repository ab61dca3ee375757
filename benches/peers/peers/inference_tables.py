"""The tables of `inference.py`."""

from typing import Any

from . import machine, report


def text(everything: dict[str, Any]) -> str:
    """All tables."""
    asked = everything["settings"]
    parts = [
        f"{report.headline(asked)}, batch 1; pictures handed in in {asked['pictures_size']} size; "
        f"{asked['rounds']} interleaved rounds.",
        machine.sentence(everything["machine"]),
        times(everything["engines"]),
        stages(everything["engines"]),
        starts(everything["cold_start"]),
        agreements(everything["agreement"]),
        *everything["notes"],
    ]
    return "\n\n".join(part for part in parts if part)


def times(found: dict[str, Any]) -> str:
    """Decoded picture to score and map."""
    head = ["decoded picture to score and map", "median ms", "min ms", "CPU ms"]
    head += ["of the best f32 peer", "paired", "by min", "by CPU", "peak RSS MiB"]
    rows = []
    for name, engine in found.items():
        label = f"{name} (best peer)" if engine.get("best_peer") else name
        row = [report.number(engine.get(key)) for key in ("median_ms", "min_ms", "cpu_ms")]
        keys = ("of_best_peer", "of_best_peer_paired", "of_best_peer_min", "of_best_peer_cpu")
        row += [report.number(engine.get(key), 3) for key in keys]
        rows.append([label, *row, report.number(engine["peak_mib"], 0)])
    return report.table(head, rows)


def stages(found: dict[str, Any]) -> str:
    """Where our time goes."""
    engines_ = {name: engine["stages_ms"] for name, engine in found.items() if "stages_ms" in engine}
    names = ["decode", "preprocess", "network", "neighbors", "map"]
    rows = [[name, *(report.number(of.get(stage), 2) for stage in names)] for name, of in engines_.items()]
    return report.table(["median ms of each stage", *names], rows)


def starts(found: dict[str, Any]) -> str | None:
    """Process start to result."""
    rows = [[name, report.number(of["median"], 2), report.number(min(of["seconds"]), 2)] for name, of in found.items()]
    return report.table(["process start to first result", "median s", "min s"], rows) if rows else None


def agreements(found: dict[str, Any] | None) -> str | None:
    """Largest differences."""
    if not found:
        return None
    head = [
        "largest difference, relative to the map's maximum",
        "map to f64",
        "score to f64",
        "map to ours",
        "NaN pixels",
    ]
    rows = []
    for name, exact in found["against_f64"].items():
        between = found["ours_against"].get(name, {})
        row = [name, report.small(exact["map"]), report.small(exact["score"]), report.small(between.get("map"))]
        rows.append([*row, str(exact["not_finite"])])
    return report.table(head, rows)
