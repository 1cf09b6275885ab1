"""Interactions of a given size, for measuring what a training costs where its data are not at hand."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from bench.data.prepared import TrainingData


@dataclass(frozen=True)
class Shape:
    """Sizes of a dataset whose users have at least five interactions."""

    name: str
    users: int
    items: int
    interactions: int


def generate(shape: Shape, seed: int = 0) -> TrainingData:
    """Interactions whose lengths above five are skewed and whose items follow a Zipf-like law."""
    rng = np.random.default_rng(seed)
    extra = shape.interactions - 5 * shape.users
    weights = rng.exponential(size=shape.users) ** 2  # a skewed tail: most users are short
    lengths = 5 + rng.multinomial(extra, weights / weights.sum())
    popularity = 1 / np.arange(1, shape.items + 1) ** 0.7
    drawn = rng.choice(shape.items, size=shape.interactions, p=popularity / popularity.sum()) + 1
    ends = np.cumsum(lengths)
    kept = np.ones(shape.interactions, dtype=bool)
    kept[ends - 1] = kept[ends - 2] = False  # held out: test and validation
    return TrainingData(
        n_users=shape.users,
        n_items=shape.items,
        offsets=np.concatenate([[0], np.cumsum(lengths - 2)]).astype(np.int64),
        items=drawn[kept].astype(np.int64),
        validation=drawn[ends - 2].astype(np.int64),
    )
