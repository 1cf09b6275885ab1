"""Which variants are better or worse than a baseline, dataset by dataset and metric by metric.

The question is about models, so that users and seeds both stand for others of their kind
(`bench.analysis.crossed`). All variants and datasets of one metric are one family: its decisions are
corrected together (Holm).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

import numpy as np

from bench.analysis.crossed import LEVEL, Estimate, FloatArray, compare, holm
from bench.results.query import CellResult
from bench.results.records import RunRecord
from bench.results.values import user_metrics

CONFIDENCE_OF_TIES = 0.90  # two one-sided tests at 5%

Word = Literal["better", "worse", "tied", "underpowered", "not compared"]


@dataclass(frozen=True)
class ComparisonRow:
    """One variant beside the baseline, in one metric on one dataset.

    Attributes:
        dataset: the dataset's label.
        metric: as in NDCG@10.
        variant: the variant's label.
        baseline: the baseline's.
        mean: the variant's, over users and finished seeds; None without any.
        baseline_mean: likewise.
        difference: mean - baseline_mean.
        low: lower end of the 95% interval of the difference; None where nothing was compared.
        high: its upper end.
        p: two-sided p-value, corrected by Holm's method in the family; None where nothing was compared.
        detectable: the smallest true difference that would probably be found (without correction).
        margin: the largest difference that counts as none, as a share of baseline_mean.
        verdict: better or worse (p at most 0.05); tied (the 90% interval lies within the margin); else
            underpowered; not compared (see ``reason``).
        seeds: the variant's finished seeds.
        baseline_seeds: the baseline's.
        family: how many decisions were corrected together.
        reason: why nothing was compared.
    """

    dataset: str
    metric: str
    variant: str
    baseline: str
    mean: float | None
    baseline_mean: float | None
    difference: float | None
    low: float | None
    high: float | None
    p: float | None
    detectable: float | None
    margin: float
    verdict: Word
    seeds: tuple[int, ...]
    baseline_seeds: tuple[int, ...]
    family: int = 0
    reason: str | None = None


@dataclass(frozen=True)
class _Side:
    """One variant's finished runs on one dataset, and each metric of every user by seed [S, U]."""

    records: tuple[RunRecord, ...]
    values: Mapping[str, FloatArray]

    @property
    def seeds(self) -> tuple[int, ...]:
        return tuple(record.spec.seed for record in self.records)

    def lacks(self) -> str | None:
        """Why its runs say nothing of other seeds."""
        if not self.records:
            return "no finished run"
        if len(self.records) == 1 and self.records[0].training.stopped != "counted":
            return "one seed, which says nothing of others"
        return None


# A row without a word, and the estimate that will give it one; None where nothing is compared.
Estimated = tuple[ComparisonRow, Estimate | None]


def comparison_rows(
    results: Path, cells: Sequence[CellResult], metrics: Sequence[str], baseline: str, margin: float
) -> list[ComparisonRow]:
    """Every variant beside the baseline: metric by metric, dataset by dataset.

    Args:
        results: the results folder, for the places of every user.
        cells: every run of the suite.
        metrics: to compare.
        baseline: a variant's label.
        margin: the largest difference that counts as none, as a share of the baseline's mean.

    Raises:
        DataError: the places of a finished run cannot be read.
    """
    rows: list[Estimated] = []
    for dataset in dict.fromkeys(cell.dataset for cell in cells):
        own = [cell for cell in cells if cell.dataset == dataset]
        rows += estimated_rows(results, own, metrics, baseline, margin)
    return [
        row for metric in metrics for row in decided_rows([each for each in rows if each[0].metric == metric])
    ]


def estimated_rows(
    results: Path, cells: Sequence[CellResult], metrics: Sequence[str], baseline: str, margin: float
) -> Iterator[Estimated]:
    """The rows of one dataset, without words yet; arguments and errors as `comparison_rows`."""
    sides = {
        label: _side(results, [cell for cell in cells if cell.model == label], metrics)
        for label in dict.fromkeys(cell.model for cell in cells)
    }
    base = sides.pop(baseline, _Side((), {}))
    reasons = {label: _why_not(side, base) for label, side in sides.items()}
    usable = [label for label, reason in reasons.items() if reason is None]
    for metric in metrics:
        samples = {label: sides[label].values[metric] for label in usable}
        found = compare(samples, base.values[metric]) if usable else {}
        for label, side in sides.items():
            mean, base_mean = _mean(side, metric), _mean(base, metric)
            estimate = found.get(label)
            low, high = (None, None) if estimate is None else estimate.interval(1 - LEVEL)
            row = ComparisonRow(
                dataset=cells[0].dataset,
                metric=metric,
                variant=label,
                baseline=baseline,
                mean=mean,
                baseline_mean=base_mean,
                difference=None if mean is None or base_mean is None else mean - base_mean,
                low=low,
                high=high,
                p=None,
                detectable=None if estimate is None else estimate.detectable,
                margin=margin,
                verdict="not compared",
                seeds=side.seeds,
                baseline_seeds=base.seeds,
                reason=reasons[label],
            )
            yield row, estimate


def _side(results: Path, cells: Sequence[CellResult], metrics: Sequence[str]) -> _Side:
    records = tuple(cell.record for cell in cells if cell.status == "done" and cell.record is not None)
    each = [user_metrics(results, record, metrics) for record in records]
    return _Side(
        records, {metric: np.stack([one[metric] for one in each]) for metric in metrics} if each else {}
    )


def _why_not(side: _Side, base: _Side) -> str | None:
    lacking = side.lacks() or (base.lacks() and f"baseline: {base.lacks()}")
    if lacking:
        return lacking
    runs = [*side.records, *base.records]
    if len({run.inputs.dataset.hash for run in runs}) > 1:
        return "runs on different data"
    if len({tuple(sorted(run.spec.evaluation.items())) for run in runs}) > 1:
        return "runs with different evaluation settings"
    return None


def _mean(side: _Side, metric: str) -> float | None:
    return float(side.values[metric].mean()) if side.records else None


def decided_rows(family: Sequence[Estimated]) -> list[ComparisonRow]:
    """The rows of one family with corrected p-values and words, in the same order."""
    corrected = iter(holm([estimate.p for _, estimate in family if estimate is not None]))
    size = sum(estimate is not None for _, estimate in family)
    return [
        row if estimate is None else _with_word(row, estimate, next(corrected), size)
        for row, estimate in family
    ]


def _with_word(row: ComparisonRow, estimate: Estimate, p: float, size: int) -> ComparisonRow:
    assert row.baseline_mean is not None
    bound = row.margin * abs(row.baseline_mean)
    low, high = estimate.interval(CONFIDENCE_OF_TIES)
    word: Word = "underpowered"
    if p <= LEVEL:
        word = "better" if estimate.difference > 0 else "worse"
    elif -bound <= low and high <= bound:
        word = "tied"
    return replace(row, p=p, verdict=word, family=size)
