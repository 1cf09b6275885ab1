"""Means and spreads against hand-worked and numpy's values, and the status of incomplete cells."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.analysis.tables import TableRow, table_rows
from bench.results.query import CellResult, load_cells


def rows(results: Path) -> dict[tuple[str, str, str], TableRow]:
    found = table_rows(load_cells(results, "handmade"), ["Recall@10", "NDCG@10"])
    return {(row.dataset, row.model, row.metric): row for row in found}


def test_two_seeds_by_hand(handmade: Path) -> None:
    row = rows(handmade)["ml-100k", "SASRec", "Recall@10"]
    assert row.mean == pytest.approx(0.2)
    # (0.1 - 0.2)^2 + (0.3 - 0.2)^2 = 0.02, over n - 1 = 1
    assert row.sd == pytest.approx(0.02**0.5)
    assert (row.seeds, row.values, row.failed, row.status) == ((1, 2), (0.1, 0.3), (), "done")
    assert row.encoders == {}


def test_one_seed_left_has_no_spread_and_names_the_failed_one(handmade: Path) -> None:
    row = rows(handmade)["toyshop[image=1]", "SASRec", "NDCG@10"]
    assert (row.mean, row.sd, row.seeds, row.failed, row.status) == (0.25, None, (1,), (2,), "partial")
    assert row.encoders == {"image": "colour-edge(grid=2)"}


def test_a_cell_that_was_never_run(handmade: Path) -> None:
    row = rows(handmade)["toyshop[image=1]", "Popularity", "Recall@10"]
    assert (row.mean, row.values, row.failed, row.status) == (None, (), (), "missing")


def test_every_run_failed() -> None:
    cells = [CellResult("d", "m", 1, "failed", error="x"), CellResult("d", "m", 2, "lost", error="y")]
    [row] = table_rows(cells, ["MRR"])
    assert (row.mean, row.failed, row.status) == (None, (1, 2), "failed")


def test_rows_keep_the_suites_order(handmade: Path) -> None:
    assert list(rows(handmade))[:3] == [
        ("ml-100k", "SASRec", "Recall@10"),
        ("ml-100k", "SASRec", "NDCG@10"),
        ("ml-100k", "Popularity", "Recall@10"),
    ]


@given(st.lists(st.floats(0, 1), min_size=2, max_size=8))
def test_mean_and_spread_are_numpys(values: list[float]) -> None:
    cells = [CellResult("d", "m", seed, "done", metrics={"MRR": v}) for seed, v in enumerate(values)]
    [row] = table_rows(cells, ["MRR"])
    assert row.mean == pytest.approx(np.mean(values), abs=1e-12)
    assert row.sd == pytest.approx(np.std(values, ddof=1), abs=1e-12)
