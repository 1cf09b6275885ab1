"""RecBole's own models on our data: what comes back, what stays untouched, how it fails."""

from __future__ import annotations

import logging
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from bench.data.prepared import Targets, TrainingData
from bench.errors import TrainingError
from bench.evaluation.ranking import Ranks
from bench.recbole.backend import OUTPUT, RecBoleRun, require_agreement
from bench.suite.expansion import RunSpec, expand
from bench.suite.reader import Document
from bench.suite.schema import check_suite
from bench.training.checkpoint import Epoch, Progress

pytestmark = pytest.mark.requires("recbole")

Events = list[tuple[int, float | None]]


def spec(model: str, **training: Any) -> RunSpec:
    suite = {
        "suite": "small",
        "datasets": ["ml-100k"],
        "seeds": [1],
        "metrics": ["Recall@10", "NDCG@5"],
        "training": {"epochs": 1, "max_length": 10, "batch_size": 256, "device": "cpu", **training},
        "models": [model],
    }
    return expand(check_suite(Document(data=suite, file="small.yaml")))[0]


@pytest.fixture(scope="module")
def shop() -> tuple[TrainingData, list[list[str]], np.ndarray[Any, Any]]:
    """30 users, 20 items with two labels each; users of different lengths, one with no training target."""
    rng = np.random.default_rng(3)
    parts = [rng.integers(1, 21, size) for size in [1, *rng.integers(2, 15, 29)]]
    offsets = np.cumsum([0, *map(len, parts)])
    validation, test = rng.integers(1, 21, (2, 30))
    categories = [[f"label {k % 3}", f"label {3 + k % 4}"] for k in range(20)]
    return TrainingData(30, 20, offsets, np.concatenate(parts), validation), categories, test


@pytest.fixture
def start(tmp_path: Path, shop: Any) -> Any:
    """Start a run on the shop; every run is closed at the end."""
    runs: list[RecBoleRun] = []

    def call(wanted: RunSpec, events: Events | None = None, name: str = "run") -> RecBoleRun:
        def report(epoch: Epoch, progress: Progress) -> None:
            if events is not None:
                events.append((epoch.epoch, epoch.value))

        folder = tmp_path / name
        folder.mkdir()
        runs.append(RecBoleRun(wanted, shop[0], shop[1], folder, "cpu", report))
        return runs[-1]

    yield call
    for run in runs:
        run.close()


Start = Callable[..., RecBoleRun]


def test_epochs_ranks_and_early_stopping_arrive(start: Start, tmp_path: Path, shop: Any) -> None:
    events: Events = []
    run = start(spec("recbole/SASRec", epochs=40, patience=2, learning_rate=0.05), events)
    run.fit(tmp_path / "weights.safetensors")
    assert run.progress.stopped == "patience"
    values = [value for _, value in events]
    assert [epoch for epoch, _ in events] == list(range(1, len(events) + 1))
    assert None not in values
    # Patience 2: the two validations after the best brought nothing higher, and no two before did not.
    best = run.progress.best_epoch
    assert len(events) == best + 2
    assert values[best - 1] == max(v for v in values if v is not None)
    # The weights are those of the best epoch: validation, ranked again, gives its value.
    validation = run.validation()
    gains = np.where(validation.better < 10, 1 / np.log2(validation.better + 2), 0)
    assert not validation.ties.any()
    assert gains.mean() == pytest.approx(values[best - 1], abs=1e-9)
    test = run.test(Targets(np.arange(30), shop[2]))
    assert (test.better >= 0).all()
    assert (test.better + test.ties < 20).all()
    assert not np.array_equal(test.better, validation.better)
    assert run.parameters > 0
    assert run.peak_memory_mib() > 50


