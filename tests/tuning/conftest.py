"""Studies without data, searches that take seconds, and ways to run them."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from collections.abc import Callable
from multiprocessing import Pipe
from pathlib import Path
from typing import Any

import optuna
import pytest

from bench.execution.plan import Planned
from bench.suite.expansion import expand
from bench.suite.reader import parse_document
from bench.suite.schema import Suite, check_suite
from bench.tuning import pool, worker
from bench.tuning.records import StudyRecord, TrialRow, read_search
from bench.tuning.shared import SharedStudy
from bench.tuning.studies import StudyPlan, base_specs, study_plan
from tests.calling import call_here

HEAD = """\
suite: tiny
datasets: [{name: toyshop, label: shop, users: 60, items: 40, image: 1}]
seeds: [1, 2]
metrics: [Recall@10, NDCG@10]
training: {epochs: 3, batch_size: 64, max_length: 10, learning_rate: 1.0e-3, device: cpu}
defaults: {attention: {hidden_size: 8, layers: 1, heads: 2, inner_size: 8}}
"""
GRID = """\
models: [{name: MAF, multimodal_size: 4, lambda: 10}]
search:
  sampler: grid
  space: {MAF: {multimodal_size: [2, 4, 8], lambda: [5, 10]}}
"""
TPE = """\
models: [Popularity, SASRec]
search:
  trials: 13
  space:
    SASRec: {training.learning_rate: {low: 1.0e-4, high: 1.0e-1, log: true}, hidden_dropout: [0.1, 0.5]}
"""

Done = subprocess.CompletedProcess[str]
Tune = Callable[..., Done]


def suite_of(text: str) -> Suite:
    return check_suite(parse_document(HEAD + text, "tiny.yaml"))


def plan_of(text: str, variant: int = 0) -> StudyPlan:
    """The study of one of a suite's tuned variants, without data."""
    suite = suite_of(text)
    spec = base_specs(suite, expand(suite))[variant]
    return study_plan(suite, suite.suite, Planned(spec, None, {"seed": spec.seed}, None))


@pytest.fixture
def storage() -> optuna.storages.BaseStorage:
    return optuna.storages.InMemoryStorage()


@pytest.fixture
def study(storage: optuna.storages.BaseStorage) -> Callable[..., SharedStudy]:
    """Opens the study of a suite, in the same storage each time."""

    def make(text: str, **options: Any) -> SharedStudy:
        return SharedStudy(plan_of(text), storage, **options)

    return make


@pytest.fixture(scope="session")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("home")


class HereWorker(pool.Worker[Any]):
    """A worker in a thread of this process: no import of torch per test."""

    def _start(self) -> None:
        self.connection, theirs = Pipe()
        self._thread = threading.Thread(target=worker.serve, args=(theirs,), daemon=True)
        self._thread.start()

    def end(self) -> None:
        self._send(None)
        self._thread.join(timeout=30)
        assert not self._thread.is_alive()


@pytest.fixture
def here(tmp_path: Path, home: Path, monkeypatch: pytest.MonkeyPatch) -> Tune:
    """`bench` in this process, in a folder of its own with the suite `tiny.yaml`; trials in threads."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("BENCH_HOME", str(home))
    monkeypatch.setenv("COLUMNS", "400")
    monkeypatch.setattr("bench.tuning.search.Worker", HereWorker)

    return call_here


def environment(home: Path) -> dict[str, str]:
    return os.environ | {"BENCH_HOME": str(home), "COLUMNS": "200"}


def command(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "bench", *arguments]


@pytest.fixture
def bench(tmp_path: Path, home: Path) -> Tune:
    """`bench` in a process of its own, with workers."""

    def call(*arguments: str, check: int | None = 0) -> Done:
        done = subprocess.run(
            command(*arguments),
            cwd=tmp_path,
            env=environment(home),
            capture_output=True,
            text=True,
            timeout=240,
        )
        assert check is None or done.returncode == check, f"{done.stdout}\n{done.stderr}"
        return done

    return call


@pytest.fixture
def write(tmp_path: Path) -> Callable[[str], Path]:
    """Writes the suite `tiny.yaml`."""

    def make(text: str) -> Path:
        file = tmp_path / "tiny.yaml"
        file.write_text(HEAD + text, encoding="utf-8")
        return file

    return make


def found(folder: Path, name: str = "tiny") -> tuple[list[StudyRecord], list[TrialRow]]:
    return read_search(folder / "results", name)


def what_counts(rows: list[TrialRow]) -> list[Any]:
    """All of trials but their seconds."""
    return [json.loads(row.model_dump_json(exclude={"seconds"})) for row in rows]
