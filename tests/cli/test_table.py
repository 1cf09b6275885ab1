"""`bench table` in every format, and by the path of a suite file."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from bench.cli.table import print_table, results_of
from bench.errors import InputError


@pytest.mark.parametrize(
    ("format", "starts"),
    [("rich", "ml-100k"), ("markdown", "**ml-100k**"), ("csv", "dataset,model,metric"), ("latex", "%")],
)
def test_formats(handmade: Path, capsys: pytest.CaptureFixture[str], format: str, starts: str) -> None:
    print_table(handmade, "handmade", format)
    out = capsys.readouterr().out
    assert out.startswith(starts)
    assert "Popularity" in out
    assert ("the loss is not finite" in out) == (format != "csv")


def test_json_is_a_list_of_objects(handmade: Path, capsys: pytest.CaptureFixture[str]) -> None:
    print_table(handmade, "handmade", "json")
    found = json.loads(capsys.readouterr().out)
    assert len(found) == 8
    assert all({"dataset", "model", "metric", "mean", "sd", "seeds"} <= row.keys() for row in found)


def test_a_suite_file_means_its_own_name(tmp_path: Path) -> None:
    file = tmp_path / "anything.yaml"
    file.write_text(
        "suite: mine\ndatasets: [ml-100k]\nseeds: [1]\nmetrics: [MRR]\nmodels: [SASRec]\n", encoding="utf-8"
    )
    assert results_of(str(file)) == "mine"
    assert results_of("mine") == "mine"
    with pytest.raises(InputError, match=r"absent\.yaml"):
        results_of(str(tmp_path / "absent.yaml"))
