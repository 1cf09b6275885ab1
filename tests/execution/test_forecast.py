"""Forecasts worked by hand: from the same cell, from the same dataset, from other datasets, from nothing."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from bench.execution.forecast import Forecaster, Size
from bench.results.records import RunRecord

RunJson = Callable[..., dict[str, Any]]
TRAINING = {
    "batch_size": 128,
    "scheme": "windows",
    "max_length": 50,
    "threads": 1,
    "patience": 3,
    "epochs": 10,
}


def identity(
    dataset: str = "here", seed: int = 1, model: dict[str, Any] | None = None, **training: Any
) -> dict[str, Any]:
    return {
        "dataset": {"name": dataset, "options": {}, "hash": "h"},
        "model": model or {"name": "SASRec", "settings": {"hidden_size": 64}, "version": 2},
        "features": {"text": {"encoder": "tfidf-svd", "options": {"size": 64}, "version": 1, "hash": "f"}},
        "seed": seed,
        "training": TRAINING | training,
        "evaluation": {"ties": "expected"},
        "device": "cpu",
        "packages": {"torch": "2.13.0"},
    }


@pytest.fixture
def run(run_json: RunJson) -> Callable[..., RunRecord]:
    """A finished run: 100 targets, 1,000 items, of each epoch 2 s, and 3 s around training."""

    def make(
        parts: dict[str, Any],
        wall_s: float = 23.0,
        train_s: float = 20.0,
        epochs: int = 10,
        targets: int = 100,
        items: int = 1000,
        gpu: str | None = None,
    ) -> RunRecord:
        record = run_json("a" * 16, parts["dataset"]["name"])
        record["identity"] = parts
        record["timings"] |= {"wall_s": wall_s, "train_s": train_s, "test_s": 1.0}
        record["training"] |= {"epochs": epochs, "targets": targets}
        record["inputs"]["dataset"]["items"] = items
        record["provenance"]["gpu"] = gpu
        return RunRecord.model_validate(record)

    return make


def test_other_seeds_of_the_same_cell(run: Callable[..., RunRecord]) -> None:
    walls = {2: 10.0, 3: 30.0, 4: 50.0}
    records = [run(identity(seed=seed), wall_s=wall, train_s=5.0) for seed, wall in walls.items()]
    others = [run(identity("elsewhere"), wall_s=999.0), run(identity(patience=9), wall_s=999.0)]
    found = Forecaster([*records, *others]).of(identity(seed=1), 10, None)
    assert found is not None
    assert (found.seconds, found.kind, found.runs, found.epochs) == (30.0, "cell", 3, 0)


def test_a_run_that_was_interrupted_counts_with_all_its_sessions(run: Callable[..., RunRecord]) -> None:
    """Its wall time is that of the last session; 20 s of training and 1 s of test are known."""
    found = Forecaster([run(identity(seed=2), wall_s=4.0)]).of(identity(), 10, None)
    assert found is not None and found.seconds == 21.0


def test_other_versions_and_contents_do_not_matter(run: Callable[..., RunRecord]) -> None:
    parts = identity(seed=2)
    parts["dataset"] = parts["dataset"] | {"hash": "other"}
    parts["packages"] = {"torch": "2.12.0"}
    found = Forecaster([run(parts)]).of(identity(), 10, None)
    assert found is not None and found.kind == "cell"


def test_the_same_dataset_with_other_training(run: Callable[..., RunRecord]) -> None:
    """2 s per epoch, 200 epochs, 3 s around them."""
    found = Forecaster([run(identity(learning_rate=0.1))]).of(identity(epochs=200), 200, None)
    assert found is not None
    assert (found.seconds, found.kind, found.runs, found.epochs) == (403.0, "dataset", 1, 200)


@pytest.mark.parametrize(
    "other",
    [
        identity(batch_size=256),
        identity(scheme="prefixes"),
        identity(max_length=20),
        identity(threads=2),
        identity(model={"name": "SASRec", "settings": {"hidden_size": 128}}),
        identity(model={"name": "GRU4Rec", "settings": {"hidden_size": 64}}),
        identity() | {"device": "cuda"},
        identity() | {"features": {}},
    ],
)
def test_what_costs_otherwise_tells_nothing(run: Callable[..., RunRecord], other: dict[str, Any]) -> None:
    assert Forecaster([run(other)]).of(identity(), 10, Size(100, 1000)) is None


def test_other_datasets_by_target_and_epoch(run: Callable[..., RunRecord]) -> None:
    """2 s per epoch of 100 targets; 700 targets, 5 epochs: 70 s, and 3 s around them."""
    forecaster = Forecaster([run(identity("elsewhere"))])
    found = forecaster.of(identity(epochs=5), 5, Size(700, 1999, published=True))
    assert found is not None
    assert (found.seconds, found.kind, found.datasets, found.published) == (
        73.0,
        "model",
        ("elsewhere",),
        True,
    )
    assert forecaster.of(identity(), 5, None) is None
    for items in (2001, 499):  # a catalogue more than twice as large or small
        assert forecaster.of(identity(), 5, Size(700, items)) is None


def test_a_counting_model_is_told_by_its_own_runs_alone(run: Callable[..., RunRecord]) -> None:
    counted = run(identity(), wall_s=4.0, train_s=0.0, epochs=0)
    forecaster = Forecaster([counted])
    own = forecaster.of(identity(seed=7), 10, None)
    assert own is not None and own.seconds == 4.0
    assert forecaster.of(identity("elsewhere"), 10, Size(100, 1000)) is None


def test_machines_are_named(run: Callable[..., RunRecord]) -> None:
    records = [run(identity(seed=2)), run(identity(seed=3), gpu="an accelerator"), run(identity(seed=4))]
    found = Forecaster(records).of(identity(), 10, None)
    assert found is not None and found.machines == ("a processor", "an accelerator")


def test_without_runs_nothing_is_told() -> None:
    assert Forecaster([]).of(identity(), 10, Size(100, 1000)) is None
