"""Time from the decoded picture to score and map: anomalib's exports and ours, turn by turn.

See README.md for what is measured and how to read it.
"""

import argparse
import statistics
import time
from pathlib import Path
from typing import Any

from peers import engines, inference_tables, machine, options, pictures, report
from peers.agreement import Opinion, difference
from peers.engines import BACKBONE, F32_PEERS, OURS, REFERENCE, Folder, say
from peers.process import Command, Worker, cold_start

MILLI = 1000.0
DECODE = "decode"


def arguments() -> argparse.Namespace:
    """The command line."""
    parser = options.parser(__doc__.splitlines()[0])
    parser.add_argument("--pictures", type=int, default=10, help="how many different pictures are scored")
    parser.add_argument(
        "--pictures-size", choices=("network", "original"), default="network", help="what is handed over"
    )
    parser.add_argument("--rounds", type=int, default=30, help="timed pictures of each engine")
    parser.add_argument("--in-a-row", type=int, default=1, help="timed pictures of an engine in its turn, after one untimed")
    parser.add_argument("--warm-up", type=int, default=4, help="pictures before that")
    parser.add_argument("--pause", type=float, default=0.05, help="seconds between two pictures; threads come to rest")
    parser.add_argument("--cold-starts", type=int, default=3, help="process starts of each engine; 0: none")
    parser.add_argument("--agreement", type=int, default=3, help="pictures whose maps are compared with float64")
    parser.add_argument("--model-epochs", type=int, default=2, help="epochs that the model is trained for")
    parser.add_argument("--torch", action="store_true", help="time anomalib in PyTorch too")
    parser.add_argument("--openvino-default", action="store_true", help="time OpenVINO's own choice of precision too")
    return options.parsed(parser, "cfa-run", "cfa-train", "libcfa.so")


def main() -> None:
    """Model, pictures, rounds, tables."""
    asked = arguments()
    about = machine.description()
    data = options.data(asked)
    folder = engines.model(asked, data)
    good = pictures.copied(pictures.good(data, asked.train_pictures), folder.path / "good")
    engines.imported(folder, asked, good)
    chosen = inputs(asked, data, folder)
    engines.prepared(folder, asked, chosen[0])
    commands, notes = compared(asked, folder)
    figures = rounds(asked, commands, chosen)
    cold = cold_starts(asked, folder, commands, chosen[0])
    agreements = agreement(asked, folder, commands, chosen)
    about["load_after"] = machine.load()
    everything = {"machine": about, "settings": options.told(asked), "engines": figures, "cold_start": cold}
    everything |= {"agreement": agreements, "notes": notes}
    name = f"inference_{asked.backbone}_{asked.size}_{asked.pictures_size}_{asked.threads}_threads"
    report.write(asked.work / "results", name, everything, inference_tables.text(everything))


def inputs(asked: argparse.Namespace, data: Path, folder: Folder) -> list[Path]:
    """The pictures to score, in the size asked for."""
    chosen = pictures.scored(data, asked.pictures)
    if asked.pictures_size == "original":
        return chosen
    return pictures.resized(chosen, folder.path / "pictures", asked.size)


def compared(asked: argparse.Namespace, folder: Folder) -> tuple[list[Command], list[str]]:
    """All engines, and what has to be said of them."""
    commands = [*engines.peers(folder, asked), engines.library(folder, asked)]
    notes = []
    if engines.reads_standard_input(asked):
        commands.append(engines.program(folder, asked))
    else:
        notes.append("this cfa-run takes no paths on standard input: only its start is measured")
    if asked.pictures_size == "network":
        commands.append(engines.backbone(folder, asked))
    return commands, notes


def rounds(asked: argparse.Namespace, commands: list[Command], chosen: list[Path]) -> dict[str, Any]:
    """One picture of each engine, or a few in a row, then the next; who begins changes."""
    workers = [Worker(command, asked.threads) for command in commands]
    answers: dict[str, list[dict[str, Any]]] = {command.name: [] for command in commands}
    say(f"{asked.warm_up} + {asked.rounds} rounds of {len(workers)} engines")
    for number in range(asked.warm_up + asked.rounds):
        for turn in range(len(workers)):
            worker = workers[(number + turn) % len(workers)]
            time.sleep(asked.pause)
            if asked.in_a_row > 1:
                worker.ask(chosen[number % len(chosen)])
            series = [chosen[(number + place) % len(chosen)] for place in range(asked.in_a_row)]
            given = [worker.ask(picture) for picture in series]
            if number >= asked.warm_up:
                answers[worker.command.name] += given
    peaks = {worker.command.name: worker.peak_mib() for worker in workers}
    versions = {worker.command.name: worker.about.get("version") for worker in workers}
    for worker in workers:
        worker.close()
    return compare({name: figures(found) for name, found in answers.items()}, peaks, versions)


