"""Are two variants equal? A verdict per claim from the interval of the difference of their means.

Only seeds vary: both variants are tested on the same users, so the question is whether they have the same
mean over seeds on *these* users, not on others. Runs with the same seed number have nothing in common that
would pair them, and spreads may differ; hence Welch's interval for two independent samples. Calling variants
equal when the 90% interval lies within the margin is the same as two one-sided tests at 5% (Schuirmann, J.
Pharmacokin. Biopharm. 15, 1987).
"""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from dataclasses import dataclass

from bench.analysis.numbers import share_of
from bench.analysis.tables import TableRow, table_rows
from bench.analysis.welch import Interval, Verdict, decide, seeds_needed, welch_interval
from bench.results.query import CellResult
from bench.suite.parts import EqualityClaim


@dataclass(frozen=True)
class EqualityRow:
    """The verdict on one variant, one dataset and one claim of equality.

    Attributes:
        dataset: the dataset's label.
        metric: as in NDCG@10.
        variant: the variant's label.
        reference: label of the variant that it is claimed to be equal to.
        mean: the variant's mean over its seeds; None without any.
        reference_mean: the reference's, likewise.
        difference: mean - reference_mean, as a share of reference_mean; 0 where they are the same; None
            without both, or where reference_mean alone is 0.
        low: lower end of the 90% interval of the difference, as a share of reference_mean; None with fewer
            than two seeds on a side.
        high: its upper end.
        margin: the largest difference that counts as none, as a share of reference_mean.
        verdict: equal (the interval lies within the margin), different (it lies outside), not decided.
        seeds: the variant's seeds that are done.
        reference_seeds: the reference's.
        seeds_planned: how many seeds the suite lists for each.
        seeds_needed: how many seeds of each would probably decide, see `bench.analysis.welch.seeds_needed`;
            None if there is a verdict already, or no number would do.
    """

    dataset: str
    metric: str
    variant: str
    reference: str
    mean: float | None
    reference_mean: float | None
    difference: float | None
    low: float | None
    high: float | None
    margin: float
    verdict: Verdict
    seeds: tuple[int, ...]
    reference_seeds: tuple[int, ...]
    seeds_planned: int
    seeds_needed: int | None


def equality_rows(claims: Sequence[EqualityClaim], cells: Sequence[CellResult]) -> list[EqualityRow]:
    """The verdicts, claim by claim, dataset by dataset, variant by variant.

    Args:
        claims: the suite's claims of equality.
        cells: every run of the suite, with the metrics of the claims.
    """
    metrics = list(dict.fromkeys(claim.metric for claim in claims))
    known = {(row.dataset, row.model, row.metric): row for row in table_rows(cells, metrics)}
    planned = len({cell.seed for cell in cells})
    return [
        _row(
            known.get((dataset, variant, claim.metric)) or _no_runs(dataset, variant, claim.metric),
            known.get((dataset, claim.to, claim.metric)) or _no_runs(dataset, claim.to, claim.metric),
            claim.margin,
            planned,
        )
        for claim in claims
        for dataset in claim.datasets
        for variant in claim.equal
    ]


def _no_runs(dataset: str, model: str, metric: str) -> TableRow:
    return TableRow(dataset, model, metric, None, None, (), (), (), {}, "missing")


def _row(variant: TableRow, reference: TableRow, margin: float, planned: int) -> EqualityRow:
    base = reference.mean
    shift = None if variant.mean is None or base is None else variant.mean - base
    verdict: Verdict = "not decided"
    interval: Interval | None = None
    needed: int | None = None
    if base is not None and min(len(variant.values), len(reference.values)) > 1:
        interval = welch_interval(variant.values, reference.values)
        bound = margin * abs(base)
        verdict = decide(interval, bound)
        if verdict == "not decided":
            spreads = statistics.stdev(variant.values), statistics.stdev(reference.values)
            needed = seeds_needed(interval.difference, *spreads, bound)
    return EqualityRow(
        dataset=variant.dataset,
        metric=variant.metric,
        variant=variant.model,
        reference=reference.model,
        mean=variant.mean,
        reference_mean=base,
        difference=share_of(shift, base),
        low=None if interval is None else share_of(interval.low, base),
        high=None if interval is None else share_of(interval.high, base),
        margin=margin,
        verdict=verdict,
        seeds=variant.seeds,
        reference_seeds=reference.seeds,
        seeds_planned=planned,
        seeds_needed=needed,
    )
