"""Searches as processes: killed and resumed, shared by two, kept in PostgreSQL, and blind to test targets."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import optuna
import pytest
from optuna.trial import TrialState

from bench.tuning.storage import open_journal, open_storage, shown
from bench.tuning.trials import ENDED
from tests.tuning.conftest import GRID, TPE, Tune, command, environment, found, what_counts

Write = Callable[[str], Path]
# Twelve random trials, then two that are learnt from them.
LONG = TPE.replace("trials: 13", "trials: 14\n  pruner: median")


def started(folder: Path, home: Path, *arguments: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        command("tune", "tiny.yaml", *arguments),
        cwd=folder,
        env=environment(home),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def lines_until(process: subprocess.Popen[str], words: str) -> list[str]:
    assert process.stdout is not None
    seen = []
    for line in process.stdout:
        seen.append(line)
        if words in line:
            return seen
    raise AssertionError("".join(seen))


def wait_for_a_trial(storage: optuna.storages.BaseStorage) -> None:
    """Until one runs."""
    (name,) = [each for each in optuna.get_all_study_names(storage) if each.startswith("tiny/")]
    study = optuna.load_study(study_name=name, storage=storage)
    end = time.monotonic() + 30
    while not study.get_trials(states=(TrialState.RUNNING,)):
        assert time.monotonic() < end
        time.sleep(0.02)


def studies_in(folder: Path) -> list[optuna.Study]:
    storage = open_journal(folder / "results" / "tiny" / "search" / "journal.log")
    names = optuna.get_all_study_names(storage)
    return [optuna.load_study(study_name=name, storage=storage) for name in names]


def test_a_search_that_is_killed_goes_on_to_the_same_trials(
    here: Tune, write: Write, tmp_path: Path, home: Path
) -> None:
    write(LONG)
    here("tune", "tiny.yaml", "--jobs", "1", "--results", "whole")
    process = started(tmp_path, home, "--jobs", "1")
    lines_until(process, "trial 11 of")
    time.sleep(0.15)  # into the next
    process.kill()
    process.communicate()
    assert process.returncode == -signal.SIGKILL
    here("tune", "tiny.yaml", "--jobs", "1")
    (tmp_path / "whole").rename(tmp_path / "w")
    (tmp_path / "w" / "results").mkdir()
    (tmp_path / "w" / "tiny").rename(tmp_path / "w" / "results" / "tiny")
    whole, pieces = found(tmp_path / "w"), found(tmp_path)
    assert what_counts(pieces[1]) == what_counts(whole[1])
    assert len(pieces[1]) == 14
    assert pieces[0][0].best == whole[0][0].best
    assert pieces[0][0].spent["epochs"] == whole[0][0].spent["epochs"]


def test_ctrl_c_ends_with_130_and_the_trial_is_tried_again(
    bench: Tune, write: Write, tmp_path: Path, home: Path
) -> None:
    write(TPE)
    process = started(tmp_path, home, "--jobs", "1", "--set", "training.epochs=40")
    lines_until(process, "trial 0 of")
    time.sleep(0.5)
    process.send_signal(signal.SIGINT)
    said, _ = process.communicate(timeout=60)
    assert process.returncode == 130, said
    assert "the same command goes on" in said
    storage = open_journal(tmp_path / "results" / "tiny@training.epochs=40" / "search" / "journal.log")
    (name,) = optuna.get_all_study_names(storage)
    trials = optuna.load_study(study_name=name, storage=storage).trials
    (failed,) = [trial for trial in trials if trial.state.name == "FAIL"]
    assert failed.user_attrs[ENDED] == "interrupted"
    (waiting,) = [trial for trial in trials if trial.state.name == "WAITING"]
    assert waiting.user_attrs["slot"] == failed.user_attrs["slot"]


def test_ctrl_c_between_taking_a_trial_and_giving_it_to_a_worker(
    write: Write, tmp_path: Path, home: Path
) -> None:
    """The trial is told as any other: three times, and it is not lost."""
    write(GRID)
    code = """\
