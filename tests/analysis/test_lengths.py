"""Bins of the test users, and what each variant does in them."""

from __future__ import annotations

import itertools
import json
from collections import Counter
from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.analysis.lengths import BINS, FEWEST, bin_rows, bins
from bench.errors import DataError
from bench.results.query import CellResult
from tests.analysis.conftest import SHARES


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


@pytest.mark.parametrize("before", [300, 320])
def test_a_number_that_most_have_is_a_bin_of_its_own(before: int) -> None:
    """As the longest history where `last` cuts them off. With 320, too few for a bin are left before it."""
    values = np.concatenate([np.repeat(np.arange(before // 10), 10), np.full(612, 99)])
    found = bins(values)
    assert set(values[found[-1]].tolist()) == {99} and found[-1].sum() == 612
    assert len(found) >= 3 and max(users.sum() for users in found[:-1]) < 200


def test_one_value_is_one_bin() -> None:
    assert [users.all() for users in bins(np.full(500, 3))] == [True]


def test_rows_are_those_counted_on_the_lines(
    tmp_path: Path, cells: list[CellResult], sequences: dict[str, list[str]]
) -> None:
    """In plain Python, from the lines and the places: the last two items of a line are held out."""
    counts = Counter(item for items in sequences.values() for item in items[:-2])
    values = {
        "history": [len(items) - 1 for items in sequences.values()],
        "popularity": [counts[items[-1]] for items in sequences.values()],
    }
    rows = bin_rows(tmp_path, cells, ["Recall@10"])
    assert {row.variant for row in rows} == set(SHARES) and {row.kind for row in rows} == set(values)
    for row in rows:
        inside = [user for user, value in enumerate(values[row.kind]) if row.low <= value <= row.high]
        assert row.users == len(inside) >= FEWEST
        means = []
        for cell in cells:
            if cell.model == row.variant:
                table = pq.read_table(tmp_path / "runs" / str(cell.fingerprint) / "ranks.parquet").to_pylist()
                better = {each["user"]: each["better"] for each in table if each["split"] == "test"}
                means.append(sum(better[user] < 10 for user in inside) / len(inside))
        assert row.mean == pytest.approx(sum(means) / 3)
        assert row.sd == pytest.approx(np.std(means, ddof=1))
    for kind in values:
        assert sum(row.users for row in rows if row.kind == kind and row.variant == "Good") == len(sequences)


def test_runs_on_different_data(tmp_path: Path, cells: list[CellResult]) -> None:
    record = cells[0].record
    assert record is not None
    other = json.loads(record.model_dump_json())
    other["inputs"]["dataset"]["hash"] = "another"
    changed = [replace(cells[0], record=type(record).model_validate(other)), *cells[1:]]
    with pytest.raises(DataError, match="the runs on lines read different data"):
        bin_rows(tmp_path, changed, ["Recall@10"])
