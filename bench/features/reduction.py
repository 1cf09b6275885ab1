"""Fewer dimensions for dense features: principal components (Pearson 1901)."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt


def reduce(
    values: npt.NDArray[np.float32], present: npt.NDArray[np.bool_], dimensions: int
) -> npt.NDArray[np.float32]:
    """[n, k] of [n, d]: projections on the directions of largest variance, rows of missing items zero.

    Args:
        values: [n, d].
        present: [n] bool; mean and directions are taken over these rows only.
        dimensions: k at most; d, or one less than the present rows, where that is smaller.
    """
    from sklearn.decomposition import PCA

    used = values[present].astype(np.float64)
    k = min(dimensions, used.shape[1], max(len(used) - 1, 1))
    # The full decompositions have no random part; that of the covariance is quick for many rows.
    solver = "covariance_eigh" if len(used) > used.shape[1] else "full"
    found = PCA(n_components=k, svd_solver=solver).fit_transform(used)
    reduced = np.zeros((len(values), k), dtype=np.float32)
    reduced[present] = found
    return reduced
