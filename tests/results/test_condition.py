"""Whether a run can be used, and whether its metrics are those of its ranks."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from bench.results.condition import run_condition
from bench.results.folder import RunPaths, write_ranks
from bench.results.records import read_record
from bench.results.values import disagreements

MARK = "a" * 16
COLUMNS = {"user": list(range(2)), "item": [1, 1], "better": [0, 99], "ties": [0, 0]}


def test_a_whole_run_is_done(handmade: Path) -> None:
    found = run_condition(handmade, MARK)
    assert (found.state, found.reason) == ("done", "")
    assert found.record == read_record(handmade, MARK)
    assert RunPaths(handmade, MARK).is_done()


@pytest.mark.parametrize("name", ["run.json", "ranks.parquet"])
@pytest.mark.parametrize("left", [0, 0.5, 0.99])
def test_a_file_that_was_cut_off_is_damage(handmade: Path, name: str, left: float) -> None:
    file = handmade / "runs" / MARK / name
    whole = file.read_bytes()
    file.write_bytes(whole[: int(left * len(whole))])
    found = run_condition(handmade, MARK)
    assert found.state == "damaged"
    assert f"{name} is damaged" in found.reason
    assert not RunPaths(handmade, MARK).is_done()


def test_flipped_bytes_among_the_ranks_are_damage(handmade: Path) -> None:
    file = handmade / "runs" / MARK / "ranks.parquet"
    content = bytearray(file.read_bytes())
    footer = 8 + int.from_bytes(content[-8:-4], "little")
    content[4:-footer] = bytes(byte ^ 0xFF for byte in content[4:-footer])
    file.write_bytes(content)
    assert run_condition(handmade, MARK).state == "damaged"


@pytest.mark.parametrize("split", ["validation", "test"])
def test_ranks_of_one_split_alone_are_damage(handmade: Path, split: str) -> None:
    write_ranks(handmade / "runs" / MARK / "ranks.parquet", {split: COLUMNS})
    found = run_condition(handmade, MARK)
    assert found.state == "damaged"
    assert f"no {'test' if split == 'validation' else 'validation'} ranks" in found.reason


def test_what_is_not_there_is_absent(handmade: Path) -> None:
    assert run_condition(handmade, "0" * 16).state == "absent"
    (handmade / "runs" / MARK / "run.json").unlink()
    assert run_condition(handmade, MARK).state == "absent"


def test_metrics_are_held_against_the_ranks(handmade: Path) -> None:
    assert disagreements(handmade, read_record(handmade, MARK)) == []
    file = handmade / "runs" / MARK / "run.json"
    record = json.loads(file.read_text(encoding="utf-8"))
    record["metrics"]["test"]["Recall@10"] = 0.2
    record["metrics"]["validation"]["NDCG@10"] += 1e-15  # rounding
    file.write_text(json.dumps(record), encoding="utf-8")
    assert disagreements(handmade, read_record(handmade, MARK)) == [("test", "Recall@10", 0.2, 0.1)]
