"""Which variants are better or worse than a baseline, dataset by dataset and metric by metric.

The question is about models, so that users and seeds both stand for others of their kind
(`bench.analysis.crossed`). All variants and datasets of one metric, and all slices of the users where there
are any, are one family: its decisions are corrected together (Holm).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from bench.analysis.crossed import LEVEL, Estimate, compare, holm
from bench.analysis.sides import Side, side_of, why_not
from bench.results.query import CellResult

if TYPE_CHECKING:
    from bench.analysis.slices import Slice, Slicing

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
        users: how many test users the means are over; None without any.
        slice: which part of the test users that is; None: all.
        rule: who belongs to the slice, in words; None without one.
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
    users: int | None = None
    slice: str | None = None
    rule: str | None = None


# A row without a word, and the estimate that will give it one; None where nothing is compared.
Estimated = tuple[ComparisonRow, Estimate | None]


def comparison_rows(
    results: Path,
    cells: Sequence[CellResult],
    metrics: Sequence[str],
    baseline: str,
    margin: float,
    slicing: Slicing | None = None,
) -> list[ComparisonRow]:
    """Every variant beside the baseline: metric by metric, dataset by dataset, slice by slice.

    Args:
        results: the results folder, for the places of every user.
        cells: every run of the suite.
        metrics: to compare.
        baseline: a variant's label.
        margin: the largest difference that counts as none, as a share of the baseline's mean.
        slicing: how the test users are divided; None: they are not.

    Raises:
        InputError: the users cannot be divided: the data of the runs are not prepared here.
        DataError: the places of a finished run cannot be read.
    """
    rows: list[Estimated] = []
    for dataset in dict.fromkeys(cell.dataset for cell in cells):
        own = [cell for cell in cells if cell.dataset == dataset]
        rows += estimated_rows(results, own, metrics, baseline, margin, slicing)
    return [
        row for metric in metrics for row in decided_rows([each for each in rows if each[0].metric == metric])
    ]


def estimated_rows(
    results: Path,
    cells: Sequence[CellResult],
    metrics: Sequence[str],
    baseline: str,
    margin: float,
    slicing: Slicing | None = None,
) -> Iterator[Estimated]:
    """The rows of one dataset, without words yet; arguments and errors as `comparison_rows`."""
    sides = {
        label: side_of(results, [cell for cell in cells if cell.model == label], metrics)
        for label in dict.fromkeys(cell.model for cell in cells)
    }
    base = sides.pop(baseline, Side())
    reasons = {label: why_not(side, base) for label, side in sides.items()}
    plain = _Pairs(cells[0].dataset, baseline, margin, base, sides, reasons)
    if slicing is None:
        parts = [plain]
    else:
        usable = [run for label in sides if reasons[label] is None for run in sides[label].records]
        parts = [plain.part(each) for each in slicing.of(results, [*base.records, *usable])]
    for part in parts:
        for metric in metrics:
            yield from part.rows(metric)


@dataclass(frozen=True)
class _Pairs:
    """The variants of one dataset, each beside the baseline; ``reasons`` say which cannot be compared."""

    dataset: str
    baseline: str
    margin: float
    base: Side
    sides: Mapping[str, Side]
    reasons: Mapping[str, str | None]
    slice: Slice | None = None

    def part(self, chosen: Slice) -> _Pairs:
        """The same on a slice of the users."""
        if chosen.users is None:
            return replace(self, slice=chosen)
        unfit = chosen.no_part
        return replace(
            self,
            base=self.base.part(chosen.users, chosen.data),
            sides={label: side.part(chosen.users, chosen.data) for label, side in self.sides.items()},
            reasons={label: reason or unfit for label, reason in self.reasons.items()},
            slice=chosen,
        )

    def rows(self, metric: str) -> Iterator[Estimated]:
        """One per variant."""
        found = self._estimates(metric)
        for label, side in self.sides.items():
            empty = label in found and self._nothing(metric, side)
            mean, base_mean = side.mean(metric), self.base.mean(metric)
            estimate = None if empty else found.get(label)
            low, high = (None, None) if estimate is None else estimate.interval(1 - LEVEL)
            row = ComparisonRow(
                dataset=self.dataset,
                metric=metric,
                variant=label,
                baseline=self.baseline,
                mean=mean,
                baseline_mean=base_mean,
                difference=None if mean is None or base_mean is None else mean - base_mean,
                low=low,
                high=high,
                p=None,
                detectable=None if estimate is None else estimate.detectable,
                margin=self.margin,
                verdict="not compared",
                seeds=side.seeds,
                baseline_seeds=self.base.seeds,
                reason="both are 0 for every user and seed" if empty else self.reasons[label],
                users=self.base.users if side.users is None else side.users,
                slice=None if self.slice is None else self.slice.name,
                rule=None if self.slice is None else self.slice.rule,
            )
            yield row, estimate

    def _nothing(self, metric: str, side: Side) -> bool:
        """Whether no user got anything from either: how rare that is, such a sample does not say."""
        return not any(each.values and each.values[metric].any() for each in (side, self.base))

    def _estimates(self, metric: str) -> dict[str, Estimate]:
        samples = {
            label: side.values[metric]
            for label, side in self.sides.items()
            if self.reasons[label] is None and side.values is not None
        }
        if not samples or self.base.values is None:
            return {}
        return compare(samples, self.base.values[metric])


def decided_rows(family: Sequence[Estimated]) -> list[ComparisonRow]:
    """The rows of one family with corrected p-values and words, in the same order.

    A pair that stands in two rows, each once the baseline, is one decision.
    """
    found = {_pair(row): estimate.p for row, estimate in family if estimate is not None}
    corrected = dict(zip(found, holm(list(found.values())), strict=True))
    return [
        row if estimate is None else _with_word(row, estimate, corrected[_pair(row)], len(found))
        for row, estimate in family
    ]


def _pair(row: ComparisonRow) -> tuple[str, str | None, frozenset[str]]:
    return row.dataset, row.slice, frozenset((row.variant, row.baseline))


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
