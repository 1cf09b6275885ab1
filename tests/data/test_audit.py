"""The audit calls out what it should, and nothing else."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from bench.data.audit import Finding, findings
from bench.data.datasets import prepare_dataset
from bench.data.prepared import PreparedDataset
from bench.suite.recipes import find_recipe


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> PreparedDataset:
    options = {"users": 40, "items": 24, "image": 1}
    return prepare_dataset("toyshop", "shop", options, tmp_path_factory.mktemp("home"))


def named(found: list[Finding]) -> dict[str, Finding]:
    assert len({finding.about for finding in found}) == len(found)
    return {finding.about: finding for finding in found}


def changed(shop: PreparedDataset, **facts: Any) -> dict[str, Finding]:
    return named(findings(replace(shop, audit=shop.audit | facts), {}))


def test_values_are_the_records(shop: PreparedDataset) -> None:
    found = named(findings(shop, {}))
    assert found["users"].value == shop.n_users
    assert found["test targets in the history"].value == shop.audit["repeated_test_targets"]
    assert found["test targets in the history"].of == shop.n_users
    assert found["items without image"].value == 0
    assert "the paper's table" not in found


@pytest.mark.parametrize(
    ("fact", "calm", "alarming", "about"),
    [
        ("last_item_recall_at_10", 0.19, 0.79, "Recall@10 of the history"),
        ("later_training_share", 0.05, 0.3, "training after the test target"),
        ("users_split_within_a_moment", 3, 30, "users split within a moment"),
    ],
)
def test_what_misleads_is_called_out(
    shop: PreparedDataset, fact: str, calm: float, alarming: float, about: str
) -> None:
    assert not changed(shop, **{fact: calm})[about].warning
    assert changed(shop, **{fact: alarming})[about].warning
    assert "mask_history" in changed(shop, last_item_recall_at_10=0.79)["Recall@10 of the history"].words


def test_shares_are_of_the_users_who_are_tested(shop: PreparedDataset) -> None:
    found = changed(shop, test_targets=10, untrained_test_targets=4)
    assert found["test targets never trained"].of == found["test targets in the history"].of == 10


def test_without_times_nothing_is_said_of_them(shop: PreparedDataset) -> None:
    found = changed(shop, timed=False, later_training_share=0.9)
    assert not {"training after the test target", "users split within a moment"} & found.keys()
    assert "have none" in found["times"].words


def test_pictures_that_are_not_at_hand_are_not_called_distinct(shop: PreparedDataset) -> None:
    nothing = shop.audit["items_with"] | {"image": 0}
    assert "items that share a picture" not in changed(shop, items_with=nothing)


@pytest.mark.parametrize(
    ("name", "implied"), [("VideoGames", 2_255), ("BoysGirls", 274), ("Women", 36_172), ("Men", 10_702)]
)
def test_the_papers_table_is_held_against_itself(shop: PreparedDataset, name: str, implied: int) -> None:
    recipe = find_recipe(name)
    assert recipe is not None
    found = named(findings(shop, recipe.published))
    assert f"imply {implied:,} items" in found["the paper's table"].words
    assert f"the paper: {recipe.published['users']:,}" == found["users"].words


def test_shared_pictures_are_counted(shop: PreparedDataset, tmp_path: Path) -> None:
    pictures = [file.read_bytes() for file in sorted((shop.folder / "images").iterdir())]
    expected = sum(pictures.count(picture) > 1 for picture in pictures)
    assert shop.audit["items_with_a_picture_shared"] == expected
