"""Attention weights in a report: where weights, data and features are here, else why not."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from bench.report.attention import attention_figures
from bench.report.drawing import ReportFigure
from bench.results.query import load_cells
from tests.calling import call_here

SUITE = """\
suite: small
datasets:
  - {name: toyshop, label: shop, users: 80, items: 40, mechanism: attention, image: 1, text: 1, category: 1}
seeds: [1]
metrics: [NDCG@10]
training: {epochs: 1, batch_size: 128, max_length: 40, monitor: NDCG@10}
features: {image: colour-edge}
defaults: {attention: {hidden_size: 8, layers: 1, heads: 2, inner_size: 8}}
models:
  - {name: MAF, label: with images, modalities: [image], multimodal_size: 4}
  - SASRec
  - Popularity
"""


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a suite's results and its home."""
    folder = tmp_path_factory.mktemp("attention")
    (folder / "small.yaml").write_text(SUITE, encoding="utf-8")
    call_here("run", str(folder / "small.yaml"), *places(folder), "--jobs", "1")
    return folder


@pytest.fixture
def here(finished: Path, tmp_path: Path) -> Path:
    """The same, to be changed."""
    for name in ("results", "home"):
        shutil.copytree(finished / name, tmp_path / name)
    return tmp_path


def places(folder: Path) -> list[str]:
    return ["--results", str(folder / "results"), "--home", str(folder / "home")]


def figures(folder: Path) -> list[ReportFigure]:
    results = folder / "results"
    return list(attention_figures(results, load_cells(results, "small"), folder / "home"))


def test_it_is_drawn(finished: Path, tmp_path: Path) -> None:
    """Of the model with several maps, though another was finished later."""
    (figure,) = figures(finished)
    assert figure.image and figure.file == "attention-shop.csv" and not figure.reason
    assert figure.alternative.startswith(
        "Attention weights of with images on shop: item, multimodal and fused,"
    )
    call_here("report", "small", *places(finished), "--plots", str(tmp_path))
    assert figure.alternative in (tmp_path / "small" / "report.html").read_text(encoding="utf-8")


def test_without_weights(here: Path) -> None:
    for file in here.rglob("model.safetensors"):
        file.unlink()
    (figure,) = figures(here)
    assert not figure.image and "without weights" in figure.reason


def test_without_data(here: Path) -> None:
    shutil.rmtree(here / "home" / "datasets")
    (figure,) = figures(here)
    assert "the data of shop are not prepared here" in figure.reason


def test_without_features(here: Path) -> None:
    """They are not encoded for a report: that may take hours and a download."""
    shutil.rmtree(here / "home" / "features")
    (figure,) = figures(here)
    assert "the image features of shop are not here" in figure.reason
    assert not (here / "home" / "features").exists()


def test_models_without_attention(handmade: Path, run_json: Callable[..., dict[str, Any]]) -> None:
    counted = [cell for cell in load_cells(handmade, "handmade") if cell.model == "Popularity"]
    (figure,) = attention_figures(handmade, counted)
    assert figure.reason == "no finished run is of a model with attention."
