"""Ranges of unequal length."""

from __future__ import annotations

import torch
from hypothesis import given
from hypothesis import strategies as st

from bench.models.ragged import ranges


@given(st.lists(st.tuples(st.integers(0, 50), st.integers(0, 5)), max_size=8))
def test_ranges(pairs):
    starts, counts = torch.tensor(pairs, dtype=torch.int64).reshape(-1, 2).unbind(1)
    row, value = ranges(starts, counts)
    expected = [(r, v) for r, (s, n) in enumerate(pairs) for v in range(s, s + n)]
    assert list(zip(row.tolist(), value.tolist(), strict=True)) == expected
