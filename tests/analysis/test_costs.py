"""Which variants nobody outdoes."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from bench.analysis.costs import CostRow, _with_fronts, cost_rows
from bench.results.query import CellResult, load_cells
from bench.results.records import RunRecord


def test_rows(handmade: Path) -> None:
    rows = {
        (row.dataset, row.variant): row for row in cost_rows(load_cells(handmade, "handmade"), ["NDCG@10"])
    }
    trained, counted = rows["ml-100k", "SASRec"], rows["ml-100k", "Popularity"]
    assert (trained.mean, trained.seconds, trained.seeds) == (0.1, 2.0, (1, 2))  # epochs with validation
    assert counted.seconds == 2.5  # of a model that counts, all but ranking the test: 3.0 - 0.5
    assert trained.front_seconds and not counted.front_seconds
    assert trained.processors == ("a processor",)


def test_a_failed_run_costs_nothing(run_json: Callable[..., dict[str, Any]]) -> None:
    record = RunRecord.model_validate_json(json.dumps(run_json("a" * 16)))
    cells = [
        CellResult("d", "A", 1, "done", "a" * 16, None, record, {"NDCG@10": 0.5}),
        CellResult("d", "B", 1, "failed", None, "diverged"),
    ]
    assert [row.variant for row in cost_rows(cells, ["NDCG@10"])] == ["A"]


points = st.lists(st.tuples(st.integers(0, 5), st.integers(1, 5)), min_size=1, max_size=12)


@given(points)
def test_the_front_by_brute_force(found: list[tuple[int, int]]) -> None:
    rows = [
        CostRow("d", "m", str(n), mean / 5, None, float(cost), cost, (1,), ())
        for n, (mean, cost) in enumerate(found)
    ]
    marked = [_with_fronts(row, rows) for row in rows]
    for row, (mean, cost) in zip(marked, found, strict=True):
        outdone = any((m > mean and c <= cost) or (m >= mean and c < cost) for m, c in found)
        assert row.front_seconds is (not outdone)
        assert row.front_parameters is (not outdone)
    assert any(row.front_seconds for row in marked)
