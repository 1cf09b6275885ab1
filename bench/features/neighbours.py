"""Nearest items by their features, and whether users buy them one after the other."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from bench.data.prepared import TrainingData
from bench.features.table import ItemFeatures

Ints = npt.NDArray[np.int64]

_ROWS = 512  # items at a time
SHUFFLES = 20


def nearest(features: ItemFeatures, k: int) -> tuple[Ints, Ints]:
    """The ``k`` nearest items by cosine of every item that has this content, the nearest first.

    Ties go to the smaller number. Rows of zeros are like no other: they stand neither left nor right.

    Returns:
        items [m] and their neighbours [m, k], both as item numbers (1..n); k is cut to m - 1.
    """
    lengths = np.linalg.norm(features.values.astype(np.float64), axis=1)
    items = np.flatnonzero(features.present & (lengths > 0))
    unit = (features.values[items] / lengths[items, None]).astype(np.float32)
    k = min(k, max(len(items) - 1, 0))
    found = np.zeros((len(items), k), dtype=np.int64)
    for start in range(0, len(items), _ROWS):
        rows = np.arange(start, min(start + _ROWS, len(items)))
        likeness = unit[rows] @ unit.T
        likeness[np.arange(len(rows)), rows] = -np.inf
        found[rows] = np.argsort(-likeness, axis=1, kind="stable")[:, :k]
    return items, items[found]


def followed(training: TrainingData) -> set[tuple[int, int]]:
    """Pairs of different items, the smaller number first, that some user had one right after the other."""
    same = np.repeat(np.arange(training.n_users), np.diff(training.offsets))
    pairs = np.stack([training.items[:-1], training.items[1:]], axis=1)[same[:-1] == same[1:]]
    pairs = np.sort(pairs[pairs[:, 0] != pairs[:, 1]], axis=1)
    return {(int(a), int(b)) for a, b in np.unique(pairs, axis=0)}


def agreement(
    items: Ints, neighbours: Ints, pairs: set[tuple[int, int]], seed: int = 0
) -> tuple[float, float]:
    """The share of neighbours that are in ``pairs`` with their item, and what it would be by chance.

    Chance keeps every list of neighbours and gives it to another item (`SHUFFLES` times): so the frequent
    items that features may favour count on both sides.

    Args:
        items: [m].
        neighbours: [m, k].
        pairs: of `followed`.
        seed: of the shuffles.
    """
    if not neighbours.size:
        return 0.0, 0.0
    random = np.random.default_rng(seed)
    found = _share(items, neighbours, pairs)
    by_chance = [_share(random.permutation(items), neighbours, pairs) for _ in range(SHUFFLES)]
    return found, float(np.mean(by_chance))


def _share(items: Ints, neighbours: Ints, pairs: set[tuple[int, int]]) -> float:
    low = np.minimum(items[:, None], neighbours).ravel()
    high = np.maximum(items[:, None], neighbours).ravel()
    hits = sum((int(a), int(b)) in pairs for a, b in zip(low, high, strict=True))
    return hits / len(low)
