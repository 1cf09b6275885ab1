"""Bins of the test users, and what each variant does in them."""

from __future__ import annotations

import itertools

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from bench.analysis.lengths import BINS, FEWEST, bins


@given(st.lists(st.integers(0, 30), min_size=1, max_size=600))
def test_bins_divide_the_users_in_order(values: list[int]) -> None:
    found = bins(np.array(values))
    assert np.stack(found).sum(axis=0).tolist() == [1] * len(values)  # each user is in one
    assert 1 <= len(found) <= BINS
    sizes = [int(users.sum()) for users in found]
    assert min(sizes) >= min(FEWEST, len(values))
    inside = [np.array(values)[users] for users in found]
    assert all(one.max() < other.min() for one, other in itertools.pairwise(inside))


def test_bins_of_even_values_are_even() -> None:
    found = bins(np.repeat(np.arange(60), 10))
    assert [int(users.sum()) for users in found] == [100] * 6


def test_one_value_is_one_bin() -> None:
    assert [users.all() for users in bins(np.full(500, 3))] == [True]
