"""How much larger is a variant than another, relative to it, and is that more on one dataset than on another?

The gain (a - b) / b of two means is not linear in them, but for small errors it moves as
(da - (a / b) db) / b (the delta method). So its standard error is that of the difference between the variant
and the other one scaled by a / b, divided by b; users and seeds at random as in `bench.analysis.crossed`.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import product
from pathlib import Path

from bench.analysis.crossed import Estimate, FloatArray, compare, holm
from bench.analysis.sides import pair_of
from bench.results.query import CellResult
from bench.suite.parts import GainClaim

_NO_BASE = "the mean to compare with is 0"


@dataclass(frozen=True)
class GainPair:
    """The gains on two datasets.

    Attributes:
        larger_on: label of the dataset that is claimed to have the larger gain.
        than_on: of the other.
        gains: on the one and on the other, as shares; None without both.
        difference: of the two; None likewise.
        p: two-sided p-value of no difference, corrected by Holm's method within the claim; None likewise.
        reason: why there is no difference.
    """

    larger_on: str
    than_on: str
    gains: tuple[float, float] | None = None
    difference: Estimate | None = None
    p: float | None = None
    reason: str | None = None


def relative_gain(variant: FloatArray, baseline: FloatArray) -> Estimate | None:
    """The gain of ``variant`` over ``baseline`` as a share of the latter's mean; None if that is 0.

    Arguments and errors as `bench.analysis.crossed.compare`, each [S, U].
    """
    base = float(baseline.mean())
    if base == 0:
        return None
    ratio = float(variant.mean()) / base
    found = compare({"": variant}, ratio * baseline)[""]
    return Estimate(ratio - 1, found.error / abs(base), found.freedom)


def difference_of_gains(one: Estimate, other: Estimate) -> Estimate:
    """``one`` - ``other``, of datasets that have nothing in common.

    The squared errors add up; the degrees of freedom are Satterthwaite's.
    """
    parts = [(each.error**2, each.freedom) for each in (one, other)]
    variance = sum(part for part, _ in parts)
    freedom = math.inf
    if variance > 0:
        # Shares first: the squares of small variances underflow.
        freedom = 1 / sum((part / variance) ** 2 / own for part, own in parts)
    return Estimate(one.difference - other.difference, math.sqrt(variance), freedom)


def read_gain(
    results: Path, cells: Sequence[CellResult], dataset: str, metric: str, variant: str, over: str
) -> Estimate | str:
    """The gain on one dataset, or why there is none.

    Raises:
        DataError: the places of a finished run cannot be read.
    """
    own = [cell for cell in cells if cell.dataset == dataset]
    pair = pair_of(results, own, metric, variant, over)
    return pair if isinstance(pair, str) else relative_gain(*pair) or _NO_BASE


def gain_pairs(results: Path, cells: Sequence[CellResult], claim: GainClaim) -> list[GainPair]:
    """Every dataset of ``larger_on`` beside every one of ``than_on``; errors as `read_gain`."""
    gains = {
        dataset: read_gain(results, cells, dataset, claim.metric, claim.variant, claim.over)
        for dataset in (*claim.larger_on, *claim.than_on)
    }
    pairs = [
        _pair(one, other, gains[one], gains[other]) for one, other in product(claim.larger_on, claim.than_on)
    ]
    p = iter(holm([pair.difference.p for pair in pairs if pair.difference is not None]))
    return [pair if pair.difference is None else replace(pair, p=next(p)) for pair in pairs]


def _pair(larger_on: str, than_on: str, one: Estimate | str, other: Estimate | str) -> GainPair:
    if isinstance(one, str):
        return GainPair(larger_on, than_on, reason=f"{larger_on}: {one}")
    if isinstance(other, str):
        return GainPair(larger_on, than_on, reason=f"{than_on}: {other}")
    gains = one.difference, other.difference
    return GainPair(larger_on, than_on, gains, difference_of_gains(one, other))
