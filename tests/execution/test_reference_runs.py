"""RecBole's models as runs of a suite."""

from __future__ import annotations

import hashlib
import json
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import pytest

from bench.execution import plan
from bench.suite.expansion import expand
from bench.suite.reader import Document
from bench.suite.schema import check_suite

Bench = Callable[..., "subprocess.CompletedProcess[str]"]

SUITE = """\
suite: tiny
datasets: [{name: toyshop, label: shop, users: 61, items: 40, image: 1}]
seeds: [1]
metrics: [Recall@10, NDCG@10]
training: {epochs: 2, batch_size: 64, max_length: 10, device: cpu}
models: [recbole/GRU4Rec]
"""


def the_run(results: Path) -> tuple[dict[str, Any], Path]:
    (folder,) = (p for p in (results / "runs").iterdir() if not p.name.startswith("."))
    return json.loads((folder / "run.json").read_text()), folder


def poison(home: Path) -> None:
    """Make item 1 every user's test target."""
    (facts_file,) = (
        file for file in home.glob("datasets/*/dataset.json") if json.loads(file.read_text())["users"] == 61
    )
    file = facts_file.with_name("test.parquet")
    table = pq.read_table(file)
    column = table.column_names.index("item")
    items = np.ones_like(table["item"].to_numpy())
    pq.write_table(table.set_column(column, "item", [items]), file)
    facts = json.loads(facts_file.read_text())
    facts["files"]["test.parquet"] = hashlib.sha256(file.read_bytes()).hexdigest()
    facts_file.write_text(json.dumps(facts))


@pytest.mark.requires("recbole")
def test_a_run_of_recbole_is_a_run_like_others_and_sees_no_test_target(
    tmp_path: Path, bench: Bench, here: Bench, home: Path
) -> None:
    (tmp_path / "tiny.yaml").write_text(SUITE, encoding="utf-8")
    shown = bench("run", "tiny.yaml")
    record, folder = the_run(tmp_path / "results")
    assert "recbole/GRU4Rec seed 1: validation NDCG@10" in shown.stderr
    assert "RecBole's own rows and Trainer" in shown.stdout
    assert record["identity"]["packages"]["recbole"] == record["provenance"]["packages"]["recbole"]
    assert record["training"]["epochs"] == 2
    assert record["training"]["targets"] > 0
    assert {"saved", "log", "output.txt"} <= {file.name for file in (folder / "recbole").iterdir()}
    assert len((folder / "history.csv").read_text().splitlines()) == 3
    poison(home)
    here("run", "tiny.yaml", "--results", "poisoned")
    poisoned, other = the_run(tmp_path / "poisoned")
    assert (folder / "model.safetensors").read_bytes() == (other / "model.safetensors").read_bytes()
    assert record["metrics"]["validation"] == poisoned["metrics"]["validation"]
    assert record["metrics"]["test"] != poisoned["metrics"]["test"]


def test_without_recbole_the_cell_fails_with_a_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(plan, "recbole_folder", lambda: None)
    document = Document(
        data={
            "suite": "tiny",
            "datasets": [{"name": "toyshop", "users": 30, "items": 20}],
            "seeds": [1],
            "metrics": ["MRR"],
            "models": ["recbole/SASRec", "Popularity"],
        },
        file="tiny.yaml",
    )
    reference, popularity = plan.Planner(tmp_path / "results", tmp_path / "home").plan(
        expand(check_suite(document))
    )
    assert reference.paths is None
    assert reference.error is not None
    assert reference.error.startswith(
        "recbole/SASRec needs RecBole, which is not installed: it can be had on Python 3.11 alone"
    )
    assert popularity.paths is not None
