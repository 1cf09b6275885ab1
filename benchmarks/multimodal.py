"""What MAF costs beside SASRec in the same engine: ``python -m benchmarks.multimodal``.

Both at the paper's sizes and Video Games shape; MAF reads image (4,096-d), text (768-d) and 200 categories,
with its auxiliary tasks. Epochs take turns.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from typing import Any

from benchmarks.cases import PAPER, Native, dense_features, label_features
from benchmarks.machine import torch_threads
from benchmarks.report import note, parser, show, spread, write

FUSIONS = ("sum", "concat", "gate")
MULTIMODAL_SIZE = 256


@dataclass
class Cost:
    """Seconds per epoch of one model, and of SASRec in the same rounds."""

    model: str
    threads: int
    bench_s: list[float] = field(default_factory=list)
    sasrec_s: list[float] = field(default_factory=list)
    data: str = "VideoGames shape"
    scheme: str = "windows"
    benchmark: str = "multimodal"

    @property
    def ratio(self) -> float:
        """Median time over SASRec's."""
        return statistics.median(self.bench_s) / statistics.median(self.sasrec_s)

    def record(self) -> dict[str, Any]:
        """Plain values for JSON; the speedup is SASRec's time over this model's."""
        return asdict(self) | {"speedup": 1 / self.ratio}


def measure(
    *, repetitions: int, threads: int, warm_up: bool, say: Callable[[str], None] = lambda text: None
) -> list[Cost]:
    """Epochs of SASRec and of MAF with each fusion, in turns."""
    case = PAPER[0]
    data = case.data.load()
    features = (
        dense_features("image", data.n_items, 4096),
        dense_features("text", data.n_items, 768),
        label_features(data.n_items),
    )
    sides = {"SASRec": Native(case, data, "windows")}
    for fusion in FUSIONS:
        settings = {**case.settings, "fusion": fusion, "multimodal_size": MULTIMODAL_SIZE}
        sides[f"MAF {fusion}"] = Native(
            case, data, "windows", model="MAF", settings=settings, features=features
        )
    times: dict[str, list[float]] = {name: [] for name in sides}
    with torch_threads(threads):
        for repetition in range(repetitions + warm_up):
            for name, side in sides.items():
                start = time.perf_counter()
                side.epoch()
                if repetition >= warm_up:
                    times[name].append(time.perf_counter() - start)
                    say(f"{name}: {times[name][-1]:.3g} s per epoch")
    return [Cost(name, threads, seconds, times["SASRec"]) for name, seconds in times.items()]


def main() -> None:
    """Read the command line, measure, print."""
    options = parser("multimodal", __doc__)
    options.add_argument("--repetitions", type=int, default=5, help="epochs of each (default: 5)")
    chosen = options.parse_args()
    found = measure(
        repetitions=1 if chosen.quick else chosen.repetitions,
        threads=chosen.threads,
        warm_up=not chosen.quick,
        say=note,
    )
    rows = [[one.model, spread(one.bench_s), f"{one.ratio:.2f}"] for one in found]
    show("One epoch, VideoGames shape, windows", ["model", "seconds", "of SASRec's"], rows)
    write(chosen.json, [one.record() for one in found])


if __name__ == "__main__":
    main()
