"""Recipes: those that bench brings are in order, and wrong ones are refused with their line."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from bench.errors import InputError
from bench.registry import DATASETS
from bench.suite.dataset_settings import AmazonSettings
from bench.suite.datasets import parse_dataset
from bench.suite.recipes import (
    dataset_entry,
    dataset_names,
    dataset_settings,
    find_recipe,
    read_recipe,
    recipe_names,
)


@pytest.mark.parametrize("name", recipe_names())
def test_every_recipe_is_in_order(name: str) -> None:
    recipe, entry = find_recipe(name), dataset_entry(name)
    assert recipe is not None and entry is not None
    settings = dataset_settings(name, {})
    assert set(settings.files) == set(recipe.urls)
    assert set(recipe.modalities) <= set(DATASETS[recipe.source].modalities)
    assert parse_dataset(name).options == {}


def test_the_papers_datasets_have_its_filters() -> None:
    period = "period: {from: 2016-01-01, to: 2018-01-01}"
    rest = [period, "require: [image, text, category]", "minimum: {users: 5}"]
    for name, labels in {
        "VideoGames": None,
        "BoysGirls": "[Boys, Girls]",
        "Women": "[Women]",
        "Men": "[Men]",
    }.items():
        settings = dataset_settings(name, {})
        assert isinstance(settings, AmazonSettings) and settings.layout == "2018"
        first = [] if labels is None else [f"category: {{level: 2, any: {labels}}}"]
        assert [step.words for step in settings.steps] == first + rest


@pytest.mark.requires("data")
def test_published_sizes_are_those_of_table_1(shared_data: Path) -> None:
    with (shared_data.parent / "paper" / "table1.tsv").open(encoding="utf-8") as file:
        header, *rows = csv.reader(file, delimiter="\t")
    table = {row[0]: row[1:] for row in rows}
    keys = {
        "#Users": "users",
        "#Items": "items",
        "#Interactions": "interactions",
        "#Avg. Actions/User": "actions_per_user",
        "#Avg. Actions/Item": "actions_per_item",
    }
    for at, name in enumerate(header[1:]):
        recipe = find_recipe(name)
        assert recipe is not None
        assert recipe.published == {
            key: float(table[label][at].replace(",", "")) for label, key in keys.items()
        }


def test_a_recipe_is_a_dataset_like_any_other() -> None:
    assert [*DATASETS] == dataset_names()[: len(DATASETS)]
    ref = parse_dataset("VideoGames[users=100]")
    assert (ref.name, ref.options["users"]) == ("VideoGames", 100)
    settings = dataset_settings("VideoGames", ref.options)
    assert isinstance(settings, AmazonSettings)
    assert (settings.users, settings.reviews, len(settings.steps)) == (100, "Video_Games.json.gz", 3)
    own = parse_dataset("VideoGames[steps=[{core: {users: 5}}]]")
    assert [s.words for s in dataset_settings("VideoGames", own.options).steps] == [  # type: ignore[attr-defined]
        "core: {users: 5}"
    ]
    with pytest.raises(InputError, match="did you mean 'VideoGames'"):
        parse_dataset("VideoGame")
    with pytest.raises(InputError, match="layout"):
        parse_dataset("VideoGames[layout=2014]")


@pytest.mark.parametrize(
    ("text", "line", "complaint"),
    [
        ("about: a\nsource: amzon\nmodalities: []\noptions: {}\n", 2, "no source 'amzon'"),
        ("about: a\nsource: sequences\nmodalities: []\noptions:\n  path: a\n  user: 1\n", 6, "user"),
        ("about: a\nsource: sequences\nmodalities: [smell]\noptions: {path: a}\n", 3, "smell"),
        ("about: a\nsource: sequences\nmodalities: []\noptions: {path: ../a}\n", 4, "no path inside"),
    ],
)
def test_a_wrong_recipe_names_its_line(tmp_path: Path, text: str, line: int, complaint: str) -> None:
    file = tmp_path / "wrong.yaml"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(InputError, match=complaint) as raised:
        read_recipe(file)
    assert (raised.value.file, raised.value.line) == (str(file), line)
