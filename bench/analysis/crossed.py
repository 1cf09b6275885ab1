"""Is one variant better than another? Its difference of means, with users and seeds both drawn at random.

A metric is a mean over users and seeds, and a claim about a model means other users and other seeds as well.
Drawing both at random, crossed, is the pigeonhole bootstrap (Owen, Ann. Appl. Stat. 1, 2007): users once for
both variants and all their seeds, each variant's seeds apart. Of means its variances are known in closed
form, those of endlessly many draws, so that none are made. Two things of it are put right here:

* Few seeds drawn from themselves vary too little, by (S - 1) / S; their part is enlarged accordingly.
* What belongs to a user *and* a seed (the rank that this training happens to give to this user) is counted
  once for the users, once for the seeds and once for both, three times in all; in recommenders it is often
  the largest part. Two of the three are taken off again (how well that does, stands in docs/statistics.md).

The interval is that of Student's distribution, with the degrees of freedom of Satterthwaite (Biometrics 2,
1946) for the three parts, never fewer than those of the part known worst.

Shape letters: U users, S seeds.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.special import stdtr, stdtrit

FloatArray = npt.NDArray[np.float64]

LEVEL = 0.05  # of a decision, two-sided
POWER = 0.80  # of the smallest detectable effect


@dataclass(frozen=True)
class Estimate:
    """A difference of two means with its standard error.

    Attributes:
        difference: variant - baseline, in the unit of the metric.
        error: standard error; 0 where nothing varies.
        freedom: degrees of freedom of the error; infinite where it is 0.
    """

    difference: float
    error: float
    freedom: float

    def interval(self, confidence: float) -> tuple[float, float]:
        """The two-sided interval of Student's distribution."""
        half = self._quantile((1 + confidence) / 2) * self.error
        return self.difference - half, self.difference + half

    @property
    def p(self) -> float:
        """Two-sided p-value of no difference."""
        if self.error == 0:
            return 1.0 if self.difference == 0 else 0.0
        return float(2 * stdtr(self.freedom, -abs(self.difference) / self.error))

    @property
    def detectable(self) -> float:
        """The smallest true difference that one decision at `LEVEL` would find with probability `POWER`."""
        return (self._quantile(1 - LEVEL / 2) + self._quantile(POWER)) * self.error

    def _quantile(self, share: float) -> float:
        return 0.0 if self.error == 0 else float(stdtrit(self.freedom, share))


def compare(variants: Mapping[str, FloatArray], baseline: FloatArray) -> dict[str, Estimate]:
    """Every variant's difference from the baseline.

    Args:
        variants: by label, [S, U]: the metric of every user with every seed. A single seed stands for a model
            without chance; the same users in the same order for all.
        baseline: likewise.

    Raises:
        ValueError: the users are not the same in number, or there are fewer than two.
    """
    _require_the_same_users([baseline, *variants.values()])
    of_users, of_seeds = baseline.mean(axis=0), _variance_by_seeds(baseline)
    return {
        label: _estimate(
            sample,
            baseline,
            by_users=float(np.var(sample.mean(axis=0) - of_users)) / len(of_users),
            by_seeds=(_variance_by_seeds(sample), of_seeds),
        )
        for label, sample in variants.items()
    }


def _require_the_same_users(samples: Sequence[FloatArray]) -> None:
    users = samples[0].shape[1]
    if users < 2 or any(sample.shape[1] != users for sample in samples):
        raise ValueError("the samples need the same users, two at least")


def _variance_by_seeds(sample: FloatArray) -> float:
    """The variance that drawing seeds adds, users being drawn as well: enlarged by S / (S - 1)."""
    seeds, users = sample.shape
    if seeds < 2:
        return 0.0
    centred = sample - sample.mean(axis=0)
    squares = centred.mean(axis=1) ** 2 + centred.var(axis=1) / users
    return float(squares.sum() / (seeds * (seeds - 1)))


def _estimate(
    variant: FloatArray, baseline: FloatArray, by_users: float, by_seeds: tuple[float, float]
) -> Estimate:
    """Of the difference, from its variance over users and that of either side over seeds."""
    difference = float(variant.mean() - baseline.mean())
    least = variant.shape[1] - 1
    variance, spread = by_users, by_users**2 / least
    for sample, with_both in zip((variant, baseline), by_seeds, strict=True):
        both = _interaction(sample)
        own = with_both - 2 * both
        if own > 0:  # a variance is not negative, though its estimate may be
            variance += own
            spread += (own + both) ** 2 / (len(sample) - 1)
            least = min(least, len(sample) - 1)
    if variance == 0:
        return Estimate(difference, 0.0, math.inf)
    # A sum is known no worse than its worst known part. Without this bound, runs that share their random
    # numbers (what belongs to user and seed cancels in the difference) would have hardly any of them.
    return Estimate(difference, math.sqrt(variance), max(variance**2 / spread, least))


def _interaction(sample: FloatArray) -> float:
    """Variance of the mean of [S, U] by what belongs to user and seed together: residual mean square / SU."""
    seeds, users = sample.shape
    if seeds < 2:
        return 0.0
    residual = sample - sample.mean(axis=0) - sample.mean(axis=1, keepdims=True) + sample.mean()
    return float(np.sum(residual**2) / ((seeds - 1) * (users - 1)) / (seeds * users))


def holm(p: Sequence[float]) -> list[float]:
    """Holm's step-down adjusted p-values (Scand. J. Stat. 6, 1979), in the order given."""
    order = np.argsort(p, kind="stable")
    adjusted = np.empty(len(p))
    largest = 0.0
    for place, at in enumerate(order):
        largest = max(largest, min(1.0, (len(p) - place) * p[at]))
        adjusted[at] = largest
    return [float(value) for value in adjusted]
