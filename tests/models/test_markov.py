"""Markov, worked by hand and against a plain count."""

from __future__ import annotations

from collections import Counter
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.data.prepared import TrainingData
from bench.models.base import ModelContext
from bench.models.batch import pack
from bench.models.building import build


def fitted(rows, n_items=30):
    offsets = np.cumsum([0, *map(len, rows)])
    data = TrainingData(
        len(rows), n_items, offsets, np.concatenate(rows).astype(np.int64), np.ones(len(rows), np.int64)
    )
    model = build("Markov", {}, ModelContext(n_items, len(rows), 10))
    model.fit(data)
    return model


def scores_after(model, *items):
    rows = [np.array([item]) for item in items]
    at = np.array([[r, 0] for r in range(len(rows))])
    return model.scores(pack(rows, at, np.arange(len(rows)))).numpy()


def test_counts_transitions_and_breaks_ties_by_popularity():
    # 1 -> 2 twice, 1 -> 3 once; none from 2 to 1 across the two users. Popularity: 1, 2 and 3 twice each.
    scores = scores_after(fitted([[1, 2], [1, 2, 1, 3, 3]]), 1, 30)
    assert scores[0, :5].tolist() == pytest.approx([0, 3 / 4, 2 + 2 / 4, 1 + 2 / 4, 0])
    assert scores[1, :5].tolist() == pytest.approx([0, 3 / 4, 2 / 4, 2 / 4, 0])


@given(st.lists(st.lists(st.integers(1, 6), min_size=1, max_size=8), min_size=1, max_size=5))
def test_whole_part_is_the_number_of_transitions(rows):
    scores = scores_after(fitted(rows, n_items=6), *range(1, 7))
    expected = Counter((a, b) for row in rows for a, b in pairwise(row))
    popularity = Counter(item for row in rows for item in row)
    for last in range(1, 7):
        for item in range(1, 7):
            assert np.floor(scores[last - 1, item]) == expected[last, item]
        order = sorted(range(1, 7), key=lambda i: (expected[last, i], popularity[i]))
        assert (np.diff(scores[last - 1, order]) >= 0).all()


def test_a_large_catalogue_is_stored_sparsely():
    rng = np.random.default_rng(0)
    model = fitted(rng.integers(1, 120_001, (1000, 5)).tolist(), n_items=120_000)
    assert sum(b.numel() for b in model.buffers()) < 300_000
    assert scores_after(model, 1, 2).shape == (2, 120_001)
