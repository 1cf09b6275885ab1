"""The two sides of a comparison: a variant's finished runs on one dataset, and every user's metrics."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean

import numpy as np
import numpy.typing as npt

from bench.analysis.crossed import FloatArray
from bench.results.query import CellResult
from bench.results.records import RunRecord
from bench.results.values import user_metrics

_OTHER_DATA = "runs on different data"


@dataclass(frozen=True)
class Side:
    """One variant on one dataset.

    Attributes:
        records: its finished runs.
        values: by metric, of every user with every seed [S, U]; None without a run, or where the runs are on
            different data.
    """

    records: tuple[RunRecord, ...] = ()
    values: Mapping[str, FloatArray] | None = None

    @property
    def seeds(self) -> tuple[int, ...]:
        """The seeds of its runs."""
        return tuple(record.spec.seed for record in self.records)

    @property
    def users(self) -> int | None:
        """U; None without values."""
        return None if not self.values else next(iter(self.values.values())).shape[1]

    def mean(self, metric: str) -> float | None:
        """Over users and seeds; None where there is none."""
        if not self.values or not self.values[metric].size:
            return None
        # As tables have it: the mean over seeds of each seed's mean.
        return fmean(values.mean() for values in self.values[metric])

    def part(self, users: npt.NDArray[np.bool_], data: str) -> Side:
        """The same runs on some of the users [U] of the data with this hash; without values on other data."""
        if self.values is None or any(run.inputs.dataset.hash != data for run in self.records):
            return Side(self.records)
        return Side(self.records, {name: values[:, users] for name, values in self.values.items()})

    def lacks(self) -> str | None:
        """Why its runs say nothing of other seeds."""
        if not self.records:
            return "no finished run"
        if _on_different_data(self.records):
            return _OTHER_DATA
        if len(self.records) == 1 and _is_by_chance(self.records[0]):
            return "one seed, which says nothing of others"
        return None


def side_of(results: Path, cells: Sequence[CellResult], metrics: Sequence[str]) -> Side:
    """The finished ones of a variant's ``cells`` on one dataset.

    Raises:
        DataError: the places of a finished run cannot be read.
    """
    records = tuple(cell.record for cell in cells if cell.status == "done" and cell.record is not None)
    if not records or _on_different_data(records):
        return Side(records)
    each = [user_metrics(results, record, metrics) for record in records]
    return Side(records, {metric: np.stack([one[metric] for one in each]) for metric in metrics})


def why_not(side: Side, base: Side) -> str | None:
    """Why a variant cannot be compared with the baseline, if it cannot."""
    lacking = side.lacks() or (base.lacks() and f"baseline: {base.lacks()}")
    if lacking:
        return lacking
    runs = [*side.records, *base.records]
    if _on_different_data(runs):
        return _OTHER_DATA
    if len({tuple(sorted(run.spec.evaluation.items())) for run in runs}) > 1:
        return "runs with different evaluation settings"
    return None


def _is_by_chance(run: RunRecord) -> bool:
    """Whether other seeds give other ranks: what is trained does, and what reads contents drawn by seed."""
    drawn = set(run.spec.variant.settings.get("controls", {}).values()) - {"zero"}
    return run.training.stopped != "counted" or bool(drawn)


def _on_different_data(runs: Sequence[RunRecord]) -> bool:
    return len({run.inputs.dataset.hash for run in runs}) > 1


def pair_of(
    results: Path, cells: Sequence[CellResult], metric: str, variant: str, baseline: str
) -> tuple[FloatArray, FloatArray] | str:
    """A metric of every user by seed [S, U] of two variants on one dataset, or why they cannot be compared.

    Raises:
        DataError: the places of a finished run cannot be read.
    """
    one, other = (
        side_of(results, [cell for cell in cells if cell.model == label], [metric])
        for label in (variant, baseline)
    )
    reason = why_not(one, other)
    if reason is not None or one.values is None or other.values is None:
        return reason or "no finished run"
    return one.values[metric], other.values[metric]
