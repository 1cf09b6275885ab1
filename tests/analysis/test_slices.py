"""Slices of the test users: who belongs to them, on which data, and what is compared on them."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from typer.testing import CliRunner

from bench.analysis.comparison import ComparisonRow, comparison_rows
from bench.analysis.comparison_table import comparison_table
from bench.analysis.slices import FEWEST, KINDS, Slicing, halving_cut, history_lengths, training_counts
from bench.cli.main import app
from bench.data.prepared import Targets, TrainingData
from bench.errors import DataError, InputError
from bench.results.folder import write_ranks
from bench.results.query import CellResult
from tests.analysis.conftest import SHARES, USERS

RunJson = Callable[..., dict[str, Any]]


def array(*values: int) -> Any:
    return np.array(values, dtype=np.int64)


def test_by_hand() -> None:
    # Training parts: 1 1 2 | 1 3 | 2; validation 4, 4, 4; targets 1, 4, 5.
    data = TrainingData(3, 5, array(0, 3, 5, 6), array(1, 1, 2, 1, 3, 2), array(4, 4, 4))
    targets = Targets(array(0, 1, 2), array(1, 4, 5))
    assert training_counts(data, targets).tolist() == [3, 0, 0]
    assert history_lengths(data, targets).tolist() == [4, 3, 2]


def test_by_hand_with_a_split_in_time() -> None:
    # Between the two moments the first user did nothing, the second three things; the third has no target.
    data = TrainingData(
        3, 5, array(0, 3, 5, 6), array(1, 1, 2, 1, 3, 2), array(4, 4, 5, 1), array(0, 0, 3, 4)
    )
    targets = Targets(array(0, 1), array(4, 1))
    assert training_counts(data, targets).tolist() == [0, 3]
    assert history_lengths(data, targets).tolist() == [3, 5]


def rows_of(
    folder: Path, cells: list[CellResult], slicing: Slicing | None = None
) -> dict[tuple[str | None, str], ComparisonRow]:
    slicing = slicing or Slicing(KINDS)
    rows = comparison_rows(folder, cells, ["Recall@10"], "SASRec", 0.02, slicing)
    return {(row.slice, row.variant): row for row in rows}


def test_users_and_means_are_those_counted_on_the_lines(
    tmp_path: Path, cells: list[CellResult], sequences: dict[str, list[str]]
) -> None:
    """In plain Python, from the file alone: the last two items of a line are held out."""
    counts = Counter(item for items in sequences.values() for item in items[:-2])
    seen = [counts[items[-1]] for items in sequences.values()]
    before = [len(items) - 1 for items in sequences.values()]
    cut = min(sorted(set(before))[:-1], key=lambda length: abs(sum(n <= length for n in before) - USERS / 2))
    members = {
        "cold items": [n <= 4 for n in seen],
        "warm items": [n > 4 for n in seen],
        "short histories": [n <= cut for n in before],
        "long histories": [n > cut for n in before],
    }
    assert counts["held"] == 0 and all(members["cold items"][50:60])
    rows = rows_of(tmp_path, cells)
    assert {key[0] for key in rows} == set(members)
    for (name, variant), row in rows.items():
        inside = members[str(name)]
        assert row.users == sum(inside)
        places = [
            read_places(tmp_path, cell.fingerprint) for cell in cells if cell.model == variant and cell.record
        ]
        hits = [better < 10 for run in places for better, within in zip(run, inside, strict=True) if within]
        assert row.mean == pytest.approx(sum(hits) / len(hits))
    assert (
        rows["short histories", "Good"].rule
        == f"at most {cut} items before the target (the cut nearest to halves)"
    )
    assert rows["long histories", "Good"].rule == f"more than {cut} items before the target"
    assert rows["cold items", "Good"].rule == "at most 4 interactions with the target in the training part"


def read_places(results: Path, fingerprint: str | None) -> list[int]:
    import pyarrow.parquet as pq

    rows = pq.read_table(results / "runs" / str(fingerprint) / "ranks.parquet").to_pylist()
    return [row["better"] for row in rows if row["split"] == "test"]


def test_the_words_of_slices_and_their_one_family(tmp_path: Path, cells: list[CellResult]) -> None:
    rows = rows_of(tmp_path, cells)
    assert {key: rows[key].verdict for key in rows if key[1] == "Good"} == {
        ("cold items", "Good"): "not compared",
        ("warm items", "Good"): "better",
        ("short histories", "Good"): "better",
        ("long histories", "Good"): "better",
    }
    # Nobody's target is found by either: a sample that says nothing of how rare that is.
    assert rows["cold items", "Good"].reason == "both are 0 for every user and seed"
    assert rows["cold items", "Good"].mean == 0
    assert {row.family for row in rows.values() if row.p is not None} == {6}
    alone = rows_of(tmp_path, cells, Slicing(("history",)))
    assert {row.family for row in alone.values()} == {4}
    for key, row in alone.items():
        assert row.p is not None and (p := rows[key].p) is not None and p >= row.p
        assert (row.difference, row.low, row.high) == (
            rows[key].difference,
            rows[key].low,
            rows[key].high,
        )


def test_a_slice_of_everybody_is_no_part(tmp_path: Path, cells: list[CellResult]) -> None:
    [whole] = [
        r for r in comparison_rows(tmp_path, cells, ["Recall@10"], "SASRec", 0.02) if r.variant == "Good"
    ]
    rows = rows_of(tmp_path, cells, Slicing(("popularity", "history"), cold=10_000))
    part = rows["cold items", "Good"]
    assert (part.users, part.mean, part.difference) == (USERS, whole.mean, whole.difference)
    assert (part.verdict, part.p, part.reason) == ("not compared", None, "everybody is in it")
    empty = rows["warm items", "Good"]
    assert (empty.users, empty.mean, empty.p, empty.reason) == (0, None, None, "nobody is in it")
    # It is no member of the family either.
    assert {row.family for row in rows.values() if row.p is not None} == {4}


@pytest.mark.parametrize(
    ("lengths", "cut"),
    [
        ((1, 2, 3, 4), 2),
        ((5, 7, 9, 9, 9, 9), 7),  # the median, 9, would leave nobody above it
        ((2, 2, 2, 8), 2),
        ((3, 3, 3), 3),  # nothing to divide
    ],
)
def test_histories_are_cut_where_they_come_nearest_to_halves(lengths: tuple[int, ...], cut: int) -> None:
    assert halving_cut(array(*lengths)) == cut


def test_too_few_users_are_not_compared(tmp_path: Path, cells: list[CellResult]) -> None:
    sizes = {}
    for cold in range(10):
        row = rows_of(tmp_path, cells, Slicing(("popularity",), cold=cold))["cold items", "Good"]
        assert row.users is not None
        sizes[row.users] = row.reason
    few = {size: reason for size, reason in sizes.items() if size < FEWEST}
    assert few and all(reason == f"{size} users, fewer than {FEWEST}" for size, reason in few.items())
    assert not any("fewer" in (reason or "") for size, reason in sizes.items() if size >= FEWEST)


def test_without_a_run_of_the_baseline(tmp_path: Path, cells: list[CellResult]) -> None:
    missing = [
        replace(cell, status="missing", record=None) if cell.model == "SASRec" else cell for cell in cells
    ]
    rows = rows_of(tmp_path, missing)
    assert {row.reason for row in rows.values()} == {"baseline: no finished run"}
    assert len(rows) == 8 and {row.rule for row in rows.values()} == {""}


def test_runs_on_other_data_have_no_part_in_it(tmp_path: Path, cells: list[CellResult]) -> None:
    def elsewhere(cell: CellResult) -> CellResult:
        assert cell.record is not None
        inputs = cell.record.inputs
        other = inputs.model_copy(update={"dataset": inputs.dataset.model_copy(update={"hash": "other"})})
        return replace(cell, record=cell.record.model_copy(update={"inputs": other}))

    changed = [elsewhere(cell) if cell.model == "Good" else cell for cell in cells]
    rows = rows_of(tmp_path, changed)
    row = rows["warm items", "Good"]
    assert (row.reason, row.mean) == ("runs on different data", None)
    assert rows["warm items", "Same"].p is not None


def test_the_data_must_be_those_of_the_runs(
    tmp_path: Path, cells: list[CellResult], prepared: Callable[[], Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    away = Slicing(KINDS, home=tmp_path / "elsewhere")
    with pytest.raises(
        InputError, match=r"not prepared here \(bench data prepare 'sequences\[path=lines.txt\]'"
    ):
        rows_of(tmp_path, cells, away)
    with (tmp_path / "lines.txt").open("a", encoding="utf-8") as file:
        file.write("another i1 i2 i3 i4\n")
    with pytest.raises(InputError, match="not prepared here"):
        rows_of(tmp_path, cells)
    prepared()
    with pytest.raises(InputError, match=r"is not what run [0-9a-f]{16} read"):
        rows_of(tmp_path, cells)
    (tmp_path / "lines.txt").unlink()
    with pytest.raises(DataError, match="BENCH_DATA"):
        rows_of(tmp_path, cells)


def test_runs_must_have_the_same_targets(tmp_path: Path, cells: list[CellResult]) -> None:
    columns = {"user": range(USERS), "item": [1] * USERS, "better": [0] * USERS, "ties": [0] * USERS}
    file = tmp_path / "runs" / str(cells[4].fingerprint) / "ranks.parquet"
    write_ranks(file, {"validation": columns, "test": columns})
    with pytest.raises(DataError, match=r"different test targets.*--fresh"):
        rows_of(tmp_path, cells)


def test_the_table_says_who_is_in_a_slice(tmp_path: Path, cells: list[CellResult]) -> None:
    rows = rows_of(tmp_path, cells)
    users = rows["cold items", "Good"].users
    table = comparison_table(list(rows.values()))
    assert next(iter(table.blocks)) == f"lines, cold items ({users} users): Recall@10 beside SASRec"
    notes = "\n".join(table.notes)
    assert "the 6 comparisons of a metric, all slices together" in notes
    assert "cold items: at most 4 interactions with the target in the training part." in notes
    assert "lines, cold items: no variant was compared: both are 0 for every user and seed." in notes
    assert "does not show that the slices differ" in notes
    empty = comparison_table(list(rows_of(tmp_path, cells, Slicing(("popularity",), cold=999)).values()))
    assert [title.partition(" (")[0] for title in empty.blocks] == ["lines, cold items"]
    assert "lines, warm items: no variant was compared: nobody is in it." in empty.notes


def test_on_the_command_line(tmp_path: Path, cells: list[CellResult]) -> None:
    index = {
        "suite": "s",
        "metrics": ["Recall@10"],
        "seeds": [1, 2, 3],
        "datasets": ["lines"],
        "models": list(SHARES),
        "cells": [
            {
                "dataset": c.dataset,
                "model": c.model,
                "seed": c.seed,
                "status": "done",
                "fingerprint": c.fingerprint,
            }
            for c in cells
        ],
    }
    (tmp_path / "s").mkdir()
    (tmp_path / "s" / "index.json").write_text(json.dumps(index), encoding="utf-8")

    def call(*options: str) -> Any:
        return CliRunner().invoke(app, ["compare", "s", "--results", str(tmp_path), *options])

    rows = json.loads(call("--slice", "popularity", "--cold", "0", "--format", "json").stdout)
    assert {(row["slice"], row["rule"]) for row in rows} == {
        ("cold items", "at most 0 interactions with the target in the training part"),
        ("warm items", "more than 0 interactions with the target in the training part"),
    }
    assert sum({row["slice"]: row["users"] for row in rows}.values()) == USERS
    whole = json.loads(call("--format", "json").stdout)
    assert {(row["slice"], row["rule"], row["users"]) for row in whole} == {(None, None, USERS)}
    assert call("--slice", "history", "--format", "csv").stdout.splitlines()[0].endswith(",users,slice,rule")
    both = call("--slice", "history", "--slice", "popularity").stdout
    assert both.index("cold items (") < both.index("short histories (")
    refused = call("--cold", "3", "--slice", "history").exception
    assert isinstance(refused, InputError) and "add --slice popularity" in str(refused)
    assert call("--slice", "age").exit_code == 2