import os, signal, sys, threading, time
import bench.tuning.search as search
plan, calls = search.Planner.plan, []
def slow(self, specs):
    calls.append(1)
    if len(calls) == 2:  # the first plans the study
        threading.Timer(0.1, os.kill, (os.getpid(), signal.SIGINT)).start()
        time.sleep(0.5)
    return plan(self, specs)
search.Planner.plan = slow
sys.argv[1:] = ["tune", "tiny.yaml", "--jobs", "1"]
from bench.cli.main import run
run()
"""
    for _ in range(3):
        done = subprocess.run(
            [sys.executable, "-c", code],
            cwd=tmp_path,
            env=environment(home),
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        assert done.returncode in (130, -signal.SIGINT), done.stderr
        assert "the same command goes on" in done.stderr
    (study,) = studies_in(tmp_path)
    assert [(trial.user_attrs["slot"], trial.user_attrs.get(ENDED)) for trial in study.trials] == [
        *[(0, "interrupted")] * 3,
        (0, None),
    ]


def test_two_processes_share_a_search(write: Write, tmp_path: Path, home: Path) -> None:
    """Every point of the grid is done once, and both print the whole."""
    write(GRID.replace("[5, 10]", "[1, 5, 10, 20]"))
    processes = [started(tmp_path, home, "--jobs", "1") for _ in range(2)]
    for process in processes:
        said, _ = process.communicate(timeout=200)
        assert process.returncode == 0, said
        assert "12 trials, 36 epochs" in said
    (study,) = studies_in(tmp_path)
    done = Counter(trial.user_attrs["slot"] for trial in study.trials if trial.state.name == "COMPLETE")
    assert done == dict.fromkeys(range(12), 1)
    owners = {trial.user_attrs["owner"]["pid"] for trial in study.trials if trial.state.name == "COMPLETE"}
    assert owners == {process.pid for process in processes}
    _, rows = found(tmp_path)
    assert len({str(row.settings) for row in rows}) == 12


def test_a_worker_that_dies_fails_its_trial_alone(bench: Tune, write: Write, tmp_path: Path) -> None:
    (tmp_path / "fragile.py").write_text(
        "import os, signal\n"
        "from bench.models.base import SequentialModel\n"
        "from bench.models.sasrec import SASRec\n"
        "from bench.suite.settings import SASRecSettings\n"
        "class Fragile(SASRec):\n"
        "    Settings = SASRecSettings\n"
        "    def __init__(self, settings, context):\n"
        "        if settings.inner_size == 16:\n"
        "            os.kill(os.getpid(), signal.SIGKILL)\n"
        "        super().__init__(settings, context)\n",
        encoding="utf-8",
    )
    write(
        """\
models: [{name: "fragile:Fragile", label: Fragile, hidden_size: 8, layers: 1, heads: 2, inner_size: 8}]
search:
  sampler: grid
  space: {Fragile: {inner_size: [8, 16, 32]}}
"""
    )
    bench("tune", "tiny.yaml", "--jobs", "1")
    _, rows = found(tmp_path)
    assert [(row.settings["inner_size"], row.state) for row in rows] == [
        (8, "done"),
        (16, "failed"),
        (32, "done"),
    ]
    assert "signal 9" in rows[1].reason


def test_no_trial_reaches_the_code_that_opens_test_targets(tmp_path: Path, home: Path) -> None:
    code = """\
import json, sys
from pathlib import Path
from bench.execution.plan import Planner
from tests.tuning.conftest import GRID, suite_of
from bench.suite.expansion import expand
from bench.tuning import search, shared, worker
(planned,) = Planner(Path("results"), None).plan(expand(suite_of(GRID))[:1])
class Parent:
    sent = []
    def send_bytes(self, text): self.sent.append(json.loads(text))
    def recv_bytes(self): return b"true"
