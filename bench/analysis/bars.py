"""Means of variants with their seeds, and what each variant reads: the bars of the paper's Figure 3."""

from __future__ import annotations

import math
import statistics
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from scipy.special import stdtrit

from bench.analysis.tables import TableRow, table_rows
from bench.results.query import CellResult
from bench.suite.reference import is_reference

CONFIDENCE = 0.95


@dataclass(frozen=True)
class BarRow:
    """One bar.

    Attributes:
        dataset: the dataset's label.
        metric: as in Recall@10.
        variant: the variant's label.
        reads: the modalities whose features it reads; none of a reference, which has its own way to data.
        reference: whether it is a model of the reference implementation.
        mean: over the finished seeds.
        low: lower end of the 95% interval of the mean over seeds (Student's t; all have the same users); None
            for a single seed.
        high: its upper end.
        seeds: the finished seeds.
        values: the metric with each of them.
    """

    dataset: str
    metric: str
    variant: str
    reads: tuple[str, ...]
    reference: bool
    mean: float
    low: float | None
    high: float | None
    seeds: tuple[int, ...]
    values: tuple[float, ...]


def bar_rows(cells: Iterable[CellResult], metrics: Sequence[str]) -> list[BarRow]:
    """A bar per cell that has a finished run, and metric; in the order of tables."""
    cells = list(cells)
    references = {cell.model for cell in cells if cell.record and is_reference(cell.record.spec.variant.name)}
    return [
        _bar(row, row.mean, row.model in references)
        for row in table_rows(cells, metrics)
        if row.mean is not None
    ]


def _bar(row: TableRow, mean: float, reference: bool) -> BarRow:
    low, high = seed_interval(row.values)
    what = row.dataset, row.metric, row.model, tuple(row.encoders), reference
    return BarRow(*what, mean, low, high, row.seeds, row.values)


def seed_interval(values: Sequence[float]) -> tuple[float | None, float | None]:
    """The 95% interval of a mean over seeds, by Student's t; None for fewer than two."""
    if len(values) < 2:
        return None, None
    half = float(stdtrit(len(values) - 1, (1 + CONFIDENCE) / 2)) * statistics.stdev(values)
    mean = statistics.fmean(values)
    return mean - half / math.sqrt(len(values)), mean + half / math.sqrt(len(values))
