"""`bench run --dry-run`: counts, times and what is missing, for few runs and for many."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from bench.cli.main import app
from bench.data.datasets import prepare_dataset
from bench.errors import InputError
from bench.execution.plan import Planner
from bench.results.folder import write_ranks
from bench.suite.expansion import expand
from bench.suite.schema import load_suite

RunJson = Callable[..., dict[str, Any]]
SUITE = """\
suite: plan
datasets: [{name: toyshop, label: shop, users: 60, items: 40}]
seeds: [%s]
metrics: [Recall@10]
training: {epochs: 30, device: cpu}
models: [Popularity, SASRec, GRU4Rec]
"""
WALLS = {1: 100.0, 2: 300.0, 3: 200.0}


@pytest.fixture
def plan(tmp_path: Path, run_json: RunJson, monkeypatch: pytest.MonkeyPatch) -> Callable[..., str]:
    """A dry run of so many seeds, three of SASRec done in 100, 300 and 200 s."""
    monkeypatch.setenv("BENCH_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("COLUMNS", "160")
    monkeypatch.setattr("bench.execution.rehearsal._forecast", lambda run, home: None)
    file = tmp_path / "plan.yaml"
    file.write_text(SUITE % "1, 2, 3", encoding="utf-8")
    [ref] = load_suite(file).datasets
    prepare_dataset(ref.name, ref.label, ref.options)
    specs = [spec for spec in expand(load_suite(file)) if spec.variant.name == "SASRec"]
    columns = {"user": [0], "item": [1], "better": [0], "ties": [0]}
    for run in Planner(tmp_path / "results", None, prepare=False).plan(specs):
        assert run.paths is not None
        record = run_json(run.paths.fingerprint, "shop", "SASRec", run.spec.seed)
        record["identity"] = run.identity
        record["timings"] |= {"wall_s": WALLS[run.spec.seed], "train_s": 60.0}
        run.paths.final.mkdir(parents=True)
        (run.paths.final / "run.json").write_text(json.dumps(record), encoding="utf-8")
        write_ranks(run.paths.final / "ranks.parquet", {"validation": columns, "test": columns})

    def call(seeds: int, *options: str) -> str:
        file.write_text(SUITE % ", ".join(str(n + 1) for n in range(seeds)), encoding="utf-8")
        arguments = ["run", str(file), "--dry-run", "--results", str(tmp_path / "results"), *options]
        done = CliRunner().invoke(app, arguments)
        assert done.exit_code == 0, done.output
        return done.stdout

    return call


def test_few_runs_are_named(plan: Callable[..., str]) -> None:
    out = plan(5, "--jobs", "1")
    lines = out.splitlines()
    assert sum(line.startswith("shop ") and " seed " in line for line in lines) == 15
    assert sum("SASRec" in line and ": done " in line for line in lines) == 3
    # The median of 100, 300 and 200 s; two seeds are left.
    [line] = [line for line in lines if line.startswith("shop SASRec seed 4: to compute ")]
    assert line.endswith("(3 min 20 s, 3 finished seeds)")
    assert "shop GRU4Rec seed 1: to compute " in out and "(time unknown)" in out
    assert "Forecast for 2 runs: about 6 min 40 s, without preparing data and encoding." in out
    assert "For 10 runs there is no forecast" in out
    assert lines[-1] == "15 runs: 3 done, 12 to compute. Nothing was run."


def test_jobs_share_the_time_but_no_run(plan: Callable[..., str]) -> None:
    assert "about 3 min 20 s (6 min 40 s of computing, 2 at a time)" in plan(5, "--jobs", "2")
    assert "about 3 min 20 s (6 min 40 s of computing, 8 at a time)" in plan(5, "--jobs", "8")


def test_many_runs_are_counted(plan: Callable[..., str]) -> None:
    out = plan(10, "--jobs", "1")
    assert " seed " not in out.replace("One finished seed of each", "")
    [line] = [line for line in out.splitlines() if "SASRec" in line]
    assert [cell.strip() for cell in line.strip("│").split("│")] == [
        *("SASRec", "3", "7", "3 min 20 s", "23 min", "3 finished seeds"),
    ]
    assert "30 runs: 3 done, 27 to compute. Nothing was run." in out
    named = plan(10, "--jobs", "1", "--verbose")
    assert sum(line.startswith("shop ") and " seed " in line for line in named.splitlines()) == 30


def test_the_same_model_with_another_patience(plan: Callable[..., str]) -> None:
    """6 s an epoch (60 s for 10), 30 epochs, and 140 s around training in the median run."""
    out = plan(1, "--set", "training.patience=2", "--model", "SASRec", "--jobs", "1")
    assert "(at most 5 min 20 s, 3 runs with other training, by epoch: 30 epochs)" in out
    assert "Forecast for 1 run: at most about 5 min 20 s," in out and "training may stop early" in out


def test_steps_are_timed_where_no_run_tells(
    plan: Callable[..., str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.undo()
    monkeypatch.setenv("BENCH_HOME", str(tmp_path / "home"))
    found = {"step_s": 0.01, "rank_s": 0.0, "fit_s": 0.0}
    monkeypatch.setattr("bench.execution.rehearsal.rehearse", lambda spec, shape: found)
    out = plan(4, "--jobs", "1")
    [line] = [line for line in out.splitlines() if line.startswith("shop GRU4Rec seed 1: ")]
    assert "timed steps, made-up data, 30 epochs" in line and "(about " in line
    assert "timed steps: the fastest of 3 on made-up data" in out and "no forecast" not in out


def test_other_machines_are_named(plan: Callable[..., str]) -> None:
    assert "The finished runs were made on a processor; the processor here is" in plan(4)


def test_what_is_missing_and_what_is_to_be_checked(plan: Callable[..., str], tmp_path: Path) -> None:
    out = plan(10, "--home", str(tmp_path / "away"), "--dataset", "shop", "--dataset", "VideoGames")
    assert "to check: finished once with these settings" in out
    assert "shop: 3 runs to check: its data are not prepared here" in out
    assert "Missing here:\n  VideoGames (30 runs)\n    Video_Games.json.gz: https://" in out
    assert "    -> bench data prepare VideoGames " in out
    assert "60 runs: 0 done, 3 to check, 57 to compute. Nothing was run." in out
    assert not (tmp_path / "away").exists()


def test_files_that_datasets_share_are_named_once(plan: Callable[..., str]) -> None:
    out = plan(1, "--dataset", "Women", "--dataset", "Men")
    assert out.count("categoryFiles/Clothing_Shoes_and_Jewelry.json.gz") == 1
    assert "    Clothing_Shoes_and_Jewelry.json.gz: as of Women\n" in out


def test_verbose_belongs_to_a_dry_run(tmp_path: Path) -> None:
    file = tmp_path / "plan.yaml"
    file.write_text(SUITE % "1", encoding="utf-8")
    done = CliRunner().invoke(app, ["run", str(file), "--verbose", "--results", str(tmp_path / "results")])
    assert isinstance(done.exception, InputError) and "add --dry-run" in str(done.exception)