channel = Parent()
order = {
    "specs": [planned.spec.model_dump(mode="json")], "device": "cpu", "home": None, "scratch": ".",
    "dataset": {"folder": str(planned.dataset.folder), "label": planned.dataset.label},
}
print(json.dumps(worker._Trial(channel, order).run()))
assert [each["kind"] for each in channel.sent] == ["epoch"] * 3
loaded = {"bench.data.locked", "bench.execution.testing"} & set(sys.modules)
assert not loaded, loaded
"""
    root = Path(__file__).parents[2]
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=tmp_path,
        env=environment(home) | {"PYTHONPATH": str(root)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert '"kind": "done"' in done.stdout


def test_a_frozen_suite_is_run_with_fresh_seeds(
    here: Tune, bench: Tune, write: Write, tmp_path: Path
) -> None:
    text = GRID.replace("sampler: grid", "sampler: grid\n  unequal: true").replace(
        "models: [", "models: [SASRec, "
    )
    write(text)
    said = here("tune", "tiny.yaml", "--freeze", "tuned.yaml")
    assert "Budgets are unequal (SASRec not at all)" in said.stdout
    table = bench("run", "tuned.yaml", "--jobs", "1").stdout
    assert "Budgets are unequal: tuned were MAF; SASRec not at all" in " ".join(table.split())
    assert "n = 2" in table


@pytest.fixture
def postgres() -> Iterator[str]:
    """The address of a PostgreSQL server that tests may fill (docs/tuning.md says how to start one)."""
    url = os.environ["BENCH_POSTGRES"]
    yield url
    with open_storage(url, Path()) as storage:
        for name in optuna.get_all_study_names(storage):
            if name.startswith("tiny/"):
                optuna.delete_study(study_name=name, storage=storage)


@pytest.mark.requires("postgres")
def test_a_search_in_postgresql_is_shared_and_resumed(
    postgres: str, write: Write, tmp_path: Path, home: Path
) -> None:
    file = write(GRID.replace("[5, 10]", "[1, 5, 10, 20]"))
    file.write_text(file.read_text(encoding="utf-8").replace("epochs: 3", "epochs: 9"), encoding="utf-8")
    doomed = started(tmp_path, home, "--jobs", "1", "--storage", postgres)
    lines_until(doomed, "trial 1 of")
    with open_storage(postgres, tmp_path) as storage:
        wait_for_a_trial(storage)
    doomed.kill()
    doomed.communicate()
    processes = [started(tmp_path, home, "--jobs", "1", "--storage", postgres) for _ in range(2)]
    for process in processes:
        said, _ = process.communicate(timeout=200)
        assert process.returncode == 0, said
        assert shown(postgres, tmp_path) in said
    with open_storage(postgres, tmp_path) as storage:
        (name,) = [each for each in optuna.get_all_study_names(storage) if each.startswith("tiny/")]
        trials = optuna.load_study(study_name=name, storage=storage).trials
    done = Counter(trial.user_attrs["slot"] for trial in trials if trial.state.name == "COMPLETE")
    assert done == dict.fromkeys(range(12), 1)
    assert sum(trial.user_attrs.get(ENDED) == "died" for trial in trials) == 1
    assert not (tmp_path / "results" / "tiny" / "search" / "journal.log").exists()


def test_a_database_of_one_s_own(here: Tune, write: Write, tmp_path: Path) -> None:
    write(GRID)
    here("tune", "tiny.yaml", "--jobs", "2", "--storage", f"sqlite:///{tmp_path}/search.db")
    _, rows = found(tmp_path)
    assert len(rows) == 6 and all(row.state == "done" for row in rows)
    with open_storage(f"sqlite:///{tmp_path}/search.db", tmp_path) as storage:
        (name,) = optuna.get_all_study_names(storage)
    assert name.startswith("tiny/shop/MAF/")
