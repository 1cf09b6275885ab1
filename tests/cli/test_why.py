"""`bench why`: what a run depends on, and what has changed since."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from bench.cli.why import flatten, print_why
from bench.results.provenance import code_hash

MARK = "a" * 16


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)  # no suites/ here but what a test puts there
    monkeypatch.setenv("COLUMNS", "160")


def why(results: Path, capsys: pytest.CaptureFixture[str], name: str = MARK) -> str:
    print_why(name, results, results.parent / "home")
    return capsys.readouterr().out


def test_identity_and_provenance(handmade: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text = why(handmade, capsys, "handmade/ml-100k/SASRec/1")
    assert f"Run {MARK}: SASRec on ml-100k, seed 1; used by handmade" in text
    for line in (("training.max_length", "50"), ("model.name", "SASRec"), ("seed", "1")):
        assert any(all(part in row for part in line) for row in text.splitlines())
    assert "abc123, with uncommitted changes" in text
    assert "torch 2.13.0" in text and "recbole" not in text
    assert f"0123456789abcdef (today's is {code_hash()})" in text
    assert "Suite handmade as it is now: not compared" in text


def test_todays_code_is_recognised(handmade: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = handmade / "runs" / MARK / "run.json"
    file.write_text(
        file.read_text(encoding="utf-8").replace("0123456789abcdef", code_hash()), encoding="utf-8"
    )
    assert f"{code_hash()} (the same as today's)" in why(handmade, capsys)


def test_another_run_of_the_cell_shows_what_differs(
    handmade: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    other = json.loads((handmade / "runs" / MARK / "run.json").read_text(encoding="utf-8"))
    other["fingerprint"] = "f" * 16
    other["identity"]["training"]["epochs"] = 99
    (handmade / "runs" / ("f" * 16)).mkdir()
    (handmade / "runs" / ("f" * 16) / "run.json").write_text(json.dumps(other), encoding="utf-8")
    text = why(handmade, capsys)
    part = text[text.index(f"Run {'f' * 16} of the same cell") :]
    [row] = [line for line in part.splitlines() if "training.epochs" in line]
    assert "10" in row and "99" in row
    assert "training.max_length" not in part


def test_the_suite_as_it_is_now(handmade: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "suites").mkdir()
    file = tmp_path / "suites" / "handmade.yaml"
    head = "suite: handmade\nseeds: [1]\nmetrics: [MRR]\nmodels: [SASRec]\n"
    file.write_text(head + "datasets: [toyshop]\n", encoding="utf-8")
    assert "it does not ask for this cell" in why(handmade, capsys)
    file.write_text(head + "datasets: [ml-100k]\n", encoding="utf-8")
    assert "not compared, its data are not prepared here" in why(handmade, capsys)


def test_flatten_keeps_empty_mappings() -> None:
    assert list(flatten({"a": {"b": 1, "c": {}}, "d": [1, 2]})) == [
        ("a.b", "1"),
        ("a.c", "{}"),
        ("d", "[1, 2]"),
    ]
