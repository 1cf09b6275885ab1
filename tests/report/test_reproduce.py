"""The commands that a report prints: each works, and none is left out."""

from __future__ import annotations

import json
import shlex
from pathlib import Path
from typing import Any

from bench.report.page import report_page
from tests.calling import call_here
from tests.report.test_page import Page
from tests.report.test_search import search


def changed(results: Path, **entries: Any) -> None:
    """The suite's index with other entries."""
    file = results / "handmade" / "index.json"
    file.write_text(json.dumps(json.loads(file.read_text(encoding="utf-8")) | entries), encoding="utf-8")


def renamed(results: Path, before: str, after: str) -> None:
    file = results / "handmade" / "index.json"
    file.write_text(file.read_text(encoding="utf-8").replace(before, after), encoding="utf-8")


def printed(results: Path, baseline: str | None = None) -> list[str]:
    text = Page(report_page(results, "handmade", baseline=baseline)).text
    return [line for line in text.splitlines() if line.startswith("bench ")]


EQUALITY = {
    "equal": ["SASRec"],
    "to": "Popularity",
    "metric": "NDCG@10",
    "margin": 0.05,
    "datasets": ["ml-100k"],
}


def test_what_is_printed_works(handmade: Path) -> None:
    """All but `run`, which needs the suite's file; a claim of equality is checked like others."""
    changed(handmade, equalities=[EQUALITY])
    lines = printed(handmade)
    assert [line.split()[1] for line in lines] == ["run", "table", "compare", "check"]
    for line in lines[1:]:
        done = call_here(*shlex.split(line)[1:], "--results", str(handmade), check=None)
        assert done.returncode in ((0, 1) if "check" in line else (0,)), (line, done.stderr)


def test_no_baseline(handmade: Path) -> None:
    """There is nothing to compare with, so that nothing compares; the figure says what is lacking."""
    renamed(handmade, "SASRec", "recbole/SASRec")
    assert [line.split()[1] for line in printed(handmade)] == ["run", "table"]
    said = Page(report_page(handmade, "handmade")).text
    reason = "handmade has no variant 'SASRec' to compare with; `--baseline LABEL` names one."
    assert f"Not drawn: no baseline: {reason}" in said


def test_the_baseline_is_kept(handmade: Path) -> None:
    renamed(handmade, "Popularity", "most popular")
    lines = printed(handmade, "most popular")
    assert lines[2] == "bench compare handmade --baseline 'most popular'"
    call_here(*shlex.split(lines[2])[1:], "--results", str(handmade))


def test_a_search_is_made_before_the_runs(handmade: Path) -> None:
    search(handmade)
    changed(handmade, file="suites/handmade.yaml")
    lines = printed(handmade)
    assert [line.split()[1] for line in lines] == ["tune", "run", "table", "compare", "plot"]
    assert lines[0] == "bench tune suites/handmade.yaml"
    call_here(*shlex.split(lines[-1])[1:], "--results", str(handmade), "--plots", str(handmade / "plots"))
