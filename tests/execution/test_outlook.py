"""What `bench run` would find and do, before it does it."""

from __future__ import annotations

from pathlib import Path

import pytest

from bench.execution.outlook import Outlook, outlooks, size_of
from bench.suite.expansion import expand
from bench.suite.parts import DatasetRef
from bench.suite.schema import load_suite
from tests.execution.conftest import Bench

SUITE = """\
suite: small
datasets: [{name: toyshop, label: shop, users: 60, items: 40, image: 1}]
seeds: [1, 2]
metrics: [Recall@10]
models:
  - Popularity
  - {name: Popularity, label: Popularity again}
  - ContentKNN
"""


@pytest.fixture
def suite(tmp_path: Path) -> Path:
    file = tmp_path / "small.yaml"
    file.write_text(SUITE, encoding="utf-8")
    return file


def look(suite: Path, home: Path | None = None, fresh: bool = False) -> dict[tuple[str, int], Outlook]:
    found = outlooks(expand(load_suite(suite)), suite.parent / "results", home, fresh)
    return {(each.spec.variant.label, each.spec.seed): each for each in found}


def test_states(tmp_path: Path, suite: Path, here: Bench) -> None:
    here("run", "small.yaml", "--model", "Popularity", "--seed", "1")
    found = look(suite)
    assert {key: each.state for key, each in found.items()} == {
        ("Popularity", 1): "done",
        ("Popularity", 2): "to compute",
        ("Popularity again", 1): "done",  # the same run
        ("Popularity again", 2): "to compute",
        ("ContentKNN", 1): "to compute",
        ("ContentKNN", 2): "to compute",
    }
    assert {key for key, each in found.items() if each.twin} == {("Popularity again", 2)}
    forecast = found["Popularity", 2].forecast
    assert forecast is not None and forecast.kind == "cell" and forecast.runs == 1
    assert found["ContentKNN", 1].forecast is None
    again = look(suite, fresh=True)["Popularity", 1]
    assert (again.state, again.again, again.reason) == ("to compute", True, "--fresh")


def test_what_was_finished_elsewhere_is_to_be_checked(tmp_path: Path, suite: Path, here: Bench) -> None:
    """In another home nothing is prepared, so nobody knows yet whether the data are the same."""
    here("run", "small.yaml")
    assert {each.state for each in look(suite).values()} == {"done"}
    away = look(suite, tmp_path / "away")
    assert {each.state for each in away.values()} == {"unchecked"}
    done = look(suite)
    assert all(away[key].fingerprint == done[key].fingerprint for key in done)
    assert not (tmp_path / "away").exists()
    suite.write_text(SUITE.replace("metrics:", "training: {max_length: 7}\nmetrics:"), encoding="utf-8")
    assert {each.state for each in look(suite, tmp_path / "away").values()} == {"to compute"}
    assert {each.state for each in look(suite, tmp_path / "away", fresh=True).values()} == {"to compute"}


def test_a_failure_is_remembered(tmp_path: Path, suite: Path, here: Bench) -> None:
    here("run", "small.yaml", "--model", "Popularity", "--seed", "1")
    mark = look(suite)["Popularity", 2].fingerprint
    work = tmp_path / "results" / "runs" / ".work" / str(mark)
    work.mkdir(parents=True)
    (work / "failed.json").write_text('{"error": "the loss is not finite"}', encoding="utf-8")
    assert look(suite)["Popularity", 2].reason == "failed before: the loss is not finite"


def test_what_cannot_be_run_as_things_are(
    tmp_path: Path, suite: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BENCH_DATA", str(tmp_path))
    suite.write_text(
        "suite: s\ndatasets: [{name: sequences, path: absent.txt}]\nseeds: [1]\nmetrics: [MRR]\n"
        "models: [Popularity]\n",
        encoding="utf-8",
    )
    [found] = look(suite).values()
    assert found.state == "blocked" and "there is no file 'absent.txt'" in found.reason


def test_the_size_that_a_paper_gives() -> None:
    """VideoGames: 36,752 interactions of 4,940 users, whose last two and first are no training targets."""
    size = size_of(DatasetRef(name="VideoGames", label="VideoGames", options={}), None)
    assert size is not None
    assert (size.targets, size.items, size.published) == (36_752 - 3 * 4_940, 11_002, True)
    assert size_of(DatasetRef(name="VideoGames", label="a part", options={"users": 100}), None) is None
    assert size_of(DatasetRef(name="ml-1m", label="ml-1m", options={}), None) is None
