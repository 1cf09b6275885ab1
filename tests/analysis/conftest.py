"""Results on a dataset of a few lines, whose users and items can be counted by hand."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from bench.analysis.slices import COLD
from bench.data.datasets import prepare_dataset
from bench.data.prepared import load_catalogue
from bench.results.folder import write_ranks
from bench.results.query import CellResult
from bench.results.records import read_record

RunJson = Callable[..., dict[str, Any]]
USERS = 200
OPTIONS = {"path": "lines.txt", "attributes": None}
# Share of the targets that are found, of cold and of warm items.
SHARES = {"SASRec": (0.0, 0.3), "Good": (0.0, 0.6), "Same": (0.0, 0.3)}


@pytest.fixture
def sequences() -> dict[str, list[str]]:
    """Users with 4 to 12 items each, popular ones rather than others.

    `held` is only ever held out: the validation item of the first fifty users and the target of the next ten.
    """
    rng = np.random.default_rng(3)
    found = {}
    for user in range(USERS):
        items = [f"i{n}" for n in np.minimum(rng.geometric(0.04, size=rng.integers(4, 13)), 120)]
        if user < 50:
            items[-2] = "held"
        elif user < 60:
            items[-1] = "held"
        found[f"u{user}"] = items
    return found


@pytest.fixture
def prepared(
    tmp_path: Path, sequences: dict[str, list[str]], monkeypatch: pytest.MonkeyPatch
) -> Callable[[], Any]:
    monkeypatch.setenv("BENCH_DATA", str(tmp_path))
    monkeypatch.setenv("BENCH_HOME", str(tmp_path / "home"))
    lines = [" ".join([user, *items]) for user, items in sequences.items()]
    (tmp_path / "lines.txt").write_text("\n".join(lines) + "\n", encoding="utf-8")
    return lambda: prepare_dataset("sequences", "lines", OPTIONS)


@pytest.fixture
def cells(
    tmp_path: Path, run_json: RunJson, prepared: Callable[[], Any], sequences: dict[str, list[str]]
) -> list[CellResult]:
    """Three models, three seeds, on the prepared sequences."""
    dataset = prepared()
    numbers = {name: at + 1 for at, name in enumerate(load_catalogue(dataset).ids)}
    counts = Counter(item for items in sequences.values() for item in items[:-2])
    cold = np.array([counts[items[-1]] <= COLD for items in sequences.values()])
    rng = np.random.default_rng(0)
    found = []
    for at, (model, seed) in enumerate((m, s) for m in SHARES for s in (1, 2, 3)):
        hits = rng.random(USERS) < np.where(cold, *SHARES[model])
        columns = {
            "user": range(USERS),
            "item": [numbers[items[-1]] for items in sequences.values()],
            "better": np.where(hits, 0, 99).tolist(),
            "ties": [0] * USERS,
        }
        record = run_json(f"{at:016x}", "lines", model, seed, test={"Recall@10": float(hits.mean())})
        record["spec"]["dataset"] = {"name": "sequences", "label": "lines", "options": OPTIONS}
        record["inputs"]["dataset"] |= {"hash": dataset.content_hash}
        folder = tmp_path / "runs" / record["fingerprint"]
        folder.mkdir(parents=True)
        (folder / "run.json").write_text(json.dumps(record), encoding="utf-8")
        write_ranks(folder / "ranks.parquet", {"validation": columns, "test": columns})
        done = read_record(tmp_path, folder.name)
        found.append(CellResult("lines", model, seed, "done", record["fingerprint"], None, done))
    return found
