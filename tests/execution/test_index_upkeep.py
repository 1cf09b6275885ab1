"""What the index of a suite holds after calls with filters, additions, overrides and edits."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Here = Callable[..., "subprocess.CompletedProcess[str]"]

SUITE = """\
suite: eq
datasets: [{name: toyshop, label: shop, users: 60, items: 40}]
seeds: [1, 2]
metrics: [Recall@10]
training: {device: cpu}
defaults: {attention: {hidden_size: 8, layers: 1, heads: 2, inner_size: 8}}
models: [Popularity, Markov]
claims: [{equal: Popularity, to: Markov, metric: Recall@10}]
"""


@pytest.fixture
def suite(tmp_path: Path) -> Path:
    file = tmp_path / "eq.yaml"
    file.write_text(SUITE, encoding="utf-8")
    return file


def cells(folder: Path, name: str = "eq") -> dict[tuple[str, str, int], Any]:
    index = json.loads((folder / "results" / name / "index.json").read_text())
    return {(c["dataset"], c["model"], c["seed"]): c["fingerprint"] for c in index["cells"]}


def results_with_overrides(folder: Path) -> str:
    (name,) = (path.name for path in (folder / "results").iterdir() if "@" in path.name)
    return name


def test_runs_that_a_filter_leaves_out_are_entered_where_they_exist(
    tmp_path: Path, suite: Path, here: Here
) -> None:
    here("run", "eq.yaml")
    done = here("run", "eq.yaml", "--set", "seeds=[1,2,3]", "--model", "Markov")
    assert "3 runs: 2 reused, 1 to compute" in done.stderr
    found = cells(tmp_path, results_with_overrides(tmp_path))
    assert found == cells(tmp_path) | {("shop", "Markov", 3): found["shop", "Markov", 3]}
    assert "* shop: not run yet: Popularity (seed 3)" in done.stdout
    assert "2 of 3" in done.stdout  # Popularity's seeds in the verdict


def test_what_a_filter_leaves_out_is_not_prepared(
    tmp_path: Path, suite: Path, here: Here, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = SUITE.replace("items: 40}]", "items: 40}, {name: toyshop, label: far, users: 61, items: 40}]")
    suite.write_text(text.replace("models: [", "models: [ContentKNN, "), encoding="utf-8")
    monkeypatch.setenv("BENCH_HOME", str(tmp_path / "home"))
    here("run", "eq.yaml", "--dataset", "shop", "--model", "Popularity")
    assert len(list((tmp_path / "home/datasets").glob("*/dataset.json"))) == 1
    plan = here("run", "eq.yaml", "--dry-run").stdout
    assert "shop ContentKNN seed 1: to compute (its image features are not extracted here; " in plan
    assert "far Popularity seed 1: to compute (its data are not prepared here; " in plan
    assert "not extracted here" in here("status", "eq.yaml").stdout
    assert not (tmp_path / "home/features").exists()


def test_additions_stay_while_the_suite_s_settings_do(tmp_path: Path, suite: Path, here: Here) -> None:
    beside = "toyshop[image=1,users=52,items=30]"
    here("run", "eq.yaml", "--dataset", beside, "--model", "LastItem", "--seed", "1")
    plain = here("run", "eq.yaml")
    assert plain.stdout.count("LastItem") == 2  # on its dataset; one of two seeds
    assert f"* {beside}: not run yet: LastItem (seed 2)" in plain.stdout
    assert (beside, "LastItem", 1) in cells(tmp_path)
    assert "5 runs: 5 done" in here("status", "eq.yaml").stdout
    suite.write_text(SUITE.replace("training: {", "training: {max_length: 7, "), encoding="utf-8")
    assert "stale" in here("status", "eq.yaml").stdout
    here("run", "eq.yaml")
    assert {model for _, model, _ in cells(tmp_path)} == {"Popularity", "Markov"}


def test_additions_leave_when_defaults_change_what_they_would_be(
    tmp_path: Path, suite: Path, here: Here
) -> None:
    here("run", "eq.yaml", "--model", "SASRec[layers=2]", "--seed", "1", "--set", "training.epochs=1")
    name = "eq@training.epochs=1"
    here("run", "eq.yaml", "--set", "training.epochs=1")
    assert ("shop", "SASRec[layers=2]", 1) in cells(tmp_path, name)
    suite.write_text(SUITE.replace("hidden_size: 8", "hidden_size: 4"), encoding="utf-8")
    here("run", "eq.yaml", "--set", "training.epochs=1")
    assert {model for _, model, _ in cells(tmp_path, name)} == {"Popularity", "Markov"}


def test_what_the_suite_drops_leaves_and_additions_do_not_keep_it(
    tmp_path: Path, suite: Path, here: Here
) -> None:
    here("run", "eq.yaml")
    here("run", "eq.yaml", "--model", "LastItem", "--seed", "1")
    suite.write_text(SUITE.replace("[Popularity, ", "[").partition("claims")[0], encoding="utf-8")
    here("run", "eq.yaml")
    assert set(cells(tmp_path)) == {("shop", "Markov", 1), ("shop", "Markov", 2), ("shop", "LastItem", 1)}


def test_a_dataset_that_the_suite_drops_takes_what_was_added_on_it(
    tmp_path: Path, suite: Path, here: Here
) -> None:
    """Its label could be read as that of an addition itself."""
    suite.write_text(SUITE.replace("label: shop, ", ""), encoding="utf-8")
    here("run", "eq.yaml", "--model", "LastItem", "--seed", "1")
    assert [cell[1] for cell in cells(tmp_path)] == ["LastItem"]
    suite.write_text(SUITE, encoding="utf-8")
    here("run", "eq.yaml")
    assert {dataset for dataset, _, _ in cells(tmp_path)} == {"shop"}
    assert "4 runs: 4 done" in here("status", "eq.yaml").stdout


def test_why_compares_with_the_file_that_was_run(tmp_path: Path, suite: Path, here: Here) -> None:
    here("run", "eq.yaml", "--model", "Popularity")
    assert "Suite eq as it is now (eq.yaml): no difference." in here("why", "eq/shop/Popularity/1").stdout
    suite.write_text(SUITE.replace("training: {", "training: {max_length: 7, "), encoding="utf-8")
    changed = here("why", "eq/shop/Popularity/1").stdout
    assert "Suite eq as it is now (eq.yaml)" in " ".join(changed.split()) and "max_length" in changed
    suite.write_text(SUITE.replace("suite: eq", "suite: other"), encoding="utf-8")
    assert "not compared, eq.yaml is suite 'other'" in here("why", "eq/shop/Popularity/1").stdout
    suite.unlink()
    moved = here("why", "eq/shop/Popularity/1").stdout
    assert f"not compared, there is no file eq.yaml in {tmp_path}" in moved
    assert "`bench run FILE` from here once" in moved


def test_results_with_overrides_are_explained_with_them(tmp_path: Path, suite: Path, here: Here) -> None:
    done = here(
        "run", "eq.yaml", "--model", "Popularity", "--set", "training.max_length=9", "--device", "cpu"
    )
    name = "eq@training.max_length=9"
    assert f"bench table {name}\n" in done.stderr
    index = json.loads((tmp_path / "results" / name / "index.json").read_text())
    assert (index["file"], index["overrides"]) == ("eq.yaml", ["training.max_length=9"])
    assert (
        f"Suite {name} as it is now (eq.yaml): no difference."
        in here("why", f"{name}/shop/Popularity/1").stdout
    )
    for verb in ("status", "run"):
        refused = here(verb, name, check=2).stderr
        assert "not a suite (give the suite with the same --set:" in refused
        assert f"`bench {verb} eq.yaml --set training.max_length=9`" in refused
    missing = here("table", "eq@training.max_length=8", check=2).stderr
    assert "`bench run eq --set training.max_length=8` makes them" in missing
    here("run", "eq.yaml", "--model", "Popularity")
    missing = here("table", "eq@training.max_length=8", check=2).stderr
    assert "`bench run eq.yaml --set training.max_length=8` makes them" in missing


def test_the_closing_line_names_the_results_folder(tmp_path: Path, suite: Path, here: Here) -> None:
    done = here("run", "eq.yaml", "--model", "Popularity", "--seed", "1", "--results", "my results")
    assert done.stderr.endswith("Again as a table: bench table eq --results 'my results'\n")
    assert "1 run: 0 reused, 1 to compute" in done.stderr
    assert (
        "1 run: 1 done, 0 to compute. Nothing was run."
        in here(
            "run", "eq.yaml", "--model", "Popularity", "--seed", "1", "--results", "my results", "--dry-run"
        ).stdout
    )


@pytest.mark.parametrize("verb", ["run", "status", "table", "why"])
def test_a_file_in_the_place_of_the_results_folder(
    tmp_path: Path, suite: Path, here: Here, verb: str
) -> None:
    (tmp_path / "plain").write_text("", encoding="utf-8")
    refused = here(verb, {"table": "eq", "why": "aaaa"}.get(verb, "eq.yaml"), "--results", "plain", check=2)
    assert refused.stderr == "bench: plain is a file, not a results folder (--results DIR)\n"
    assert (tmp_path / "plain").read_text() == ""


@pytest.mark.parametrize("verb", ["run", "status", "table"])
def test_an_index_without_permission_is_not_called_damaged(
    tmp_path: Path, suite: Path, here: Here, monkeypatch: pytest.MonkeyPatch, verb: str
) -> None:
    here("run", "eq.yaml", "--model", "Popularity", "--seed", "1")
    original = Path.read_bytes

    def refuse(file: Path) -> bytes:  # root may read everything, so chmod shows nothing
        if file.name == "index.json":
            raise PermissionError(13, "Permission denied", str(file))
        return original(file)

    monkeypatch.setattr(Path, "read_bytes", refuse)
    refused = here(verb, "eq" if verb == "table" else "eq.yaml", check=2).stderr
    assert refused == "bench: results/eq/index.json cannot be read: Permission denied\n"
