"""The calibration instrument: the same bytes for a seed, and the mechanism it claims."""

from __future__ import annotations

import hashlib
from collections import Counter
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from scipy.stats import chi2_contingency

from bench.data.datasets import prepare_dataset
from bench.data.sources.toyshop import Toyshop, item_id
from bench.data.sources.toyshop_pictures import BODY_COLOURS
from bench.data.sources.toyshop_rules import (
    LENGTHS,
    RANDOM,
    RANDOM_SHARE,
    VALUES,
    Histories,
    Shop,
    draw_histories,
    draw_shop,
    next_distribution,
)
from bench.data.sources.toyshop_words import DEPARTMENTS, THEMES
from bench.registry import MODALITIES
from bench.suite.dataset_settings import ToyshopSettings


def drawn(**options: Any) -> tuple[Shop, Histories]:
    settings = ToyshopSettings(**options)
    shop = draw_shop(settings)
    return shop, draw_histories(shop, settings)


def bytes_of(folder: Path) -> dict[str, str]:
    return {
        str(file.relative_to(folder)): hashlib.sha256(file.read_bytes()).hexdigest()
        for file in folder.rglob("*")
        if file.is_file()
    }


def test_a_seed_gives_the_same_bytes_and_another_gives_others(tmp_path: Path) -> None:
    def build(place: str, seed: int) -> tuple[str, dict[str, str]]:
        options = {"users": 30, "items": 25, "image": 1, "text": 2, "seed": seed}
        dataset = prepare_dataset("toyshop", "shop", options, tmp_path / place)
        return dataset.content_hash, bytes_of(dataset.folder)

    first, again, other = build("first", 3), build("again", 3), build("other", 4)
    assert first == again
    assert first[0] != other[0]
    pictures = [name for name in first[1] if name.startswith("images")]
    assert len(pictures) == 25
    assert sum(first[1][name] != other[1][name] for name in pictures) > 20


