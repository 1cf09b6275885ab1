"""What published values are found by reaches the index: the paper, and what labels stand for."""

from __future__ import annotations

import json
from pathlib import Path

from rich.console import Console
from typer.testing import CliRunner

from bench.cli.main import app
from bench.cli.progress import LineObserver
from bench.errors import InputError
from bench.execution.request import Request
from bench.execution.suite import run_suite
from bench.results.index import read_index
from bench.suite.expansion import RunSpec
from bench.suite.schema import load_suite

SUITE = """\
suite: small
datasets: [VideoGames, {name: toyshop, users: 60, items: 40}]
seeds: [1]
metrics: [Recall@20]
models: [SASRec, {name: MAF, label: ours, fusion: gate}]
"""


def call(folder: Path, text: str) -> Path:
    """A call of `bench run` whose filters leave nothing to do; the results folder."""
    file = folder / "small.yaml"
    file.write_text(text, encoding="utf-8")
    specs: list[RunSpec] = []
    request = Request(
        load_suite(file), "small", specs, folder / "results", folder / "home", 1, False, "bench run"
    )
    run_suite(request, LineObserver(Console(quiet=True)))
    return folder / "results"


def test_the_index_says_what_labels_stand_for(tmp_path: Path) -> None:
    found = read_index(call(tmp_path, SUITE + "paper: {name: maf, table: 3}\n"), "small")
    assert found.paper is not None
    assert (found.paper.name, found.paper.table) == ("maf", 3)
    assert [(each.label, each.name) for each in found.sources] == [
        ("VideoGames", "VideoGames"),
        ("toyshop[users=60,items=40]", "toyshop"),
    ]
    assert found.sources[1].settings["users"] == 60
    assert [(each.label, each.name) for each in found.variants] == [("SASRec", "SASRec"), ("ours", "MAF")]
    assert found.variants[1].settings["fusion"] == "gate"
    assert found.variants[1].settings["modalities"] == "available"
    assert read_index(call(tmp_path, SUITE), "small").paper is None


def test_published_values_of_runs_that_were_never_made(tmp_path: Path) -> None:
    results = call(tmp_path, SUITE + "paper: {name: maf, table: 3}\n")
    arguments = ["table", "small", "--results", str(results), "--published", "--format"]
    done = CliRunner().invoke(app, [*arguments, "json"])
    found = {(row["dataset"], row["model"]): row for row in json.loads(done.stdout)}
    assert found["VideoGames", "ours"]["published"] == 0.2469  # Table 3, Gate
    assert found["VideoGames", "ours"]["mean"] is found["VideoGames", "ours"]["deviation"] is None
    assert found["VideoGames", "SASRec"]["published"] is None
    assert found["toyshop[users=60,items=40]", "ours"]["published"] is None
    for format in ("rich", "markdown", "html", "latex", "latex-standalone"):
        text = CliRunner().invoke(app, [*arguments, format]).stdout
        assert "0.2469" in text
        assert "arXiv 2405.17959" in text.replace("\n", " ")
    head = CliRunner().invoke(app, [*arguments, "csv"]).stdout.splitlines()[0]
    assert head.endswith(",status,rank_group,published,deviation")


def test_results_without_a_paper(tmp_path: Path) -> None:
    results = call(tmp_path, SUITE)
    done = CliRunner().invoke(app, ["table", "small", "--results", str(results), "--published"])
    assert isinstance(done.exception, InputError)
    assert "write `paper: maf` in the suite file" in str(done.exception)
