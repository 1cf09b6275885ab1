"""Orders of filters: all that is sensible, once each, counted as the preparation counts."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from bench.data.datasets import open_source, prepare_dataset
from bench.data.orders import count_orders, sensible_orders
from bench.suite.dataset_settings import CutSettings, SequencesSettings
from bench.suite.recipes import dataset_settings


def orders(*steps: dict[str, Any]) -> list[list[str]]:
    found = sensible_orders(CutSettings.model_validate({"steps": list(steps)}).steps)
    return [[step.words for step in order] for order in found]


def test_counting_stands_everywhere_and_in_every_way() -> None:
    found = orders({"period": {"from": "2016-01-01"}}, {"require": ["text"]}, {"minimum": {"users": 4}})
    period, text = "period: {from: 2016-01-01}", "require: [text]"
    ways = ["minimum: {users: 4}", "minimum: {items: 4}", "minimum: {users: 4, items: 4}"]
    assert found == [
        order
        for way in [*ways, "core: {users: 4, items: 4}"]
        for order in ([period, text, way], [period, way, text], [way, period, text])
    ]


def test_without_filters_only_the_ways_differ() -> None:
    assert len(orders()) == 4


def test_the_papers_datasets_start_with_their_own_order() -> None:
    for name, count in (("VideoGames", 12), ("BoysGirls", 16)):
        settings = dataset_settings(name, {})
        assert isinstance(settings, CutSettings)
        found = sensible_orders(settings.steps)
        assert found[0] == settings.steps
        assert len(found) == count


def test_counts_are_those_of_the_preparation(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BENCH_DATA", str(tmp_path))
    lines = [f"u{n} " + " ".join(f"i{(n * k) % 13}" for k in range(1, 3 + n % 6)) for n in range(1, 20)]
    (tmp_path / "s.txt").write_text("\n".join(lines), encoding="utf-8")
    settings = SequencesSettings.model_validate({"path": "s.txt", "steps": [{"core": {"users": 3}}]})
    chosen = sensible_orders(settings.steps)
    left = count_orders(open_source("sequences", settings), chosen)
    for steps, counts in zip(chosen, left, strict=True):
        options = {"path": "s.txt", "steps": [step.model_dump(mode="json") for step in steps]}
        dataset = prepare_dataset("sequences", "s", options, tmp_path / "home")
        last = dataset.audit["steps"][-1]
        assert (counts.interactions, counts.users, counts.items) == tuple(
            last[key] for key in ("interactions", "users", "items")
        )
