"""How many rows of scores go at a time."""

from __future__ import annotations

import pytest

from bench.models.chunks import ALIGNED, CACHE_BYTES, MOST_BYTES, MOST_ROWS, chunk_rows


@pytest.mark.parametrize(
    ("row_bytes", "rows"),
    [
        (1, MOST_ROWS),
        (CACHE_BYTES // 300, 256),  # 300 would fit
        (CACHE_BYTES // 40, ALIGNED),  # too few for good products: beyond the home, then
        (MOST_BYTES // 10, 10),  # but not beyond the memory
        (MOST_BYTES * 2, 1),
    ],
)
def test_as_many_as_fit(row_bytes: int, rows: int) -> None:
    assert chunk_rows(row_bytes, "cpu") == rows


def test_an_accelerator_takes_more() -> None:
    assert chunk_rows(44_012, "cuda") > 8 * chunk_rows(44_012, "cpu")  # 11,003 classes
