"""RecBole's models one by one: an epoch on 100 users of ml-100k, ranked by our count and by its own.

Each is a process that imports RecBole, so all but one are left to `make test-all` and `.ci/run`.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from bench.data.datasets import prepare_dataset
from bench.data.prepared import PreparedDataset, Targets, load_catalogue, load_training
from bench.recbole.backend import RecBoleRun
from bench.suite.expansion import RunSpec, expand
from bench.suite.reader import Document
from bench.suite.schema import check_suite

pytestmark = pytest.mark.requires("recbole")

MODELS = (
    *("GRU4Rec", "Caser", "SASRec", "BERT4Rec", "SASRecF"),
    *("FDSA", "LightSANs", "CORE", "NARM", "STAMP"),
)


@pytest.fixture(scope="module")
def dataset() -> PreparedDataset:
    return prepare_dataset("ml-100k", "ml-100k[users=100,last=30]", {"users": 100, "last": 30})


def spec(model: str) -> RunSpec:
    suite: dict[str, Any] = {
        "suite": "one",
        "datasets": [{"name": "ml-100k", "users": 100, "last": 30}],
        "seeds": [1],
        "metrics": ["Recall@10"],
        "training": {"epochs": 1, "max_length": 10, "device": "cpu"},
        "models": [model],
    }
    return expand(check_suite(Document(data=suite, file="one.yaml")))[0]


@pytest.mark.parametrize(
    "model",
    [pytest.param(model, marks=[] if model == "FDSA" else pytest.mark.slow) for model in MODELS],
)
def test_a_model_of_recbole_trains_and_ranks(model: str, dataset: PreparedDataset, tmp_path: Path) -> None:
    data = load_training(dataset)
    losses: list[float] = []
    run = RecBoleRun(
        spec(f"recbole/{model}"),
        data,
        load_catalogue(dataset).categories,
        tmp_path,
        "cpu",
        lambda epoch, progress: losses.append(epoch.loss),
    )
    try:
        run.fit(tmp_path / "weights.safetensors")
        # Both raise where RecBole's own metrics are not those of the places.
        validation = run.validation()
        test = run.test(Targets(np.arange(data.n_users), np.arange(1, data.n_users + 1)))  # any items will do
    finally:
        run.close()
    assert len(losses) == 1
    assert 0 < losses[0] < 20
    assert (tmp_path / "weights.safetensors").stat().st_size > 4 * run.parameters
    for ranks in (validation, test):
        assert len(ranks.better) == data.n_users
        assert (ranks.better + ranks.ties < data.n_items).all()
        assert len(np.unique(ranks.better)) > 20
