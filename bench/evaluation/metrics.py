"""Metrics of one relevant item, from the place it takes among all candidates.

``better`` other candidates score strictly higher and ``ties`` score exactly the same, so the target's
place is any of better + 1 ... better + ties + 1. ``expected`` averages the metric over those places (what
a random order among ties gives on average), ``optimistic`` takes the first and ``pessimistic`` the last.
With one relevant item, Recall@k = HitRate@k = [place <= k], NDCG@k = [place <= k] / log2(place + 1) (the
ideal gain is 1; Järvelin and Kekäläinen 2002) and MRR@k = [place <= k] / place.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from bench.errors import InputError
from bench.registry import METRICS

FloatArray = npt.NDArray[np.floating[Any]]
IntArray = npt.NDArray[np.int64]

_GAINS: dict[str, Callable[[FloatArray], FloatArray]] = {
    "Recall": np.ones_like,
    "HitRate": np.ones_like,
    "NDCG": lambda place: 1 / np.log2(place + 1),
    "MRR": lambda place: 1 / place,
}


@dataclass(frozen=True)
class Metric:
    """A metric by name and cut-off (None: no cut-off, for MRR)."""

    name: str
    k: int | None

    @classmethod
    def parse(cls, text: str) -> Metric:
        """Read ``Recall@10``, ``NDCG@20``, ``MRR``, ...

        Raises:
            InputError: no such metric.
        """
        match = re.fullmatch(r"([A-Za-z]+)(?:@([1-9]\d*))?", text)
        if match is None or match[1] not in METRICS or (match[2] is None and match[1] != "MRR"):
            raise InputError(
                f"no metric {text!r}", remedy=f"write one of {', '.join(METRICS)} as in Recall@10"
            )
        return cls(match[1], None if match[2] is None else int(match[2]))

    def gain(self, place: FloatArray) -> FloatArray:
        """What a place (from 1) is worth, in [0, 1]; same shape as ``place``."""
        gain = _GAINS[self.name](place)
        return gain if self.k is None else np.where(place <= self.k, gain, 0.0)

    def per_user(self, better: IntArray, ties: IntArray, mode: str) -> FloatArray:
        """The metric of every user: [U], from ``better`` [U] and ``ties`` [U].

        Args:
            better: other candidates with a higher score.
            ties: other candidates with exactly the target's score.
            mode: ``expected``, ``optimistic`` or ``pessimistic``.
        """
        if mode == "optimistic":
            return self.gain(better + 1.0)
        if mode == "pessimistic":
            return self.gain(better + ties + 1.0)
        if len(better) == 0:
            return np.zeros(0)
        # Prefix sums of the gain over places turn every average over ties into two look-ups. Places
        # that no tie reaches need no sum: users without ties are worth their place's gain exactly.
        last = int((better + ties).max()) + 1
        total = np.concatenate([[0.0], np.cumsum(self.gain(np.arange(1.0, last + 1)))])
        mean = (total[better + ties + 1] - total[better]) / (ties + 1)
        return np.where(ties == 0, self.gain(better + 1.0), mean)


def summarise(names: tuple[str, ...], better: IntArray, ties: IntArray, mode: str) -> dict[str, float]:
    """Mean over users of each named metric."""
    return {name: float(Metric.parse(name).per_user(better, ties, mode).mean()) for name in names}
