"""Intervals of means over seeds, beside SciPy's."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from bench.analysis.bars import bar_rows, seed_interval
from bench.results.query import CellResult, load_cells
from bench.results.records import RunRecord


@given(st.lists(st.floats(0, 1), min_size=2, max_size=10))
def test_the_interval_is_scipys(values: list[float]) -> None:
    spread = np.std(values, ddof=1)
    expected = stats.t.interval(
        0.95, len(values) - 1, np.mean(values), max(spread, 1e-300) / np.sqrt(len(values))
    )
    assert seed_interval(values) == pytest.approx(expected, abs=1e-9)


def test_rows(handmade: Path) -> None:
    rows = bar_rows(load_cells(handmade, "handmade"), ["Recall@10"])
    assert [(r.dataset, r.variant, r.reads, r.mean, r.values) for r in rows] == [
        ("ml-100k", "SASRec", (), 0.2, (0.1, 0.3)),
        ("ml-100k", "Popularity", (), 0.02, (0.02, 0.02)),
        ("toyshop[image=1]", "SASRec", ("image",), 0.5, (0.5,)),
    ]
    assert not any(row.reference for row in rows)
    assert rows[2].low is None and rows[2].high is None  # one seed tells nothing of others


def test_models_of_the_reference(run_json: Callable[..., dict[str, Any]]) -> None:
    """Their runs name no features, whatever they read: RecBole's SASRecF reads categories."""
    record = run_json("a" * 16)
    record["spec"]["variant"] |= {"name": "recbole/SASRecF", "label": "theirs"}
    read = RunRecord.model_validate_json(json.dumps(record))
    cell = CellResult("d", "theirs", 1, "done", "a" * 16, None, read, {"MRR": 0.5})
    assert [(row.reads, row.reference) for row in bar_rows([cell], ["MRR"])] == [((), True)]
