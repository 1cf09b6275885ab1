"""Cells with their runs, metrics from ranks, and runs by name."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from bench.errors import DataError, InputError
from bench.results.folder import write_ranks
from bench.results.index import read_index
from bench.results.query import cells_of, find_run, load_cells, runs_of_cell, suites_using
from bench.results.records import read_record
from bench.results.values import test_metrics as metrics_of_test  # pytest would collect its own name


def test_cells_come_in_the_suites_order_with_their_states(handmade: Path) -> None:
    found = [(c.dataset, c.model, c.seed, c.status) for c in load_cells(handmade, "handmade")]
    assert found == [
        ("ml-100k", "SASRec", 1, "done"),
        ("ml-100k", "SASRec", 2, "done"),
        ("ml-100k", "Popularity", 1, "done"),
        ("ml-100k", "Popularity", 2, "done"),
        ("toyshop[image=1]", "SASRec", 1, "done"),
        ("toyshop[image=1]", "SASRec", 2, "failed"),
        ("toyshop[image=1]", "Popularity", 1, "missing"),
        ("toyshop[image=1]", "Popularity", 2, "missing"),
    ]


def test_vanished_and_damaged_runs_are_states(handmade: Path) -> None:
    shutil.rmtree(handmade / "runs" / ("a" * 16))
    (handmade / "runs" / ("b" * 16) / "run.json").write_text("{", encoding="utf-8")
    lost, damaged = load_cells(handmade, "handmade")[:2]
    assert (lost.status, damaged.status) == ("lost", "damaged")
    assert lost.error is not None and "aaaaaaaaaaaaaaaa is no longer in" in lost.error
    assert damaged.error is not None and "is damaged" in damaged.error
    assert lost.record is None and dict(damaged.metrics) == {}


def test_a_metric_that_was_not_recorded_comes_from_the_ranks(handmade: Path) -> None:
    folder = handmade / "runs" / ("a" * 16)
    # Test places 1, 3 and 2 or 3 (one tie): MRR = (1 + 1/3 + (1/2 + 1/3) / 2) / 3.
    test = {"user": [0, 1, 2], "item": [1, 2, 3], "better": [0, 2, 1], "ties": [0, 0, 1]}
    validation = {"user": [0, 1, 2], "item": [1, 2, 3], "better": [9, 9, 9], "ties": [0, 0, 0]}
    write_ranks(folder / "ranks.parquet", {"validation": validation, "test": test})
    values = metrics_of_test(handmade, read_record(handmade, "a" * 16), ["MRR", "Recall@10"])
    assert values["MRR"] == pytest.approx((1 + 1 / 3 + 5 / 12) / 3)
    assert values["Recall@10"] == 0.1  # as recorded


@pytest.mark.parametrize("metrics", [("Recall@10",), ("Recall@10", "MRR")])
def test_a_run_without_its_ranks_is_damaged_whatever_was_recorded(
    handmade: Path, metrics: tuple[str, ...]
) -> None:
    (handmade / "runs" / ("a" * 16) / "ranks.parquet").unlink()
    index = read_index(handmade, "handmade").model_copy(update={"metrics": metrics})
    first, second = cells_of(handmade, index)[:2]
    assert (first.status, second.status) == ("damaged", "done")
    assert first.error is not None and "ranks.parquet is missing" in first.error


def test_what_the_system_does_not_give_is_unreadable(handmade: Path) -> None:
    for digit, name in (("a", "run.json"), ("b", "ranks.parquet")):
        file = handmade / "runs" / (digit * 16) / name
        file.unlink()
        file.mkdir()
    for cell in load_cells(handmade, "handmade")[:2]:
        assert cell.status == "unreadable"
        assert cell.error is not None and "cannot be read" in cell.error and "damaged" not in cell.error


def test_additions_have_cells_only_where_they_were_asked_for(handmade: Path) -> None:
    """Popularity was added on ml-100k with one of two seeds: nothing is missing on toyshop."""
    index = read_index(handmade, "handmade")
    cells = tuple(c for c in index.cells if (c.model, c.seed) != ("Popularity", 2))
    added = index.model_copy(update={"added_models": ("Popularity",), "cells": cells})
    found = [(c.dataset, c.seed, c.status) for c in cells_of(handmade, added) if c.model == "Popularity"]
    assert found == [("ml-100k", 1, "done"), ("ml-100k", 2, "missing")]


def test_ranks_of_validation_alone_are_not_taken_for_test(handmade: Path) -> None:
    columns = {"user": [0], "item": [1], "better": [0], "ties": [0]}
    write_ranks(handmade / "runs" / ("a" * 16) / "ranks.parquet", {"validation": columns})
    with pytest.raises(DataError, match="no test ranks"):
        metrics_of_test(handmade, read_record(handmade, "a" * 16), ["MRR"])


@pytest.mark.parametrize("name", ["a", "aaaa", "a" * 16, "handmade/ml-100k/SASRec/1"])
def test_a_run_by_name(handmade: Path, name: str) -> None:
    assert find_run(handmade, name).fingerprint == "a" * 16


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("", "has no run ''"),
        ("f", "has no run 'f'"),
        ("handmade/ml-100k/SASRec/9", "no run 'ml-100k/SASRec/9'.*handmade/ml-100k/SASRec/1"),
        ("handmade/toyshop[image=1]/SASRec/2", "failed: the loss is not finite"),
        ("nosuch/a/b/1", "no results of suite 'nosuch'"),
    ],
)
def test_a_wrong_name_is_explained(handmade: Path, name: str, says: str) -> None:
    with pytest.raises(InputError, match=says):
        find_run(handmade, name)


def test_an_ambiguous_prefix_lists_the_runs(handmade: Path, run_json: Callable[..., dict[str, Any]]) -> None:
    other = "a" * 15 + "0"
    (handmade / "runs" / other).mkdir()
    (handmade / "runs" / other / "run.json").write_text(json.dumps(run_json(other)), encoding="utf-8")
    with pytest.raises(InputError, match=f"begins 2 fingerprints: {other}, {'a' * 16}"):
        find_run(handmade, "aa")
    (handmade / "runs" / ("b" * 16) / "run.json").write_text("damaged", encoding="utf-8")
    assert [r.fingerprint for r in runs_of_cell(handmade, find_run(handmade, "a" * 16))] == [other]


def test_unfinished_work_is_no_run(handmade: Path) -> None:
    work = handmade / "runs" / ".work"
    work.mkdir()
    shutil.copy(handmade / "runs" / ("a" * 16) / "run.json", work / "run.json")
    with pytest.raises(InputError, match=r"has no run '\.work'"):
        find_run(handmade, ".work")


def test_the_suites_that_use_a_run(handmade: Path) -> None:
    assert suites_using(handmade, "a" * 16) == ["handmade"]
    assert suites_using(handmade, "f" * 16) == []
