"""Which variants nobody outdoes."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
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
    assert (trained.mean, trained.clock, trained.seeds) == (0.1, "CPU", (1, 2))
    # 2.5 CPU seconds in 3.0 of wall time, of which 2.0 were training; 2.5 all but ranking the test.
    assert trained.seconds == pytest.approx(2.5 * 2.0 / 3.0)
    assert counted.seconds == pytest.approx(2.5 * 2.5 / 3.0)
    assert trained.front_seconds and not counted.front_seconds
    assert trained.processors == ("a processor",)


def test_a_failed_run_costs_nothing(run_json: Callable[..., dict[str, Any]]) -> None:
    record = RunRecord.model_validate_json(json.dumps(run_json("a" * 16)))
    cells = [
        CellResult("d", "A", 1, "done", "a" * 16, None, record, {"NDCG@10": 0.5}),
        CellResult("d", "B", 1, "failed", None, "diverged"),
    ]
    assert [row.variant for row in cost_rows(cells, ["NDCG@10"])] == ["A"]


def _run(record: dict[str, Any], model: str, gpu: str | None = None, **timings: float) -> CellResult:
    record["timings"] |= {"test_s": 0.0, **timings}
    record["provenance"] |= {"gpu": gpu, "threads": 2}
    read = RunRecord.model_validate_json(json.dumps(record))
    return CellResult("d", model, 1, "done", "a" * 16, None, read, {"NDCG@10": 0.5})


def test_a_busy_machine_makes_no_model_expensive(run_json: Callable[..., dict[str, Any]]) -> None:
    """Of two runs the one that waited for its cores took longer, and computed less."""
    cells = [
        _run(run_json("a" * 16), "waited", wall_s=100.0, train_s=100.0, cpu_s=80.0),
        _run(run_json("b" * 16), "alone", wall_s=60.0, train_s=60.0, cpu_s=120.0),
    ]
    waited, alone = cost_rows(cells, ["NDCG@10"])
    assert (waited.seconds, alone.seconds) == (40.0, 60.0)  # two threads
    assert waited.front_seconds and not alone.front_seconds


def test_wall_seconds_count_where_a_gpu_is_used(run_json: Callable[..., dict[str, Any]]) -> None:
    cells = [
        _run(run_json("a" * 16), "A", "H200", wall_s=10.0, train_s=9.0, cpu_s=80.0),
        _run(run_json("b" * 16), "B", wall_s=60.0, train_s=50.0, cpu_s=120.0),
    ]
    rows = cost_rows(cells, ["NDCG@10"])
    assert [(row.clock, row.seconds) for row in rows] == [("wall", 9.0), ("wall", 50.0)]


points = st.lists(st.tuples(st.integers(0, 5), st.integers(1, 5)), min_size=1, max_size=12)


@given(points)
def test_the_front_by_brute_force(found: list[tuple[int, int]]) -> None:
    rows = [
        CostRow("d", "m", str(n), mean / 5, None, "CPU", float(cost), cost, (1,), ())
        for n, (mean, cost) in enumerate(found)
    ]
    marked = [_with_fronts(row, rows) for row in rows]
    for row, (mean, cost) in zip(marked, found, strict=True):
        outdone = any((m > mean and c <= cost) or (m >= mean and c < cost) for m, c in found)
        assert row.front_seconds is (not outdone)
        assert row.front_parameters is (not outdone)
    assert any(row.front_seconds for row in marked)