def figures(answers: list[dict[str, Any]]) -> dict[str, Any]:
    """The times of one engine, milliseconds."""
    found: dict[str, Any] = {"times_ms": [milliseconds(answer) for answer in answers]}
    found["round_trip_ms"] = statistics.median(answer["round_trip_seconds"] for answer in answers) * MILLI
    if "cpu_seconds" in answers[0]:
        found["cpu_ms"] = statistics.median(answer["cpu_seconds"] for answer in answers) * MILLI
    if "milliseconds" in answers[0]:
        stages = {stage for stage in answers[0]["milliseconds"] if stage != "total"}
        found["stages_ms"] = {
            stage: statistics.median(answer["milliseconds"][stage] for answer in answers) for stage in sorted(stages)
        }
    return found


def milliseconds(answer: dict[str, Any]) -> float:
    """From the decoded picture to score and map: as the worker timed it, else the sum of cfa-run's stages."""
    if "seconds" in answer:
        return answer["seconds"] * MILLI
    stages = answer["milliseconds"]
    return sum(value for stage, value in stages.items() if stage not in (DECODE, "total"))


def compare(found: dict[str, Any], peaks: dict[str, float], versions: dict[str, str | None]) -> dict[str, Any]:
    """Adds what is told of each engine in the table; ratios are to the float32 peer with the lowest median."""
    for name, engine in found.items():
        times = engine["times_ms"]
        engine |= {"median_ms": statistics.median(times), "min_ms": min(times), "peak_mib": peaks[name]}
        engine |= {"version": versions[name]}
    best = min((name for name in found if name in F32_PEERS), key=lambda name: found[name]["median_ms"])
    for engine in found.values():
        pairs = zip(engine["times_ms"], found[best]["times_ms"], strict=True)
        engine["of_best_peer"] = engine["median_ms"] / found[best]["median_ms"]
        engine["of_best_peer_min"] = engine["min_ms"] / found[best]["min_ms"]
        if "cpu_ms" in engine:
            engine["of_best_peer_cpu"] = engine["cpu_ms"] / found[best]["cpu_ms"]
        engine["of_best_peer_paired"] = statistics.median(mine / theirs for mine, theirs in pairs)
    found[best]["best_peer"] = True
    return found


def cold_starts(asked: argparse.Namespace, folder: Folder, commands: list[Command], picture: Path) -> dict[str, Any]:
    """Start of the process to the first result, turn by turn; files are in the system's cache."""
    starting = [command for command in commands if command.name != BACKBONE and not command.plain]
    starting.append(engines.program(folder, asked, picture))
    seconds: dict[str, list[float]] = {command.name: [] for command in starting}
    say(f"{asked.cold_starts} cold starts of {len(starting)} engines")
    for _ in range(asked.cold_starts):
        for command in starting:
            time.sleep(asked.pause)
            seconds[command.name].append(cold_start(command, picture, asked.threads))
    return {name: {"seconds": found, "median": statistics.median(found)} for name, found in seconds.items() if found}


def agreement(
    asked: argparse.Namespace, folder: Folder, commands: list[Command], chosen: list[Path]
) -> dict[str, Any] | None:
    """Every engine with maps against anomalib's model in float64, and ours against each peer."""
    if not asked.agreement or asked.pictures_size != "network":
        return None
    say(f"agreement on {asked.agreement} pictures, with float64")
    asked_of = [command for command in commands if command.name != BACKBONE and not command.plain]
    asked_of.append(engines.reference(folder, asked))
    found = {command.name: opinions(command, asked, folder, chosen) for command in asked_of}
    exact, ours = found.pop(REFERENCE), found[f"{OURS}, libcfa"]
    against = {name: difference(theirs, exact) for name, theirs in found.items()}
    between = {name: difference(ours, theirs) for name, theirs in found.items() if theirs is not ours}
    return {"against_f64": against, "ours_against": between}


def opinions(command: Command, asked: argparse.Namespace, folder: Folder, chosen: list[Path]) -> list[Opinion]:
    """Scores and maps of the first pictures."""
    worker = Worker(command, asked.threads)
    file = folder.path / "map.npy"
    found = []
    for picture in chosen[: asked.agreement]:
        file.unlink(missing_ok=True)
        opinion = Opinion.of(worker.ask(picture, file), file)
        found += [opinion] if opinion else []
    worker.close()
    return found


if __name__ == "__main__":
    main()
