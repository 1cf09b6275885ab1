"""Preparing a folder: whole or not at all, once, and hashed by content."""

from __future__ import annotations

import json
import threading
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from PIL import Image

from bench.data import parquet, split
from bench.data.locked import load_test
from bench.data.preparation import prepare
from bench.data.prepared import load_catalogue, load_training
from bench.data.sources.base import INTERACTIONS, ITEMS, Progress, RawData, Source, picture_file
from bench.errors import DataError


class Shelf(Source):
    """Two users and three items, one of them with a picture."""

    def __init__(self, **changes: Any) -> None:
        self.picture: str = changes.get("picture", "covers/a.PNG")
        self.colour: tuple[int, int, int] = changes.get("colour", (255, 0, 0))
        self.fails: bool = changes.get("fails", False)
        self.times = changes.get("times", [3, 1, 2, 1, 2, 3, 4])
        self.collected = 0

    def collect(self, folder: Path, progress: Progress | None = None) -> RawData:
        self.collected += 1
        (folder / "covers").mkdir()
        Image.new("RGB", (4, 4), self.colour).save(folder / "covers" / "a.PNG")
        Image.new("RGB", (4, 4)).save(folder / "covers" / "unused.png")
        if self.fails:
            raise KeyboardInterrupt
        interactions = {
            "user": ["u", "u", "u", "v", "v", "v", "v"],
            "item": ["c", "a", "b", "a", "a", "c", "b"],
            "timestamp": self.times,
        }
        items = [
            {"id": "a", "title": "A", "text": "one", "categories": ["x", "y"], "image": self.picture},
            {"id": "b", "title": "", "text": " ", "categories": [], "image": "covers/absent.png"},
            {"id": "c", "title": "", "text": "", "categories": [], "image": None},
        ]
        return RawData(
            pa.table(interactions, schema=INTERACTIONS), pa.Table.from_pylist(items, schema=ITEMS), {"f": "0"}
        )


def test_what_is_written_is_what_is_read(tmp_path: Path) -> None:
    dataset = prepare(Shelf(), "shelf", {"recipe": 1}, tmp_path / "shelf")
    training = load_training(dataset)
    assert (dataset.n_users, dataset.n_items, dataset.n_interactions) == (2, 3, 7)
    assert [training.history(user).tolist() for user in range(2)] == [[1], [1, 1]]
    assert training.validation.tolist() == [2, 3]
    assert load_test(dataset).items.tolist() == [3, 2]
    assert training.n_targets == 7 - 3 * 2 == dataset.audit["training_targets"]

    catalogue = load_catalogue(dataset)
    assert catalogue.ids == ("a", "b", "c")
    assert catalogue.categories == (("x", "y"), (), ())
    assert [image and image.name for image in catalogue.images] == ["1.png", None, None]
    assert catalogue.images[0] is not None and catalogue.images[0].is_relative_to(dataset.folder)
    assert dataset.modalities == ("image", "text", "category")
    assert dataset.audit["items_with"] == {"image": 1, "text": 1, "category": 1}
    assert dataset.audit["pictures_named_but_absent"] == 1
    assert (dataset.audit["first_timestamp"], dataset.audit["last_timestamp"]) == (1, 4)
    assert sorted(path.name for path in dataset.folder.iterdir()) == [
        *("dataset.json", "images", "items.parquet", "test.parquet", "train.parquet"),
        *("users.parquet", "validation.parquet"),
    ]


def test_a_second_preparation_reads_the_first(tmp_path: Path) -> None:
    source = Shelf()
    first = prepare(source, "shelf", {}, tmp_path / "shelf")
    second = prepare(source, "another label", {}, tmp_path / "shelf")
    assert source.collected == 1
    assert (second.content_hash, second.label) == (first.content_hash, "another label")


def test_the_content_hash_follows_contents_and_not_the_recipe(tmp_path: Path) -> None:
    def hashed(name: str, **changes: Any) -> str:
        return prepare(Shelf(**changes), "shelf", {"recipe": name}, tmp_path / name).content_hash

    reference = hashed("reference")
    assert hashed("same") == reference
    assert hashed("later", times=[30, 10, 20, 10, 20, 30, 40]) == reference  # the same order of events
    assert hashed("reordered", times=[1, 2, 3, 1, 2, 3, 4]) != reference
    assert hashed("repainted", colour=(0, 255, 0)) != reference


