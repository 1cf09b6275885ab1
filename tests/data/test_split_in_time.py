"""The split at two moments for all users, against plain Python, and through a whole run."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from bench.analysis.notes import table_notes
from bench.cli.run import run
from bench.data.datasets import prepare_dataset
from bench.data.locked import load_test
from bench.data.prepared import load_catalogue, load_training
from bench.data.sources.base import INTERACTIONS, ITEMS, RawData
from bench.data.split import split
from bench.errors import DataError
from bench.results.index import read_index
from bench.results.query import load_cells
from bench.suite.dataset_settings import CutSettings

DAY = 86_400
Row = tuple[str, str, int]
MOMENTS = {"validation": "1970-01-11", "test": "1970-01-21"}  # days 10 and 20
LOGS = st.lists(
    st.tuples(st.sampled_from("uvwx"), st.sampled_from("abcde"), st.integers(0, 30)), min_size=1, max_size=40
)


def parts(rows: list[Row]) -> Any:
    table = [dict(zip(INTERACTIONS.names, (u, i, day * DAY), strict=True)) for u, i, day in rows]
    raw = RawData(pa.Table.from_pylist(table, schema=INTERACTIONS), pa.Table.from_pylist([], schema=ITEMS))
    return split(raw, CutSettings.model_validate({"split": MOMENTS}))


def named(found: Any, table: pa.Table) -> dict[str, list[str]]:
    users, items = found.read("users")["id"].to_pylist(), found.read("items")["id"].to_pylist()
    result: dict[str, list[str]] = {}
    for row in table.to_pylist():
        result.setdefault(users[row["user"]], []).append(items[row["item"] - 1])
    return result


def test_without_times_there_is_no_split_in_time() -> None:
    table = pa.Table.from_pylist([{"user": "u", "item": "i", "timestamp": 1}], schema=INTERACTIONS)
    raw = RawData(table, pa.Table.from_pylist([], schema=ITEMS), timed=False)
    with pytest.raises(DataError, match="have no times"):
        split(raw, CutSettings.model_validate({"split": MOMENTS}))


@given(rows=LOGS)
def test_parts_are_those_of_plain_python(rows: list[Row]) -> None:
    by_user: dict[str, list[Row]] = {}
    for row in rows:
        by_user.setdefault(row[0], []).append(row)
    train, held, test = {}, {}, {}
    for user, own in by_user.items():
        ordered = sorted(own, key=lambda row: row[2])
        if ordered[0][2] >= 10:
            continue
        train[user] = [i for _, i, day in ordered if day < 10]
        if between := [i for _, i, day in ordered if 10 <= day < 20]:
            held[user] = between
        if later := [i for _, i, day in ordered if day >= 20]:
            test[user] = later[:1]
    if not held or not test:
        with pytest.raises(DataError, match=r"leaves no (validation|test) target"):
            parts(rows)
        return
    found = parts(rows)
    assert named(found, found.read("train")) == train
    assert named(found, found.read("validation")) == held
    assert named(found, found.read("test")) == test
    used = Counter(i for each in (train, held, test) for items in each.values() for i in items)
    assert set(found.read("items")["id"].to_pylist()) == set(used)
    undecided = set()
    for user, own in by_user.items():
        for first, last in ((10, 20), (20, 31)):
            days = sorted(row[2] for row in own if first <= row[2] < last)
            if min(row[2] for row in own) < 10 and days.count(days[0] if days else 0) > 1:
                undecided.add(user)
    assert found.facts["users_split_within_a_moment"] == len(undecided)
    assert found.facts["interactions"] == used.total()
    assert (found.facts["validation_targets"], found.facts["test_targets"]) == (len(held), len(test))
    assert found.facts["users_dropped"] == len(by_user) - len(train)
    assert found.facts["later_training_share"] == 0  # what it is for


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A log of 60 users over 40 days in the data folder."""
    rng = np.random.default_rng(0)
    start = int(datetime(2020, 1, 1, tzinfo=UTC).timestamp())
    lines = [
        f"u{user},i{rng.integers(20)},{start + int(rng.integers(40 * DAY))}"
        for user in range(60)
        for _ in range(rng.integers(2, 12))
    ]
    (tmp_path / "log.csv").write_text("user_id,item_id,timestamp\n" + "\n".join(lines), encoding="utf-8")
    monkeypatch.setenv("BENCH_DATA", str(tmp_path))
    return tmp_path


