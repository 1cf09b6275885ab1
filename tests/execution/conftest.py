"""A suite that runs in seconds, and ways to run it."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterable
from pathlib import Path

import pytest

from bench.execution.plan import Planned, Planner
from bench.execution.pool import Observer
from tests.calling import call_here

SUITE = """\
suite: tiny
datasets: [{name: toyshop, label: shop, users: 60, items: 40, image: 1}]
seeds: [1, 2]
metrics: [Recall@10, NDCG@10]
training: {epochs: 3, batch_size: 64, max_length: 10, learning_rate: 1.0e-3, device: cpu}
defaults: {attention: {hidden_size: 8, layers: 1, heads: 2, inner_size: 8}}
models:
  - Popularity
  - SASRec
  - {name: MAF, multimodal_size: 4}
"""

Bench = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture(scope="session")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("home")


@pytest.fixture
def suite_file(tmp_path: Path) -> Path:
    file = tmp_path / "tiny.yaml"
    file.write_text(SUITE, encoding="utf-8")
    return file


def environment(home: Path) -> dict[str, str]:
    return os.environ | {"BENCH_HOME": str(home), "COLUMNS": "200"}


@pytest.fixture
def bench(tmp_path: Path, home: Path) -> Bench:
    """Runs the command line in a folder of its own; results go to its `results`."""

    def call(*arguments: str, check: int | None = 0) -> subprocess.CompletedProcess[str]:
        done = subprocess.run(
            [sys.executable, "-m", "bench", *arguments],
            cwd=tmp_path,
            env=environment(home),
            capture_output=True,
            text=True,
            timeout=240,
        )
        if check is not None:
            assert done.returncode == check, f"{done.stdout}\n{done.stderr}"
        return done

    return call


def _compute_here(
    runs: Iterable[Planned], jobs: int, observer: Observer, *, home: str | None, command: str, fresh: bool
) -> None:
    from bench.execution.single import Order, execute

    for number, run in enumerate(runs):
        assert run.paths is not None and run.dataset is not None
        observer.started(number)
        features = Planner(run.paths.results, Path(home) if home else None).features(run.spec, run.dataset)
        execute(Order(run.spec, run.identity, run.paths, run.device, command), run.dataset, features)
        observer.finished(number, False)


@pytest.fixture
def here(tmp_path: Path, home: Path, monkeypatch: pytest.MonkeyPatch) -> Bench:
    """As `bench`, but in this process and without workers: a tenth of the time."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("BENCH_HOME", str(home))
    monkeypatch.setenv("COLUMNS", "400")
    monkeypatch.setattr("bench.execution.suite.run_all", _compute_here)

    return call_here