def test_latent_values_are_uniform_and_independent() -> None:
    shop, _ = drawn(items=4000, users=1, mechanism="content")
    known = VALUES["content"]
    for values in shop.values:
        assert np.bincount(values).tolist() == [4000 // known] * known
    for first, second in combinations(shop.values, 2):
        table = np.zeros((known, known))
        np.add.at(table, (first, second), 1)
        assert chi2_contingency(table).pvalue > 0.001


def test_contents_show_the_latent_values(tmp_path: Path) -> None:
    settings = ToyshopSettings(items=64, users=1, mechanism="content")
    shop, raw = draw_shop(settings), Toyshop(settings).collect(tmp_path)
    for item, row in enumerate(raw.items.to_pylist()):
        colour, theme, department = shop.values[:, item]
        assert row["id"] == item_id(item)
        with Image.open(tmp_path / row["image"]) as picture:
            assert picture.size == (64, 64)
            pixels = Counter(map(tuple, np.asarray(picture.convert("RGB")).reshape(-1, 3).tolist()))
        assert max(BODY_COLOURS, key=lambda body: pixels[body]) == BODY_COLOURS[colour]
        words = set(row["text"].lower().replace(".", "").replace(",", "").split())
        assert [place for place, known in enumerate(THEMES) if words & set(known)] == [theme]
        assert len(words & set(THEMES[theme])) == 3
        assert set(row["categories"]) & set(DEPARTMENTS) == {DEPARTMENTS[department]}
        assert len(row["categories"]) >= 3
        assert not set(row["title"].lower().split()) & {word for known in THEMES for word in known}


def determined(histories: Histories) -> list[tuple[list[int], int, int]]:
    """(history, next item, modality) of every determined step."""
    return [
        (items[:place], items[place], carriers[place])
        for items, carriers in zip(histories.items, histories.carriers, strict=True)
        for place in range(len(items))
        if carriers[place] != RANDOM
    ]


@pytest.mark.parametrize("modality", MODALITIES)
def test_attention_steps_follow_the_latest_match(modality: str) -> None:
    shop, histories = drawn(users=60, items=40, **{modality: 1})
    values = shop.values[MODALITIES.index(modality)].tolist()
    steps = determined(histories)
    assert len(steps) > 700
    for history, bought, carrier in steps:
        assert MODALITIES[carrier] == modality
        determining = history[-1]
        for earlier in history[:-1]:
            if values[earlier] == values[history[-1]]:
                determining = earlier
        assert bought in shop.successors[determining]


@pytest.mark.parametrize("modality", MODALITIES)
def test_content_steps_resemble_the_last_item(modality: str) -> None:
    shop, histories = drawn(users=60, items=40, mechanism="content", **{modality: 1})
    values = shop.values[MODALITIES.index(modality)]
    for history, bought, _ in determined(histories):
        assert values[bought] == values[history[-1]] and bought != history[-1]
    # The other modalities say nothing: matches are as frequent as chance has it.
    for other in set(range(3)) - {MODALITIES.index(modality)}:
        matches = [shop.values[other][h[-1]] == shop.values[other][b] for h, b, _ in determined(histories)]
        assert np.mean(matches) < 0.3


def test_weights_share_the_steps_and_without_weights_nothing_is_determined() -> None:
    _, histories = drawn(users=400, items=50, image=1, category=3)
    carriers = np.array([carrier for row in histories.carriers for carrier in row[1:]])
    shares = [np.mean(carriers == place) for place in (RANDOM, 0, 1, 2)]
    signal = 1 - RANDOM_SHARE["attention"]
    assert shares == pytest.approx([1 - signal, signal / 4, 0, signal * 3 / 4], abs=0.02)
    _, histories = drawn(users=50, items=50, mechanism="content")
    assert determined(histories) == []


def test_successors_visit_every_item_and_never_itself() -> None:
    shop, _ = drawn(items=50, users=1)
    for column in shop.successors.T:
        assert sorted(column) == list(range(50))
        assert (column != np.arange(50)).all()


@pytest.mark.parametrize("mechanism", ["attention", "content"])
def test_the_oracle_finds_what_it_expects_to_find(mechanism: str, tmp_path: Path) -> None:
    options = {"mechanism": mechanism, "users": 500, "items": 100, "image": 1, "text": 1}
    shop, histories = drawn(**options)
    hits = 0
    for items in histories.items:
        chances = next_distribution(shop, items[:-1])
        assert chances.sum() == pytest.approx(1)
        hits += items[-1] in np.argsort(-chances, kind="stable")[:10]
    known = Toyshop(ToyshopSettings(**options)).collect(tmp_path).truth
    assert known is not None
    # Four standard errors of a share over 500 users.
    assert known["oracle_recall_at_10"] == pytest.approx(hits / 500, abs=0.09)
    assert known["signal"] == ["image", "text"]
    assert known["determined_share"] == pytest.approx(1 - RANDOM_SHARE[mechanism], abs=0.02)


def test_the_log_is_in_time_order_and_gives_back_the_histories(tmp_path: Path) -> None:
    options = {"users": 40, "items": 30, "text": 1}
    _, histories = drawn(**options)
    raw = Toyshop(ToyshopSettings(**options)).collect(tmp_path)
    assert raw.interactions["timestamp"].to_pylist() == sorted(raw.interactions["timestamp"].to_pylist())
    found: dict[str, list[str]] = {}
    for row in raw.interactions.to_pylist():
        found.setdefault(row["user"], []).append(row["item"])
    expected = [[item_id(item) for item in items] for items in histories.items]
    assert [found[user] for user in sorted(found)] == expected
    shortest, longest = LENGTHS["attention"]
    assert {len(items) for items in expected} <= set(range(shortest, longest + 1))


def test_every_latent_value_can_be_shown() -> None:
    assert max(VALUES.values()) <= min(len(BODY_COLOURS), len(THEMES), len(DEPARTMENTS))
