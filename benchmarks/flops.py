"""Floating-point operations that the objective needs, whoever computes it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from bench.data.prepared import TrainingData
from bench.training.batches import all_windows


def sasrec_epoch(data: TrainingData, settings: Mapping[str, Any], max_length: int) -> float:
    """Operations of the matrix products of one epoch of SASRec in windows: forward, and twice that backward.

    Every token once, of the attention matrices only what is not masked. Softmax, norms, dropout and Adam are
    not counted: their time lowers the share of the machine that a training is said to use.
    """
    width, inner = settings["hidden_size"], settings["inner_size"]
    windows = all_windows(data, max_length)
    length = (windows.end - windows.begin).astype(np.float64)
    tokens, pairs = length.sum(), (length * (length + 1) / 2).sum()
    layer = tokens * (4 * width**2 + 2 * width * inner) + 2 * pairs * width
    output = data.n_targets * width * (data.n_items + 1)
    return float(3 * 2 * (settings["layers"] * layer + output))