def test_the_same_seed_gives_the_same_places_and_leaves_no_trace(
    start: Start, tmp_path: Path, shop: Any
) -> None:
    def state() -> Any:
        return sys.argv[:], dict(os.environ), os.getcwd(), hasattr(np, "float_"), len(logging.root.handlers)

    before = state()
    found = []
    for name in ("a", "b"):
        run = start(spec("recbole/GRU4Rec"), name=name)
        run.fit(tmp_path / f"{name}.safetensors")
        require_no_test_targets(tmp_path / name / "data" / "data.inter", shop[0])
        found.append(
            (
                run.test(Targets(np.arange(30), shop[2])).better.tolist(),
                (tmp_path / f"{name}.safetensors").read_bytes(),
            )
        )
        run.close()
    assert found[0] == found[1]
    assert state() == before
    assert "recbole" not in sys.modules
    assert {file.name for file in (tmp_path / "a").iterdir()} == {"log", "log_tensorboard", "saved", OUTPUT}


def require_no_test_targets(file: Path, data: TrainingData) -> None:
    """What RecBole trains beside says nothing of the test: last stands the validation item once more."""
    rows = [line.split("\t") for line in file.read_text().splitlines()[1:]]
    for user in range(data.n_users):
        items = [int(item) for owner, item, _ in rows if int(owner) == user]
        assert items == [*data.history(user), data.validation[user], data.validation[user]]


def test_a_diverging_training_is_one_sentence(start: Start, tmp_path: Path) -> None:
    run = start(spec("recbole/GRU4Rec", learning_rate=1e30, epochs=5))
    with pytest.raises(TrainingError, match=r"RecBole: \w+: .*(nan|finite).*traceback in .*output\.txt"):
        run.fit(tmp_path / "weights.safetensors")
        run.validation()
    assert "Traceback" in (tmp_path / "run" / OUTPUT).read_text()


def test_a_child_that_dies_is_a_sentence(start: Start, tmp_path: Path) -> None:
    run = start(spec("recbole/GRU4Rec"))
    run._child.kill()
    with pytest.raises(TrainingError, match="RecBole's process died \\(signal 9\\)"):
        run.fit(tmp_path / "weights.safetensors")


@pytest.mark.parametrize(
    ("model", "training", "wanted"),
    [
        ("recbole/GRU4Rec", {"precision": "float64"}, "recbole/GRU4Rec cannot train in float64"),
        ("recbole/GRU4Rec", {"monitor": "MRR"}, "cannot monitor MRR: it needs a cut-off"),
        ("recbole/SASRecF", {}, "reads item categories, which this dataset does not have"),
    ],
)
def test_what_recbole_cannot_do_is_said_before_it_starts(
    tmp_path: Path, shop: Any, model: str, training: dict[str, Any], wanted: str
) -> None:
    with pytest.raises(TrainingError, match=wanted):
        RecBoleRun(spec(model, **training), shop[0], [[]] * 20, tmp_path, "cpu", lambda epoch, progress: None)
    assert not list(tmp_path.iterdir())


def test_metrics_that_do_not_fit_the_places_fail_the_run() -> None:
    ranks = Ranks(Targets(np.arange(2), np.array([1, 2])), better=np.array([0, 9]), ties=np.array([0, 3]))
    # By hand: the first user is at place 1, the second anywhere from 10 to 13.
    require_agreement({"recall@10": 1.0, "ndcg@20": 0.5 + 0.5 / np.log2(12)}, ranks)
    require_agreement({"recall@10": 0.5, "mrr@20": 0.5 + 0.5 / 13}, ranks)
    for wrong in ({"recall@10": 0.4}, {"mrr@20": 0.5 + 0.5 / 14}, {"hit@5": 0.51}):
        with pytest.raises(TrainingError, match="RecBole's own"):
            require_agreement(wrong, ranks)


def test_the_child_ends_with_its_parent(tmp_path: Path) -> None:
    script = """
import subprocess, sys, time
child = subprocess.Popen([sys.executable, "-m", "bench.recbole.child"], stdin=subprocess.PIPE)
print(child.pid, flush=True)
time.sleep(60)
"""
    parent = subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True, cwd=tmp_path)
    assert parent.stdout is not None
    child = int(parent.stdout.readline())
    parent.send_signal(signal.SIGKILL)
    parent.wait()
    parent.stdout.close()
    deadline = time.monotonic() + 30
    while Path(f"/proc/{child}/status").exists() and time.monotonic() < deadline:
        if "zombie" in Path(f"/proc/{child}/status").read_text():
            break
        time.sleep(0.1)
    else:
        assert not Path(f"/proc/{child}/status").exists()
