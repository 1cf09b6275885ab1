"""What random features are drawn from: laws with the mean and the covariance of real ones."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float32]


@dataclass(frozen=True)
class Gaussian:
    """A row is mean + z factor, z standard normal.

    Attributes:
        mean: [d].
        factor: [r, d], a root of the covariance: factor' factor.
        seed: of the draw that evaluation sees.
    """

    mean: Array
    factor: Array
    seed: int

    def draw(self, n: int, rng: np.random.Generator) -> Array:
        """[n, d]."""
        return self.mean + rng.standard_normal((n, len(self.factor)), dtype=np.float32) @ self.factor


@dataclass(frozen=True)
class AnyRow:
    """A row is one of ``rows`` [m, d], each as probable as the others: labels stay 0 or 1.

    ``seed`` is that of the draw that evaluation sees.
    """

    rows: Array
    seed: int

    def draw(self, n: int, rng: np.random.Generator) -> Array:
        """[n, d]."""
        return self.rows[rng.integers(len(self.rows), size=n)]


Law = Gaussian | AnyRow


def law_of(rows: Array, labels: bool, seed: int) -> Law:
    """The law with the mean and covariance of ``rows`` [n, d] (for n >= 2)."""
    if labels:
        return AnyRow(rows, seed)
    exact = rows.astype(np.float64)
    mean = exact.mean(axis=0)
    centred = (exact - mean) / np.sqrt(max(len(rows) - 1, 1))
    if len(centred) > centred.shape[1]:
        # As good a root of the covariance, with d rows instead of n.
        spread, directions = np.linalg.eigh(centred.T @ centred)
        centred = np.sqrt(spread.clip(min=0))[:, None] * directions.T
    return Gaussian(mean.astype(np.float32), centred.astype(np.float32), seed)
