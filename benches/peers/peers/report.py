"""Figures as tables for people, and as JSON."""

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any


def table(head: list[str], rows: Iterable[list[str]]) -> str:
    """A Markdown table; all but the first column are numbers."""
    rule = ["---", *["---:"] * (len(head) - 1)]
    return "\n".join("| " + " | ".join(cells) + " |" for cells in [head, rule, *rows])


def headline(asked: dict[str, Any]) -> str:
    """What was run on what."""
    weights = asked["weights"] or "seeded random weights"
    data = asked["data"] or "drawn pictures"
    shape = f"{asked['size']}×{asked['size']}"
    return f"**{asked['backbone']}, {shape}, {asked['threads']} threads**, float32; {weights}; {data}"


def number(value: float | None, digits: int = 1) -> str:
    """A figure, or a dash where there is none."""
    return "–" if value is None else f"{value:.{digits}f}"


def small(value: float | None) -> str:
    """A relative difference."""
    return "–" if value is None else f"{value:.1e}"


def write(folder: Path, name: str, figures: dict[str, Any], text: str) -> None:
    """Both forms side by side; the text goes to standard output too."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{name}.json").write_text(json.dumps(figures, indent=1) + "\n")
    (folder / f"{name}.md").write_text(text + "\n")
    print(text, flush=True)
