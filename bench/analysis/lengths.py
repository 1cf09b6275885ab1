"""Where a model wins: its metrics by length of the history and by popularity of the target.

The test users of a dataset are divided into bins as even as whole numbers allow.
"""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from bench.analysis.sides import Side, side_of
from bench.analysis.slices import KINDS, Kind, common_targets, history_lengths, training_counts
from bench.data.prepared import IntArray, load_training
from bench.errors import DataError
from bench.execution.run_data import run_dataset
from bench.results.query import CellResult

BINS = 6  # at most
FEWEST = 30  # users of a bin


@dataclass(frozen=True)
class BinRow:
    """One variant in one bin of the test users.

    Attributes:
        dataset: the dataset's label.
        metric: as in NDCG@10.
        kind: ``history`` (items before the target) or ``popularity`` (the target's interactions in the
            training part).
        low: the least of them in the bin.
        high: the most.
        users: of the bin.
        variant: the variant's label.
        mean: over these users and the finished seeds.
        sd: of the means of the seeds; None for one.
        seeds: the finished seeds.
    """

    dataset: str
    metric: str
    kind: Kind
    low: int
    high: int
    users: int
    variant: str
    mean: float
    sd: float | None
    seeds: tuple[int, ...]


def bin_rows(
    results: Path, cells: Sequence[CellResult], metrics: Sequence[str], home: Path | None = None
) -> list[BinRow]:
    """Every variant in every bin: dataset by dataset, metric by metric, kind by kind.

    Args:
        results: the results folder, for the places of every user.
        cells: every run of the suite.
        metrics: to divide.
        home: where the prepared data lie (None: the default place).

    Raises:
        InputError: the data of the runs are not prepared here.
        DataError: ranks or data cannot be read, or the runs have different test targets.
    """
    return [
        row
        for dataset in dict.fromkeys(cell.dataset for cell in cells if cell.status == "done")
        for row in _of_dataset(results, [cell for cell in cells if cell.dataset == dataset], metrics, home)
    ]


def _of_dataset(
    results: Path, cells: Sequence[CellResult], metrics: Sequence[str], home: Path | None
) -> list[BinRow]:
    done = [cell for cell in cells if cell.status == "done"]
    sides = {
        label: side_of(results, [cell for cell in done if cell.model == label], metrics)
        for label in dict.fromkeys(cell.model for cell in done)
    }
    records = [run for side in sides.values() for run in side.records]
    if len({run.inputs.dataset.hash for run in records}) > 1:
        raise DataError(f"the runs on {cells[0].dataset} read different data: `bench run` the suite again")
    targets = common_targets(results, records)
    data = load_training(run_dataset(records[0], home))
    values = {"popularity": training_counts(data, targets), "history": history_lengths(data, targets)}
    return [
        _row((cells[0].dataset, metric, kind), values[kind][users], label, side, users)
        for metric in metrics
        for kind in KINDS
        for users in bins(values[kind])
        for label, side in sides.items()
    ]


def _row(
    what: tuple[str, str, Kind],
    inside: IntArray,
    label: str,
    side: Side,
    users: npt.NDArray[np.bool_],
) -> BinRow:
    assert side.values is not None
    means = side.values[what[1]][:, users].mean(axis=1).tolist()
    sd = statistics.stdev(means) if len(means) > 1 else None
    bounds = int(inside.min()), int(inside.max()), len(inside)
    return BinRow(*what, *bounds, label, statistics.fmean(means), sd, side.seeds)


def bins(values: IntArray) -> list[npt.NDArray[np.bool_]]:
    """Which entries belong to which bin, [M] each, in ascending order.

    A bin ends at the whole number at which it is nearest to its share of what is left, and has at least
    `FEWEST` entries or all. A number that alone exceeds the share begins a bin.
    """
    cuts: list[int] = []
    last, taken, left = 0, 0, len(values)  # the number before, and the entries since the last cut
    numbers, counts = np.unique(values, return_counts=True)
    for number, size in zip(numbers.tolist(), counts.tolist(), strict=True):
        share = max(left / (BINS - len(cuts)), FEWEST)
        if taken >= FEWEST and abs(taken + size - share) > abs(taken - share):
            cuts.append(last)
            left, taken = left - taken, 0
        elif cuts and size >= share:
            cuts[-1] = last  # the few before it join the bin before
            left, taken = left - taken, 0
        last, taken = number, taken + size
    if taken < FEWEST and cuts:
        cuts.pop()
    places = np.searchsorted(np.array(cuts), values)
    return [places == place for place in range(len(cuts) + 1)]
