"""Programs that answer line by line, and what they take."""

import json
import os
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter
from typing import Any

THREAD_VARIABLES = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "RAYON_NUM_THREADS")
KIB_PER_MIB = 1024


def environment(threads: int) -> dict[str, str]:
    """Every pool of threads of the same size, no GPU, and no telemetry."""
    fixed = dict.fromkeys(THREAD_VARIABLES, str(threads)) | {"CUDA_VISIBLE_DEVICES": "", "ORT_DISABLE_TELEMETRY": "1"}
    return os.environ | fixed


@dataclass(frozen=True)
class Command:
    """How an engine is started, and how it is asked."""

    name: str
    arguments: list[str]
    plain: bool = False
    """Takes the path alone, as `cfa-run predict -` does, and says nothing before the first picture."""

    def request(self, picture: Path, map_file: Path | None = None) -> str:
        """The line that asks for one picture."""
        if self.plain:
            return f"{picture}\n"
        return json.dumps({"picture": str(picture), "map": str(map_file) if map_file else None}) + "\n"


class Worker:
    """A process that is asked line by line."""

    def __init__(self, command: Command, threads: int) -> None:
        self.command = command
        # A pipe that nobody reads would fill up and stop the worker.
        self.said = tempfile.TemporaryFile("w+")  # noqa: SIM115  (lives as long as the process)
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": self.said}
        self.process = subprocess.Popen(command.arguments, text=True, env=environment(threads), **pipes)
        self.about = {} if command.plain else self.line()

    def ask(self, picture: Path, map_file: Path | None = None) -> dict[str, Any]:
        """The answer for one picture, with the seconds from the request to the answer."""
        start = perf_counter()
        answer = self.exchange(self.command.request(picture, map_file))
        return answer | {"round_trip_seconds": perf_counter() - start}

    def exchange(self, request: str) -> dict[str, Any]:
        """The line that answers a line."""
        self.send(request)
        return self.line()

    def send(self, line: str) -> None:
        """Writes one line."""
        assert self.process.stdin
        try:
            self.process.stdin.write(line)
            self.process.stdin.flush()
        except BrokenPipeError:
            self.fail()

    def line(self) -> dict[str, Any]:
        """Reads one line."""
        assert self.process.stdout
        line = self.process.stdout.readline()
        if not line:
            self.fail()
        return json.loads(line)

    def fail(self) -> None:
        """Ends the bench with what the worker said last."""
        self.process.kill()
        self.process.wait()
        self.said.seek(0)
        said = self.said.read()[-2000:]
        raise SystemExit(f"{self.command.name} ended early: {' '.join(self.command.arguments)}\n{said}")

    def peak_mib(self) -> float:
        """Most memory that the process ever had resident."""
        return peak_mib(self.process.pid)

    def close(self) -> None:
        """Lets the process end by itself."""
        self.process.communicate()
        self.said.close()


def peak_mib(pid: int) -> float:
    """Most memory that a running process ever had resident."""
    status = Path(f"/proc/{pid}/status").read_text()
    line = next(line for line in status.splitlines() if line.startswith("VmHWM"))
    return int(line.split()[1]) / KIB_PER_MIB


def cpu_seconds(pid: int) -> float:
    """Processor time that all threads of a running process have used."""
    after_name = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return sum(int(after_name[field]) for field in (11, 12)) / os.sysconf("SC_CLK_TCK")


def cold_start(command: Command, picture: Path, threads: int) -> float:
    """Seconds from the start of the process to the result of one picture."""
    start = perf_counter()
    worker = Worker(command, threads)
    worker.ask(picture)
    seconds = perf_counter() - start
    worker.close()
    return seconds
