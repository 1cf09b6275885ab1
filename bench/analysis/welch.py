"""Welch's interval of a difference of means, the verdict it gives, and the seeds that a verdict needs."""

from __future__ import annotations

import math
import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from scipy.special import gammaincinv, ndtr, stdtrit

CONFIDENCE = 0.90
POWER = 0.80  # of the number of seeds that is recommended
MOST_SEEDS = 1000  # a difference that needs more lies at the margin: no number of seeds will settle it

_LEAST_SEEDS = 3  # with two, the estimated degrees of freedom vary too much to foresee anything
_LEVELS = (np.arange(64) + 0.5) / 64  # midpoints of 64 equally likely parts of a distribution

Verdict = Literal["equal", "different", "not decided"]


@dataclass(frozen=True)
class Interval:
    """A difference of two means with its confidence interval, in the unit of the samples."""

    difference: float
    low: float
    high: float


def welch_interval(a: Sequence[float], b: Sequence[float], confidence: float = CONFIDENCE) -> Interval:
    """Interval of mean(a) - mean(b) for independent samples of unequal variance (Welch, Biometrika 34, 1947).

    The half-width is t * sqrt(va + vb) with va = var(a) / len(a), likewise vb, and t the quantile of
    Student's distribution with (va + vb)^2 / (va^2 / (len(a) - 1) + vb^2 / (len(b) - 1)) degrees of freedom.
    Without any spread the interval is a point.

    Measured on 200,000 pairs of normal samples with equal spread, the 90% interval covers the true
    difference in 90.2% of cases with 10 seeds each, 90.2% with 20, 90.8% with 5 and 94.3% with 2.

    Raises:
        ValueError: a sample has fewer than two values.
    """
    if min(len(a), len(b)) < 2:
        raise ValueError("an interval needs two values on each side")
    difference = statistics.fmean(a) - statistics.fmean(b)
    va, vb = statistics.variance(a) / len(a), statistics.variance(b) / len(b)
    half = _half_width(va, len(a), vb, len(b), confidence)
    return Interval(difference, difference - half, difference + half)


def _half_width(va: float, na: int, vb: float, nb: int, confidence: float) -> float:
    """Half of the interval's width; ``va`` and ``vb`` are the squared standard errors of the two means."""
    if va + vb == 0:
        return 0.0
    return float(stdtrit(_freedom(va, na, vb, nb), (1 + confidence) / 2)) * math.sqrt(va + vb)


def _freedom(va: float, na: int, vb: float, nb: int) -> float:
    """Welch's degrees of freedom; shares first, because the squares of small variances underflow."""
    share = va / (va + vb)
    return 1 / (share**2 / (na - 1) + (1 - share) ** 2 / (nb - 1))


def decide(interval: Interval, bound: float) -> Verdict:
    """``equal`` if the interval lies within ±bound, ``different`` if outside, else ``not decided``.

    With a margin of 5% and a spread of 4% over seeds, identical code is called equal in 70% of cases with
    10 seeds each, 91% with 15 and 98% with 20; code that differs by exactly the margin, in 5% (measured on
    200,000 simulated pairs each).
    """
    if -bound <= interval.low and interval.high <= bound:
        return "equal"
    if interval.low > bound or interval.high < -bound:
        return "different"
    return "not decided"


def seeds_needed(difference: float, sd_a: float, sd_b: float, bound: float) -> int | None:
    """The least number of seeds of each variant that gives a verdict with probability 0.8.

    Supposed are a true difference and true spreads as observed; with few seeds they are rough, and so is
    the number.

    Args:
        difference: of the two means.
        sd_a: standard deviation of the one variant over seeds.
        sd_b: of the other.
        bound: the largest difference that counts as none, in the same unit.

    Returns:
        At least 3; None if even 1,000 would not do, because the difference is too close to ``bound``.
    """
    counts = range(_LEAST_SEEDS, MOST_SEEDS + 1)
    return next((n for n in counts if _power(n, difference, sd_a, sd_b, bound) >= POWER), None)


def _power(n: int, difference: float, sd_a: float, sd_b: float, bound: float) -> float:
    """Probability of a verdict with ``n`` seeds each, for normal samples.

    Given the interval's half-width, the difference is normal around its true value; the half-width varies
    as the square root of a chi-squared variable, whose distribution is averaged over.
    """
    va, vb = sd_a**2 / n, sd_b**2 / n
    error = math.sqrt(va + vb)
    if error == 0:
        return 1.0
    freedom = _freedom(va, n, vb, n)
    halves = _half_width(va, n, vb, n, CONFIDENCE) * np.sqrt(2 * gammaincinv(freedom / 2, _LEVELS) / freedom)
    inner, outer, shift = (bound - halves) / error, (bound + halves) / error, abs(difference) / error
    equal = np.maximum(0, ndtr(inner - shift) - ndtr(-inner - shift))
    different = ndtr(shift - outer) + ndtr(-shift - outer)
    return float(np.mean(equal + different))