def test_an_interrupted_preparation_leaves_nothing_and_the_next_one_succeeds(tmp_path: Path) -> None:
    folder = tmp_path / "shelf"
    with pytest.raises(KeyboardInterrupt):
        prepare(Shelf(fails=True), "shelf", {}, folder)
    assert [path.name for path in tmp_path.iterdir() if path.is_dir()] == []
    # A process that is killed cannot even tidy up.
    (tmp_path / "shelf.partial").mkdir()
    (tmp_path / "shelf.partial" / "dataset.json").write_text("{}")
    folder.mkdir()
    (folder / "items.parquet").write_bytes(b"half")
    assert prepare(Shelf(), "shelf", {}, folder).n_users == 2
    assert not (tmp_path / "shelf.partial").exists()


def test_two_at_once_prepare_once(tmp_path: Path) -> None:
    source = Shelf()
    hashes: list[str] = []

    def ask() -> None:
        hashes.append(prepare(source, "shelf", {}, tmp_path / "shelf").content_hash)

    threads = [threading.Thread(target=ask) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(hashes) == 4 and len(set(hashes)) == 1
    assert source.collected == 1


@pytest.mark.parametrize("name", ["../secret.png", "/etc/hostname", "a/../../b.png", "..\\b.png", "C:b.png"])
def test_no_picture_name_leaves_the_folder(tmp_path: Path, name: str) -> None:
    with pytest.raises(DataError, match="leads out"):
        prepare(Shelf(picture=name), "shelf", {}, tmp_path / "shelf")
    assert not (tmp_path / "shelf").exists()


def test_no_link_leaves_the_folder(tmp_path: Path) -> None:
    (tmp_path / "secret.png").write_bytes(b"secret")
    inside = tmp_path / "inside"
    inside.mkdir()
    (inside / "link.png").symlink_to(tmp_path / "secret.png")
    with pytest.raises(DataError, match="leads out"):
        picture_file(inside, "link.png")


def test_two_items_may_share_a_picture(tmp_path: Path) -> None:
    class Twins(Shelf):
        def collect(self, folder: Path, progress: Progress | None = None) -> RawData:
            raw = super().collect(folder, progress)
            rows = [row | {"image": "covers/a.PNG"} for row in raw.items.to_pylist()]
            return RawData(raw.interactions, pa.Table.from_pylist(rows, schema=ITEMS))

    images = load_catalogue(prepare(Twins(), "twins", {}, tmp_path / "twins")).images
    assert [image.name for image in images if image] == ["1.png", "2.png", "3.png"]
    assert len({image.read_bytes() for image in images if image}) == 1


@pytest.mark.parametrize("rows", [1, 2])
def test_many_rows_are_prepared_as_few_at_a_time(
    tmp_path: Path, rows: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Named(Shelf):
        def collect(self, folder: Path, progress: Progress | None = None) -> RawData:
            raw = super().collect(folder, progress)
            pictures = ["covers/a.PNG", "nowhere.png", "covers/a.PNG"]
            images = pa.array(pictures, pa.string())
            return RawData(raw.interactions, raw.items.set_column(4, "image", images))

    whole = prepare(Named(), "shelf", {}, tmp_path / "whole")
    for module in (split, parquet):
        monkeypatch.setattr(module, "ROWS", rows)
        monkeypatch.setattr(module, "TEXTS", rows)
    parts = prepare(Named(), "shelf", {}, tmp_path / "parts")
    assert whole.content_hash == parts.content_hash
    assert whole.audit == parts.audit
    assert whole.audit["pictures_named_but_absent"] == 1
    assert whole.audit["items_with_a_picture_shared"] == 2


def test_the_recipe_and_the_hashes_of_the_source_are_recorded(tmp_path: Path) -> None:
    dataset = prepare(Shelf(), "shelf", {"options": {"k": 1}}, tmp_path / "shelf")
    facts = json.loads((dataset.folder / "dataset.json").read_text(encoding="utf-8"))
    assert facts["recipe"] == {"options": {"k": 1}}
    assert facts["audit"]["source_sha256"] == {"f": "0"}


def test_progress_says_what_is_done(tmp_path: Path) -> None:
    told: list[tuple[str, int, int]] = []
    prepare(Shelf(), "shelf", {}, tmp_path / "shelf", lambda *message: told.append(message))
    assert told == [("split", 0, 1), ("split", 1, 1)]