SPLIT = {"validation": "2020-01-21", "test": "2020-01-31"}


def test_prepared_and_read_again(shop: Path) -> None:
    dataset = prepare_dataset("tables", "shop", {"interactions": "log.csv", "split": SPLIT}, shop / "home")
    data, test, ids = load_training(dataset), load_test(dataset), load_catalogue(dataset).ids
    log = [line.split(",") for line in (shop / "log.csv").read_text().splitlines()[1:]]
    validation, start = (
        int(datetime.fromisoformat(f"{SPLIT[k]}T00:00Z").timestamp()) for k in ("validation", "test")
    )
    assert dataset.in_time and not data.leave_one_out
    assert len(data.items) == sum(int(time) < validation for _, _, time in log)
    assert data.n_targets == dataset.audit["training_targets"] == len(data.items) - data.n_users
    targets = data.validation_targets()
    assert len(targets.users) == dataset.audit["validation_targets"]
    assert len(test.users) == dataset.audit["test_targets"] < data.n_users
    user = int(test.users[0])
    name = pq.read_table(dataset.folder / "users.parquet")["id"][user].as_py()
    own = sorted(((int(time), item) for who, item, time in log if who == name), key=lambda event: event[0])
    assert [ids[k - 1] for k in (*data.history(user), *data.held_out(user))] == [
        item for time, item in own if time < start
    ]
    assert ids[test.items[0] - 1] == next(item for time, item in own if time >= start)


SUITE = """
suite: in-time
datasets:
  - {{name: tables, label: shop, interactions: log.csv, split: {{validation: 2020-01-21, test: 2020-01-31}}}}
seeds: [1]
metrics: [Recall@10, NDCG@10]
training: {{epochs: 2, batch_size: 64, max_length: 8, threads: 1, scheme: {scheme}}}
defaults:
  attention: {{hidden_size: 8, layers: 1}}
models: [SASRec, GRU4Rec, Caser, BERT4Rec, Popularity, LastItem, Markov, recbole/GRU4Rec]
"""


@pytest.mark.parametrize("scheme", ["windows", "prefixes"])
def test_every_kind_of_model_runs_on_it(
    shop: Path, scheme: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(shop)
    monkeypatch.setenv("BENCH_HOME", str(shop / "home"))
    (shop / "in-time.yaml").write_text(SUITE.format(scheme=scheme), encoding="utf-8")
    results = shop / "results"
    code = run(
        "in-time.yaml", datasets=[], models=[], seeds=[], overrides=[], results=results, home=None, jobs=1,
        device="cpu", dry_run=False, fresh=False,
    )  # fmt: skip
    assert code == 1  # RecBole's alone
    cells = {cell.model: cell for cell in load_cells(results, "in-time")}
    assert {model for model, cell in cells.items() if cell.status != "done"} == {"recbole/GRU4Rec"}
    assert "cannot be given a split in time" in str(cells["recbole/GRU4Rec"].error)
    record = cells["SASRec"].record
    assert record is not None
    ranks = pq.read_table(results / "runs" / record.fingerprint / "ranks.parquet").to_pylist()
    [folder] = (shop / "home" / "datasets").glob("tables-*[0-9a-f]")
    expected = [(row["user"], row["item"]) for row in pq.read_table(folder / "test.parquet").to_pylist()]
    assert [(row["user"], row["item"]) for row in ranks if row["split"] == "test"] == expected
    notes = " ".join(table_notes(read_index(results, "in-time"), load_cells(results, "in-time")))
    assert "Test: split in time (training before 2020-01-21, test from 2020-01-31)" in notes
    assert "without an interaction before 2020-01-21 left out" in notes


def test_moments_are_in_order() -> None:
    with pytest.raises(ValidationError, match="validation 2020-02-01 is not before test 2020-01-01"):
        CutSettings.model_validate({"split": {"validation": "2020-02-01", "test": "2020-01-01"}})
    assert "split" not in CutSettings().model_dump()
