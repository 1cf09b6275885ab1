"""Full-catalogue ranking of bench against RecBole's full-sort evaluation: ``python -m benchmarks.ranking``.

The validation items of all users, encoder included. RecBole (in a process of its own, one waits while the
other computes) scores 4,096 users at a time, its default; bench counts places in pieces that fit the cache.
"""

from __future__ import annotations

import statistics
import tempfile
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from bench.processes import forget_peak_memory, peak_memory_mib
from benchmarks.cases import Case, Native, attention
from benchmarks.machine import torch_threads
from benchmarks.report import note, parser, require_recbole, show, spread, write
from benchmarks.rival import Rival
from benchmarks.shapes import LARGE, VIDEO_GAMES, generated

CASES = tuple(
    attention("SASRec", width=256, layers=4, heads=8, inner=256, data=generated(shape))
    for shape in (VIDEO_GAMES, LARGE)
)


@dataclass
class Comparison:
    """Seconds of an evaluation on both sides, and bench's memory beyond what lay there before, in MiB."""

    data: str
    users: int
    items: int
    threads: int
    model: str = "SASRec"
    scheme: str = ""
    recbole_s: list[float] = field(default_factory=list)
    bench_s: list[float] = field(default_factory=list)
    memory_mib: float = 0.0
    benchmark: str = "ranking"

    @property
    def speedup(self) -> float:
        """Ratio of the medians."""
        return statistics.median(self.recbole_s) / statistics.median(self.bench_s)

    def record(self) -> dict[str, Any]:
        """Plain values for JSON."""
        return asdict(self) | {"speedup": self.speedup}


def compare(
    case: Case, *, repetitions: int, threads: int, say: Callable[[str], None] = lambda text: None
) -> Comparison:
    """Time both sides in turns, ``repetitions`` evaluations each."""
    data = case.data.load()
    native = Native(case, data, "windows")
    found = Comparison(case.data.name, data.n_users, data.n_items, threads)
    with (
        torch_threads(threads),
        tempfile.TemporaryDirectory() as folder,
        Rival(case, data, threads, Path(folder)) as rival,
    ):
        for _ in range(repetitions):
            forget_peak_memory()
            before = peak_memory_mib()
            start = time.perf_counter()
            native.rank()
            found.bench_s.append(time.perf_counter() - start)
            found.memory_mib = max(found.memory_mib, peak_memory_mib() - before)
            found.recbole_s.append(rival.evaluate())
            say(f"{case.data.name}: bench {found.bench_s[-1]:.3g} s, RecBole {found.recbole_s[-1]:.3g} s")
    return found


def main() -> None:
    """Read the command line, compare, print."""
    options = parser("ranking", __doc__)
    options.add_argument("--repetitions", type=int, default=3, help="evaluations (default: 3)")
    chosen = options.parse_args()
    require_recbole(options)
    found = [
        compare(case, repetitions=1 if chosen.quick else chosen.repetitions, threads=chosen.threads, say=note)
        for case in (CASES[:1] if chosen.quick else CASES)
    ]
    rows = [
        [
            one.data, f"{one.users:,}", f"{one.items:,}", spread(one.recbole_s), spread(one.bench_s),
            f"{one.speedup:.1f}x", f"{one.memory_mib:.0f} MiB",
        ]
        for one in found
    ]  # fmt: skip
    columns = [
        "data",
        "users",
        "items",
        "RecBole, s",
        "bench, s",
        "speedup",
        "bench's memory beyond the model",
    ]
    show("Ranking the validation items of all users, SASRec", columns, rows)
    write(chosen.json, [one.record() for one in found])


if __name__ == "__main__":
    main()
