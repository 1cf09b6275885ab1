"""Training speed of bench against stock RecBole, per target: ``python -m benchmarks.training``.

RecBole trains a row per target, padded to the maximum length; bench one packed row for all targets of a
user, which gives the same loss and gradients (tests/training/test_batches.py), so seconds per target compare.
Steps of RecBole (in a process of its own, one waits while the other computes) and epochs of bench take turns,
so that whatever else the machine does meets both.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import os
import statistics
import tempfile
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Literal

import torch
from rich.console import Console
from rich.table import Table

from bench.data.prepared import TrainingData
from bench.models.base import ModelContext, SequentialModel
from bench.models.building import build
from bench.results.provenance import cpu_model, version
from bench.suite.settings import EvaluationSettings, TrainingSettings
from bench.training.loop import Job, train
from benchmarks.rival import Rival
from benchmarks.shapes import VIDEO_GAMES, Shape, generate

Scheme = Literal["windows", "prefixes"]
SCHEMES: tuple[Scheme, ...] = ("windows", "prefixes")
LEARNING_RATE = 1e-3


@dataclass(frozen=True)
class Case:
    """A model as both sides have it.

    Attributes:
        model: its name, the same in bench and in RecBole.
        settings: bench's; dropout is both sides' default.
        options: the settings by RecBole's names.
        shape: of the data.
        max_length: longest history.
        batch_size: targets per step.
    """

    model: str
    settings: dict[str, Any]
    options: dict[str, Any]
    shape: Shape = VIDEO_GAMES
    max_length: int = 50
    batch_size: int = 2048

    def stock_options(self) -> dict[str, Any]:
        """All that RecBole is told of the training."""
        return self.options | {
            "MAX_ITEM_LIST_LENGTH": self.max_length,
            "train_batch_size": self.batch_size,
            "learning_rate": LEARNING_RATE,
        }


def sasrec(width: int, layers: int, heads: int, inner: int, **data: Any) -> Case:
    """SASRec of the given sizes."""
    return Case(
        model="SASRec",
        settings={"hidden_size": width, "layers": layers, "heads": heads, "inner_size": inner},
        options={"hidden_size": width, "n_layers": layers, "n_heads": heads, "inner_size": inner},
        **data,
    )


CASES: tuple[Case, ...] = (sasrec(width=256, layers=4, heads=8, inner=256),)


@dataclass
class Comparison:
    """Seconds per 1,000 targets of both sides, one number per repetition, and what they are of."""

    data: str
    model: str
    scheme: Scheme
    targets_per_epoch: int
    threads: int
    recbole_s: list[float] = field(default_factory=list)
    bench_s: list[float] = field(default_factory=list)
    benchmark: str = "training"

    @property
    def speedup(self) -> float:
        """Ratio of the medians."""
        return statistics.median(self.recbole_s) / statistics.median(self.bench_s)

    def record(self) -> dict[str, Any]:
        """Plain values for JSON."""
        return asdict(self) | {"speedup": self.speedup, "machine": machine()}


def compare(
    case: Case,
    *,
    repetitions: int,
    threads: int,
    warm_up: bool = True,
    note: Callable[[str], None] = lambda text: None,
) -> list[Comparison]:
    """Time both sides in turns.

    Args:
        case: what to train.
        repetitions: steps of RecBole, each between two epochs of bench for every scheme.
        threads: of torch, on both sides.
        warm_up: let both sides make one untimed step or epoch first.
        note: told of every time as it comes.

    Returns:
        one comparison for each scheme of `SCHEMES`.
    """
    data = generate(case.shape)
    found = [Comparison(case.shape.name, case.model, s, data.n_targets, threads) for s in SCHEMES]
    native = {scheme: _native(case, data, scheme) for scheme in SCHEMES}

    def ours() -> None:
        for one in found:
            one.bench_s.append(native[one.scheme]() * 1000 / data.n_targets)
            note(f"bench {one.scheme}: {one.bench_s[-1]:.3f} s per 1,000 targets")

    before = torch.get_num_threads()
    torch.set_num_threads(threads)
    try:
        with (
            tempfile.TemporaryDirectory() as folder,
            Rival(case.model, case.stock_options(), data, threads, Path(folder)) as rival,
        ):
            if warm_up:
                rival.step()
                for epoch in native.values():
                    epoch()
            ours()
            for _ in range(repetitions):
                targets, seconds = rival.step()
                for one in found:
                    one.recbole_s.append(seconds * 1000 / targets)
                note(f"RecBole: {seconds * 1000 / targets:.3f} s per 1,000 targets")
                ours()
    finally:
        torch.set_num_threads(before)
    return found


def _native(case: Case, data: TrainingData, scheme: Scheme) -> Callable[[], float]:
    """A function that trains one epoch and returns the seconds it took, validation apart."""
    torch.manual_seed(0)
    context = ModelContext(data.n_items, data.n_users, case.max_length)
    model = build(case.model, case.settings, context)
    assert isinstance(model, SequentialModel)
    training = TrainingSettings(
        epochs=1,
        learning_rate=LEARNING_RATE,
        batch_size=case.batch_size,
        max_length=case.max_length,
        scheme=scheme,
    )
    job = Job(data, training, EvaluationSettings(), seed=0)
    return lambda: train(model, job).epochs[-1].train_s


def machine() -> dict[str, str | int | None]:
    """Where the times were taken."""
    return {
        "cpu": cpu_model(),
        "cores": os.cpu_count(),
        "torch": version("torch"),
        "recbole": version("recbole"),
    }


def table(comparisons: list[Comparison]) -> Table:
    """Medians, with the range where there are several times."""
    here = machine()
    result = Table(
        title=f"Training, seconds per 1,000 targets: {here['cores']} x {here['cpu']}, torch {here['torch']},"
        f" RecBole {here['recbole']}"
    )
    for column in ("data", "model", "scheme"):
        result.add_column(column)
    for column in ("RecBole", "bench", "speedup", "epoch RecBole", "epoch bench"):
        result.add_column(column, justify="right")
    for one in comparisons:
        thousands = one.targets_per_epoch / 1000
        result.add_row(
            one.data, one.model, one.scheme,
            _spread(one.recbole_s), _spread(one.bench_s), f"{one.speedup:.1f}x",
            f"{statistics.median(one.recbole_s) * thousands:.1f} s",
            f"{statistics.median(one.bench_s) * thousands:.1f} s",
        )  # fmt: skip
    return result


def _spread(seconds: list[float]) -> str:
    text = f"{statistics.median(seconds):.3g}"
    return text if len(seconds) == 1 else f"{text} [{min(seconds):.3g}, {max(seconds):.3g}]"


def main() -> None:
    """Read the command line, compare, print."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.training", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="one step of RecBole, two epochs of bench")
    parser.add_argument("--repetitions", type=int, default=3, help="steps of RecBole (default: 3)")
    parser.add_argument("--threads", type=int, default=os.cpu_count(), help="of both sides (default: cores)")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write every time to this file")
    chosen = parser.parse_args()
    if importlib.util.find_spec("recbole") is None:
        parser.error("RecBole is not installed (it needs Python 3.11): there is nothing to compare with")
    console = Console()
    comparisons = [
        one
        for case in CASES
        for one in compare(
            case,
            repetitions=1 if chosen.quick else chosen.repetitions,
            threads=chosen.threads,
            warm_up=not chosen.quick,
            note=lambda text: console.print(f"[dim]{text}[/]"),
        )
    ]
    console.print(table(comparisons))
    if chosen.json:
        chosen.json.write_text(json.dumps([one.record() for one in comparisons], indent=1) + "\n")


if __name__ == "__main__":
    main()
