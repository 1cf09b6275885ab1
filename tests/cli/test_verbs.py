"""What reaches each verb from the command line."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from bench.cli.main import app

runner = CliRunner()


@pytest.fixture
def taken(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """What `bench run` hands to its verb; the verb ends with exit code 1."""
    found: dict[str, Any] = {}

    def verb(suite: str, **options: Any) -> int:
        found.update(options, suite=suite)
        return 1

    monkeypatch.setattr("bench.cli.run.run", verb)
    return found


def test_run_with_every_option(taken: dict[str, Any]) -> None:
    arguments = (
        "run quick --dataset ml-100k --dataset toyshop[image=1] --model MAF --seed 1 --seed 2"
        " --set training.epochs=5 --set MAF.fusion=gate --results out --home data --jobs 3 --device cpu"
        " --dry-run --fresh --verbose"
    )
    assert runner.invoke(app, arguments.split()).exit_code == 1
    assert taken == {
        "suite": "quick",
        "datasets": ["ml-100k", "toyshop[image=1]"],
        "models": ["MAF"],
        "seeds": [1, 2],
        "overrides": ["training.epochs=5", "MAF.fusion=gate"],
        "results": Path("out"),
        "home": Path("data"),
        "jobs": 3,
        "device": "cpu",
        "dry_run": True,
        "fresh": True,
        "verbose": True,
    }


def test_run_with_none(taken: dict[str, Any]) -> None:
    runner.invoke(app, ["run", "quick"])
    assert taken == {
        "suite": "quick",
        "datasets": [],
        "models": [],
        "seeds": [],
        "overrides": [],
        "results": Path("results"),
        "home": None,
        "jobs": None,
        "device": None,
        "dry_run": False,
        "fresh": False,
        "verbose": False,
    }


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ("table handmade --format csv", "ml-100k,SASRec,Recall@10"),
        ("why aaaa", "Run aaaaaaaaaaaaaaaa: SASRec on ml-100k"),
    ],
)
def test_reading_verbs_take_the_results_folder(handmade: Path, arguments: str, says: str) -> None:
    done = runner.invoke(app, [*arguments.split(), "--results", str(handmade)])
    assert done.exit_code == 0, done.output
    assert says in done.output


def test_status_takes_overrides(tmp_path: Path) -> None:
    file = tmp_path / "s.yaml"
    file.write_text(
        "suite: s\ndatasets: [ml-100k]\nseeds: [1]\nmetrics: [MRR]\nmodels: [SASRec]\n", encoding="utf-8"
    )
    folders = ["--results", str(tmp_path / "results"), "--home", str(tmp_path / "home")]
    done = runner.invoke(app, ["status", str(file), "--set", "seeds=[1, 2, 3]", *folders])
    assert "3 runs: 3 missing" in done.output


@pytest.mark.parametrize(("verb", "says"), [("models", "ContentKNN"), ("datasets", "toyshop")])
def test_lists(verb: str, says: str) -> None:
    assert says in runner.invoke(app, [verb]).output
