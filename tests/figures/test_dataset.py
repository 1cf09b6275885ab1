"""The picture of a dataset is drawn, in each format, also for odd shapes."""

from __future__ import annotations

from pathlib import Path

import pytest
from PIL import Image

from bench.data.datasets import prepare_dataset
from bench.figures.dataset import draw_dataset


@pytest.mark.parametrize("ending", ["png", "svg", "pdf"])
def test_formats(tmp_path: Path, ending: str) -> None:
    dataset = prepare_dataset("toyshop", "shop <b>", {"users": 30, "items": 20}, tmp_path / "home")
    file = tmp_path / f"shop.{ending}"
    draw_dataset(dataset, file)
    assert file.stat().st_size > 5_000
    if ending == "png":
        with Image.open(file) as picture:
            assert picture.size[0] > 1_000
            assert len(picture.convert("RGB").getcolors(1 << 20) or []) > 20


def test_users_of_one_length(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BENCH_DATA", str(tmp_path))
    (tmp_path / "s.txt").write_text("u a b c\nv b c a\n", encoding="utf-8")
    draw_dataset(prepare_dataset("sequences", "s", {"path": "s.txt"}, tmp_path / "home"), tmp_path / "s.png")
    assert (tmp_path / "s.png").exists()
