"""What running many cells costs beside the cells themselves: ``python -m benchmarks.suites``.

Three questions, each answered by running the command as a user does, in processes of its own:

- throughput: ``suites/quickstart.yaml`` with one worker and with two, a thread each;
- overhead: suites of cells that compute next to nothing, so that what more of them take is the harness;
- no-op: a suite of 200 finished runs asked for again.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from benchmarks.report import note, parser, show, spread, write

QUICKSTART = Path(__file__).resolve().parents[1] / "suites" / "quickstart.yaml"
FEW, MANY, FINISHED = 20, 100, 200

CELLS = """\
suite: cells
datasets:
  - {{name: toyshop, users: 60, items: 40, seed: 1}}
seeds: {seeds}
metrics: [NDCG@10]
models: [LastItem]
"""


class Workplace:
    """A folder with its own results and home, in which bench is run.

    Args:
        folder: empty.
        quick: take of quickstart the toyshop alone.
    """

    def __init__(self, folder: Path, quick: bool) -> None:
        self._folder = folder
        self._environment = {**os.environ, "BENCH_HOME": str(folder / "home"), "OMP_NUM_THREADS": "1"}
        self._part = ["--dataset", "toyshop"] if quick else []

    def quickstart(self, jobs: int, number: int) -> float:
        """Seconds of all cells of quickstart, computed anew."""
        return self._run(str(QUICKSTART), *self._part, "--results", f"q{number}-{jobs}", "--jobs", str(jobs))

    def prepare_quickstart(self) -> None:
        """Fill the home with data and features, so that the first timed run does not pay for them."""
        self._run(str(QUICKSTART), *self._part, "--model", "LastItem", "--results", "warm", "--jobs", "1")

    def cells(self, count: int, results: str) -> float:
        """Seconds of a suite of so many cells of next to no work, with one worker."""
        suite = self._folder / f"cells{count}.yaml"
        suite.write_text(CELLS.format(seeds=list(range(1, count + 1))), encoding="utf-8")
        return self._run(suite.name, "--results", results, "--jobs", "1")

    def _run(self, *words: str) -> float:
        start = time.perf_counter()
        done = subprocess.run(
            [sys.executable, "-m", "bench", "run", *words],
            cwd=self._folder,
            env=self._environment,
            capture_output=True,
            text=True,
        )
        if done.returncode:
            raise RuntimeError(f"bench run {' '.join(words)} ended with {done.returncode}:\n{done.stderr}")
        return time.perf_counter() - start


def throughput(place: Workplace, repetitions: int) -> dict[str, Any]:
    """Seconds of quickstart with one and two workers, in turns."""
    place.prepare_quickstart()
    times: dict[int, list[float]] = {1: [], 2: []}
    for number in range(repetitions):
        for jobs, seconds in times.items():
            seconds.append(place.quickstart(jobs, number))
            note(f"quickstart --jobs {jobs}: {seconds[-1]:.1f} s")
    ratio = statistics.median(times[1]) / statistics.median(times[2])
    return {"benchmark": "suites: throughput", "data": "quickstart", "speedup": ratio,
            "one_worker_s": times[1], "two_workers_s": times[2]}  # fmt: skip


def overhead(place: Workplace, repetitions: int) -> dict[str, Any]:
    """Seconds that a cell of next to no work adds, and seconds of a suite with nothing to do."""
    place.cells(FEW, "warm")
    per_cell, nothing = [], []
    for number in range(repetitions):
        few, many = place.cells(FEW, f"few{number}"), place.cells(MANY, f"many{number}")
        per_cell.append((many - few) / (MANY - FEW))
        note(f"{FEW} cells {few:.1f} s, {MANY} cells {many:.1f} s")
    place.cells(FINISHED, "finished")
    for _ in range(repetitions):
        nothing.append(place.cells(FINISHED, "finished"))
        note(f"{FINISHED} finished runs again: {nothing[-1]:.2f} s")
    return {"benchmark": "suites: overhead", "data": "toyshop", "per_cell_s": per_cell, "no_op_s": nothing}


def main() -> None:
    """Read the command line, measure, print."""
    options = parser("suites", __doc__)
    options.add_argument("--repetitions", type=int, default=2, help="of each (default: 2)")
    chosen = options.parse_args()
    repetitions = 1 if chosen.quick else chosen.repetitions
    with tempfile.TemporaryDirectory() as folder:
        place = Workplace(Path(folder), chosen.quick)
        cells = overhead(place, repetitions)
        many = throughput(place, repetitions)
    show(
        "Many runs",
        ["what", "measured"],
        [
            ["quickstart, one worker, s", spread(many["one_worker_s"])],
            ["quickstart, two workers, s", spread(many["two_workers_s"])],
            ["throughput of two", f"{many['speedup']:.2f}x"],
            ["harness, s per cell", spread(cells["per_cell_s"])],
            [f"{FINISHED} finished runs again, s", spread(cells["no_op_s"])],
        ],
    )
    write(chosen.json, [many, cells])


if __name__ == "__main__":
    main()
