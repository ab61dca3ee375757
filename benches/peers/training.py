"""Seconds of an epoch of CFA training: anomalib's and ours, turn by turn.

See README.md for what is measured and how to read it.
"""

import argparse
import statistics
from pathlib import Path
from typing import Any

from peers import engines, machine, options, pictures, report
from peers.engines import say
from peers.our_training import OurTraining
from peers.process import Command, Worker, cpu_seconds

WHOLE_TRAINING = 30
PEER = "anomalib"
OURS = "cfa-train fit"


def arguments() -> argparse.Namespace:
    """The command line."""
    parser = options.parser(__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=3, help="timed turns of each")
    parser.add_argument("--ours-per-turn", type=int, default=4, help="epochs of ours for one of anomalib")
    parser.add_argument("--warm-up", type=int, default=1, help="turns before that")
    return options.parsed(parser, "cfa-train")


def main() -> None:
    """Weights, preparation, rounds, table."""
    asked = arguments()
    asked.work.mkdir(parents=True, exist_ok=True)
    about = machine.description()
    data = options.data(asked)
    folder = engines.weights(asked, data)
    good = pictures.copied(pictures.good(data, asked.train_pictures), folder.path / "good")
    found = measured(asked, good, folder.weights)
    about["load_after"] = machine.load()
    everything = {"machine": about, "settings": options.told(asked), "trainings": found}
    name = f"training_{asked.backbone}_{asked.size}_{asked.threads}_threads"
    report.write(asked.work / "results", name, everything, text(everything))


def measured(asked: argparse.Namespace, good: Path, weights: Path) -> dict[str, Any]:
    """Both prepare, then an epoch of one follows an epoch of the other."""
    turns = asked.warm_up + asked.rounds
    epochs = turns * asked.ours_per_turn + 1  # one more than it gets to, so that it never ends by itself
    say("cfa-train: features and memory bank")
    ours = OurTraining(asked, good, weights, epochs)
    try:
        ours_ready = ours.until("memory_bank")["seconds"]
        say("anomalib: memory bank")
        peer = Worker(peer_command(asked, good, weights), asked.threads)
        peer_ready = peer.exchange("bank\n")["seconds"]
        pairs = [both(peer, ours, number, asked.ours_per_turn) for number in range(turns)][asked.warm_up :]
        found = {
            PEER: figures(peer_ready, [pair[0] for pair in pairs], peer.peak_mib()),
            OURS: figures(ours_ready, [pair[1] for pair in pairs], ours.peak_mib()),
        }
        peer.close()
    finally:
        ours.close()
    return found


def peer_command(asked: argparse.Namespace, good: Path, weights: Path) -> Command:
    """anomalib's training as a process."""
    model = ("--backbone", asked.backbone, "--size", asked.size, "--weights", weights)
    return Command(PEER, engines.script("train_anomalib.py", *model, "--data", good, "--threads", asked.threads))


def both(peer: Worker, ours: OurTraining, number: int, times: int) -> tuple[dict[str, Any], dict[str, Any]]:
    """One epoch of the peer, some of ours."""
    before = cpu_seconds(peer.process.pid)
    theirs = peer.exchange("epoch\n")
    theirs["cpu_seconds"] = cpu_seconds(peer.process.pid) - before
    pair = theirs, ours.until("epoch", times)
    say(f"turn {number + 1}: {pair[0]['seconds']:.2f} and {pair[1]['seconds']:.2f} s per epoch")
    return pair


def figures(ready: float, epochs: list[dict[str, Any]], peak: float) -> dict[str, Any]:
    """What is told of one training."""
    seconds = [epoch["seconds"] for epoch in epochs]
    median = statistics.median(seconds)
    return {
        "preparation_s": ready,
        "epochs_s": seconds,
        "epochs_cpu_s": [epoch["cpu_seconds"] for epoch in epochs],
        "losses": [epoch["loss"] for epoch in epochs],
        "median_s": median,
        "whole_training_s": ready + WHOLE_TRAINING * median,
        "peak_mib": peak,
    }


def text(everything: dict[str, Any]) -> str:
    """The table, and the ratios."""
    asked, found = everything["settings"], everything["trainings"]
    head = ["training", "preparation s", "median s per epoch", "min s", "min CPU s"]
    head += [f"{WHOLE_TRAINING} epochs s", "last loss", "peak RSS MiB"]
    rows = [[name, *cells(training)] for name, training in found.items()]
    head_line = f"{report.headline(asked)}; at most {asked['train_pictures']} pictures, batch 4."
    return "\n\n".join([head_line, machine.sentence(everything["machine"]), report.table(head, rows), ratios(found)])


def cells(training: dict[str, Any]) -> list[str]:
    """One row."""
    epochs = [training["median_s"], min(training["epochs_s"]), min(training["epochs_cpu_s"])]
    seconds = [training["preparation_s"], *epochs, training["whole_training_s"]]
    rest = [report.number(training["losses"][-1]), report.number(training["peak_mib"], 0)]
    return [*(report.number(value, 2) for value in seconds), *rest]


def ratios(found: dict[str, Any]) -> str:
    """How many times faster ours is."""
    peer, ours = found[PEER], found[OURS]
    pairs = zip(peer["epochs_s"], ours["epochs_s"], strict=True)
    paired = statistics.median(theirs / mine for theirs, mine in pairs)
    epoch = peer["median_s"] / ours["median_s"]
    whole = peer["whole_training_s"] / ours["whole_training_s"]
    return (
        f"An epoch of ours is {epoch:.1f} times faster by medians, {paired:.1f} times by pairs, "
        f"{min(peer['epochs_s']) / min(ours['epochs_s']):.1f} times by the fastest, "
        f"{min(peer['epochs_cpu_s']) / min(ours['epochs_cpu_s']):.1f} times by processor time; "
        f"{WHOLE_TRAINING} epochs with preparation {whole:.1f} times."
    )


if __name__ == "__main__":
    main()
