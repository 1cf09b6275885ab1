"""Scaling of dense features, the same for every encoder.

The histograms and TF-IDF vectors of the light encoders are short and share a large mean; attention scores
start from their products, so that unscaled they would move little before training ends. Scaled columns
have the size of a trained network's activations.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt


def standardise(
    values: npt.NDArray[np.float32], present: npt.NDArray[np.bool_], mode: str
) -> npt.NDArray[np.float32]:
    """The features scaled: [n, d] float32, rows of missing items zero.

    Args:
        values: [n, d].
        present: [n] bool; statistics are taken over these rows only.
        mode: ``none``; ``l2``: rows of unit Euclidean length (rows of zeros stay); ``zscore``: columns of
            mean 0 and standard deviation 1 (constant columns become 0).
    """
    if mode == "none":
        return values
    used = values[present].astype(np.float64)
    if mode == "l2":
        scale = np.linalg.norm(used, axis=1, keepdims=True)
        used = used / np.where(scale > 0, scale, 1)
    elif mode == "zscore":
        deviation = used.std(axis=0)
        # A constant column's deviation is rounding error, which must not be blown up to size one.
        constant = deviation <= 1e-7 * np.abs(used).max(axis=0, initial=0)
        used = np.where(constant, 0, (used - used.mean(axis=0)) / np.where(constant, 1, deviation))
    else:
        raise ValueError(f"no standardisation {mode!r}")
    scaled = np.zeros_like(values)
    scaled[present] = used
    return scaled
