"""Neighbours by hand, and whether the check tells features that mean something from those that do not."""

from __future__ import annotations

import html
import re
from pathlib import Path

import numpy as np
import pytest

from bench.data.datasets import prepare_dataset
from bench.data.prepared import TrainingData, load_catalogue, load_training
from bench.features.check import check_features
from bench.features.neighbours import agreement, followed, nearest
from bench.features.store import extract
from bench.features.table import ItemFeatures
from bench.figures import style
from bench.figures.neighbours import draw_neighbours
from bench.registry import Modality


def features(rows: list[list[float]], missing: tuple[int, ...] = ()) -> ItemFeatures:
    values = np.array([[0.0] * len(rows[0]), *rows], dtype=np.float32)
    present = np.array([False, *(item not in missing for item in range(1, len(values)))])
    values[~present] = 0
    return ItemFeatures("image", "by hand", values, present, "", False)


def training(*histories: list[int], items: int) -> TrainingData:
    offsets = np.cumsum([0, *map(len, histories)])
    joined = np.array([item for history in histories for item in history])
    return TrainingData(len(histories), items, offsets, joined, np.ones(len(histories), dtype=np.int64))


def test_nearest_by_angle_without_the_item_itself() -> None:
    found = features([[1, 0], [2, 0.1], [0, 3], [0, 0], [-1, 0], [5, 5]], missing=(6,))
    items, neighbours = nearest(found, 2)
    assert items.tolist() == [1, 2, 3, 5]  # 4 points nowhere, 6 is missing
    assert neighbours.tolist() == [[2, 3], [1, 3], [2, 1], [3, 2]]


def test_nearest_equals_brute_force() -> None:
    random = np.random.default_rng(0)
    found = features(random.normal(size=(700, 5)).tolist())
    items, neighbours = nearest(found, 3)
    unit = found.values[1:].astype(np.float64)
    unit /= np.linalg.norm(unit, axis=1, keepdims=True)
    likeness = unit @ unit.T
    np.fill_diagonal(likeness, -2)
    assert items.tolist() == list(range(1, 701))
    assert (neighbours == np.argsort(-likeness, axis=1)[:, :3] + 1).mean() > 0.999


def test_pairs_are_of_neighbours_in_one_history() -> None:
    assert followed(training([1, 2, 2, 3], [4, 1], items=5)) == {(1, 2), (2, 3), (1, 4)}


def test_agreement_by_hand() -> None:
    items, neighbours = np.array([1, 2, 3]), np.array([[2, 3], [1, 3], [1, 2]])
    found, by_chance = agreement(items, neighbours, {(1, 2)})
    assert found == pytest.approx(2 / 6)
    assert 0 <= by_chance <= 1


def test_the_check_counts_what_is_wrong() -> None:
    rows = [[1.0, 7.0, 0.0], [1.0, 7.0, 0.0], [3.0, 7.0, 0.0], [0.0, 7.0, 4.0], [9.0, 9.0, 9.0]]
    found = check_features(features(rows, missing=(5,)), training([1, 2, 3, 4], items=5))
    assert (found.items, found.missing, found.doubles, found.columns, found.constant_columns) == (
        5,
        1,
        2,
        3,
        1,
    )
    assert found.zero_items == 0
    assert found.norms["0.5"] == pytest.approx(np.median([50**0.5, 50**0.5, 58**0.5, 65**0.5]), rel=1e-6)


@pytest.mark.parametrize(("mechanism", "low", "high"), [("content", 2.5, 10), ("attention", 0.6, 1.3)])
def test_neighbours_follow_each_other_where_content_decides(
    mechanism: str, low: float, high: float, tmp_path: Path
) -> None:
    """toyshop knows: under `content` the next item looks like the last one, under `attention` it does not."""
    dataset = prepare_dataset("toyshop", "shop", {"mechanism": mechanism, "image": 1}, tmp_path)
    found = extract(dataset, "image", "colour-edge", {}, tmp_path)
    lift = check_features(found, load_training(dataset)).lift
    assert lift is not None and low < lift < high


@pytest.mark.parametrize("ending", ["png", "svg", "pdf"])
def test_the_contact_sheet_is_drawn(ending: str, tmp_path: Path) -> None:
    dataset = prepare_dataset("toyshop", "shop", {"users": 20, "items": 30}, tmp_path)
    found = extract(dataset, "image", "colour-edge", {}, tmp_path)
    file = tmp_path / f"sheet.{ending}"
    draw_neighbours(found, load_catalogue(dataset), file)
    assert file.stat().st_size > 10_000


@pytest.mark.parametrize(("modality", "encoder"), [("text", "tfidf-svd"), ("category", "multi-hot")])
def test_the_contact_sheet_shows_what_features_are_made_of(
    modality: Modality, encoder: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(style._RC, "svg.fonttype", "none")
    dataset = prepare_dataset("toyshop", "shop", {"users": 20, "items": 30}, tmp_path)
    found, catalogue = extract(dataset, modality, encoder, {}, tmp_path), load_catalogue(dataset)
    draw_neighbours(found, catalogue, tmp_path / "sheet.svg")
    drawn = (tmp_path / "sheet.svg").read_text(encoding="utf-8")
    assert "<image" not in drawn
    words = html.unescape(" ".join(re.sub(r"<[^>]*>", " ", drawn).split()))
    contents = catalogue.texts if modality == "text" else [", ".join(own) for own in catalogue.categories]
    assert sum(content[:30] in words for content in contents) >= 10
