"""Reading of a run's epochs."""

from __future__ import annotations

from pathlib import Path

import pytest

from bench.errors import DataError
from bench.results.history import EpochRow, read_history

RUN = "a" * 16


def written(tmp_path: Path, text: str) -> Path:
    folder = tmp_path / "runs" / RUN
    folder.mkdir(parents=True)
    (folder / "history.csv").write_text(text, encoding="utf-8")
    return tmp_path


def test_epochs_with_and_without_validation(tmp_path: Path) -> None:
    text = "epoch,loss,validation NDCG@10,train_s,validate_s\n1,2.5,,0.1,0.0\n2,2.25,0.125,0.1,0.1\n"
    assert read_history(written(tmp_path, text), RUN) == [EpochRow(1, 2.5, None), EpochRow(2, 2.25, 0.125)]


def test_a_counting_model_has_none(tmp_path: Path) -> None:
    assert read_history(written(tmp_path, "epoch,loss,validation NDCG@10,train_s,validate_s\n"), RUN) == []


@pytest.mark.parametrize("text", ["", "epoch,loss,v\n1,x,0.5\n", "epoch,loss,v\n1\n"])
def test_damage(tmp_path: Path, text: str) -> None:
    with pytest.raises(DataError, match=r"history\.csv is damaged"):
        read_history(written(tmp_path, text), RUN)


def test_gone(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="is missing"):
        read_history(tmp_path, RUN)
