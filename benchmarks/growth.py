"""Time and memory of SASRec as the data and the model grow: ``python -m benchmarks.growth``.

Users, items, length of histories and width d grow up to fourfold, one at a time. Each point trains in a
process of its own, so that its memory is its own. ``--plot FILE`` draws the table.
"""

from __future__ import annotations

import math
import statistics
import time
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass, field, replace
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import torch

from bench.data.made_up import Shape
from bench.figures import style
from bench.processes import peak_memory_mib
from benchmarks.cases import Native, attention
from benchmarks.report import note, parser, show, spread, write
from benchmarks.shapes import generated

FACTORS = (1, 2, 4)
AXES = ("users", "items", "length", "d")

# How time should grow with each, as a power: of the products, those with the items grow with users * length *
# items * d, those of the blocks with users * length * d^2, the attention with users * length^2 * d.
EXPECTED = {
    "users": "1",
    "items": "below 1: the blocks do not grow",
    "length": "1, a little more for attention",
    "d": "below 2: exponentials and dropout of scores do not grow",
}


@dataclass(frozen=True)
class Size:
    """A dataset and a width; users have ``length`` training items on average, at most twice as many count."""

    users: int = 6_000
    items: int = 4_000
    length: int = 10
    d: int = 64

    def grown(self, axis: str, factor: int) -> Size:
        """The same with one of the sizes multiplied."""
        return replace(self, **{axis: getattr(self, axis) * factor})


@dataclass
class Point:
    """Seconds per epoch of training and ranking, one per repetition, and the peak memory of the process."""

    axis: str
    factor: int
    size: Size
    threads: int
    train_s: list[float] = field(default_factory=list)
    rank_s: list[float] = field(default_factory=list)
    memory_mib: float = 0.0

    def record(self) -> dict[str, Any]:
        """Plain values for JSON."""
        return {"benchmark": "growth", "data": "generated", "model": "SASRec", "scheme": "windows"} | asdict(
            self
        )


def measure(axis: str, factor: int, size: Size, repetitions: int, threads: int) -> Point:
    """Train and rank at one size, after one untimed round; for a process that does nothing else."""
    torch.set_num_threads(threads)
    shape = Shape("growth", size.users, size.items, size.users * (size.length + 2))
    case = attention("SASRec", size.d, 2, 2, size.d, data=generated(shape), max_length=2 * size.length)
    native = Native(case, case.data.load(), "windows")
    point = Point(axis, factor, size, threads)
    for repetition in range(repetitions + 1):
        start = time.perf_counter()
        native.epoch()
        trained = time.perf_counter()
        native.rank()
        if repetition:
            point.train_s.append(trained - start)
            point.rank_s.append(time.perf_counter() - trained)
    point.memory_mib = peak_memory_mib()
    return point


def points(repetitions: int, threads: int) -> list[Point]:
    """Every size, each in a new process."""
    found = []
    with ProcessPoolExecutor(1, mp_context=get_context("spawn"), max_tasks_per_child=1) as pool:
        for axis in AXES:
            for factor in FACTORS:
                size = Size().grown(axis, factor)
                found.append(pool.submit(measure, axis, factor, size, repetitions, threads).result())
                note(f"{axis} x {factor}: {spread(found[-1].train_s)} s")
    return found


def power(points_of_axis: list[Point]) -> float:
    """b in time = a * factor^b, from the first to the last point."""
    first, last = points_of_axis[0], points_of_axis[-1]
    ratio = statistics.median(last.train_s) / statistics.median(first.train_s)
    return math.log(ratio) / math.log(last.factor / first.factor)


def draw(found: list[Point], file: Path) -> None:
    """Time, as a multiple of the smallest size's, and memory against the factor, a line per axis."""
    with style.look():
        figure, [[left, right]] = style.panels(1, 2, height=2.8)
        colours, markers = style.colours(AXES), style.markers(AXES)
        for axis in AXES:
            own = [point for point in found if point.axis == axis]
            factors = [point.factor for point in own]
            times = [statistics.median(point.train_s) for point in own]
            look = {"color": colours[axis], "marker": markers[axis]}
            left.plot(factors, [time / times[0] for time in times], label=axis, **look)
            right.plot(factors, [point.memory_mib for point in own], **look)
        left.plot(FACTORS, FACTORS, color=style.QUIET, linestyle=":", label="linear")
        left.set(xscale="log", yscale="log", ylabel="time of a training epoch")
        right.set(xscale="log", ylabel="peak memory of the process, MiB", ylim=(0, None))
        for panel in (left, right):
            panel.minorticks_off()
            panel.set_xticks(FACTORS, [f"x{factor}" for factor in FACTORS])
            panel.set_xlabel("growth of one size, the others fixed")
        left.set_yticks(FACTORS, [f"x{factor}" for factor in FACTORS])
        left.legend()
        style.save_as(figure, file)


def main() -> None:
    """Read the command line, measure, print and draw."""
    options = parser("growth", __doc__)
    options.add_argument("--repetitions", type=int, default=3, help="epochs of each (default: 3)")
    options.add_argument("--plot", type=Path, metavar="FILE", help="draw the table (png, svg or pdf)")
    chosen = options.parse_args()
    found = points(1 if chosen.quick else chosen.repetitions, chosen.threads)
    rows = []
    for axis in AXES:
        own = [point for point in found if point.axis == axis]
        for point in own:
            ends = (f"{power(own):.2f}", EXPECTED[axis]) if point is own[-1] else ("", "")
            rows.append(
                [
                    axis, f"{getattr(point.size, axis):,}", spread(point.train_s), spread(point.rank_s),
                    f"{point.memory_mib:.0f}", *ends,
                ]
            )  # fmt: skip
    columns = ["grows", "to", "training, s", "ranking, s", "memory, MiB", "power of time", "expected"]
    show("SASRec in windows, an epoch", columns, rows)
    write(chosen.json, [point.record() for point in found])
    if chosen.plot:
        draw(found, chosen.plot)


if __name__ == "__main__":
    main()
