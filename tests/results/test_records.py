"""Reading run.json: what is refused, and that the writer's own constants agree."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from bench.errors import DataError
from bench.results import folder
from bench.results.records import RECORD, read_record, run_folder

MARK = "a" * 16
Make = Callable[..., dict[str, Any]]


def put(results: Path, text: str) -> None:
    target = results / "runs" / MARK
    target.mkdir(parents=True)
    (target / RECORD).write_text(text, encoding="utf-8")


def test_what_is_written_is_read(tmp_path: Path, run_json: Make) -> None:
    put(tmp_path, json.dumps({**run_json(MARK), "a key of a later version": 1}))
    record = read_record(tmp_path, MARK)
    assert record.metrics["test"] == {"Recall@10": 0.125, "NDCG@10": 0.0625}
    assert record.inputs.dataset.users == 943
    assert record.identity == run_json(MARK)["identity"]


def test_the_writer_agrees_on_the_place(tmp_path: Path) -> None:
    assert folder.RunPaths(tmp_path, MARK).final == run_folder(tmp_path, MARK)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda r: r.update(format_version=2), "format_version"),
        (lambda r: r["metrics"]["test"].update({"Recall@10": float("nan")}), "Recall@10"),
        (lambda r: r.pop("metrics"), "metrics"),
        (lambda r: r.update(fingerprint="b" * 16), "the record of run bbbb"),
        (lambda r: r["spec"].update(seed="one"), "spec.seed"),
    ],
)
def test_a_damaged_record_is_refused(
    tmp_path: Path, run_json: Make, change: Callable[[dict[str, Any]], object], says: str
) -> None:
    record = run_json(MARK)
    change(record)
    put(tmp_path, json.dumps(record))
    with pytest.raises(DataError, match=says):
        read_record(tmp_path, MARK)


@pytest.mark.parametrize("text", ["", "{", "[]", '{"format_version": 1'])
def test_half_a_file_is_refused(tmp_path: Path, text: str) -> None:
    put(tmp_path, text)
    with pytest.raises(DataError, match=r"run\.json is damaged"):
        read_record(tmp_path, MARK)


def test_an_absent_run_is_told_from_a_damaged_one(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        read_record(tmp_path, MARK)


@pytest.mark.parametrize("name", ["../../etc", "A" * 16, "a" * 15, ""])
def test_only_fingerprints_become_paths(tmp_path: Path, name: str) -> None:
    with pytest.raises(DataError, match="no fingerprint"):
        run_folder(tmp_path, name)
