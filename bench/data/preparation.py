"""From a source to a prepared folder: collect, split, number the pictures, hash, write."""

from __future__ import annotations

import json
import shutil
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from bench.data.folders import build_folder
from bench.data.hashing import content_hash
from bench.data.prepared import FORMAT_VERSION, PreparedDataset, file_hash, is_intact
from bench.data.sources.base import Progress, RawData, RawFiles, Source, picture_file
from bench.data.split import Split, split
from bench.errors import DataError
from bench.registry import MODALITIES, Modality
from bench.suite.dataset_settings import CutSettings

# From addresses to the files of those pictures that are at hand.
FindPictures = Callable[[Sequence[str]], Mapping[str, Path]]

_TABLES = ("items", "users", "train", "validation", "test")


def prepare(
    source: Source,
    label: str,
    recipe: Mapping[str, Any],
    folder: Path,
    progress: Progress | None = None,
    cut: CutSettings | None = None,
    pictures: FindPictures = lambda urls: {},
    again: bool = False,
) -> PreparedDataset:
    """Prepare ``source`` into ``folder``, unless it lies there already.

    Args:
        source: where the data come from.
        label: the name shown in results.
        recipe: what the folder depends on, recorded in it; the caller derives the folder's name from it.
        folder: where the dataset will be; it appears whole or not at all.
        progress: told what is being done.
        cut: the part of the source's data that is used; None is all.
        pictures: finds those of the catalogue that the source names by an address.
        again: prepare it even if it lies there; it stays until the new one is whole.

    Raises:
        DataError: the source fails, leaves no user, or read other files than the recipe's ``inputs``.
    """

    def done() -> bool:
        return not again and is_intact(folder)

    def build(partial: Path) -> None:
        collected = partial / "collected"
        collected.mkdir()
        raw = source.collect(collected, progress)
        _require_unchanged(raw, recipe)
        if progress is not None:
            progress("split", 0, 1)
        spill = partial / "spill"
        spill.mkdir()
        parts = split(raw, cut, spill)
        shutil.rmtree(spill)
        items, absent = _place_pictures(source.tidy(parts.items), collected, partial / "images")
        items, missing = _place_fetched(items, parts.addresses, pictures, partial / "images")
        shutil.rmtree(collected)
        if progress is not None:
            progress("split", 1, 1)
        facts = {"pictures_named_but_absent": absent, "pictures_not_fetched": missing}
        _write(partial, raw, parts, items, facts, recipe)

    build_folder(folder, done, build)
    return PreparedDataset.open(folder, label)


def _require_unchanged(raw: RawData | RawFiles, recipe: Mapping[str, Any]) -> None:
    """The folder is named by the hashes in the recipe, so it must hold what was made of those very files."""
    for name, expected in recipe.get("inputs", {}).items():
        if raw.files.get(name) != expected:
            raise DataError(f"{name} was changed while it was being read: run it again")


def _place_pictures(items: pa.Table, collected: Path, target: Path) -> tuple[pa.Table, int]:
    """Move the catalogue's pictures to ``target``, named by item number.

    Returns:
        the items with the new names (relative to the dataset's folder), and how many named a picture that
        is not there.
    """
    names: list[str | None] = []
    absent = 0
    waiting = Counter(items["image"].to_pylist())
    for item, name in zip(items["item"].to_pylist(), items["image"].to_pylist(), strict=True):
        file = None if name is None else picture_file(collected, name)
        if file is None:
            absent += name is not None
            names.append(None)
            continue
        target.mkdir(exist_ok=True)
        placed = target / f"{item}{file.suffix.lower()}"
        # Two items may share a picture; only the last one may move it.
        waiting[name] -= 1
        if waiting[name]:
            shutil.copyfile(file, placed)
        else:
            file.rename(placed)
        names.append(f"{target.name}/{placed.name}")
    column = items.schema.get_field_index("image")
    return items.set_column(column, "image", pa.array(names, pa.string())), absent


def _place_fetched(
    items: pa.Table, addresses: pa.Table, find: FindPictures, target: Path
) -> tuple[pa.Table, int]:
    """Copy the pictures that are at hand of those with an address; the items, and how many are not."""
    urls = dict(zip(addresses["item"].to_pylist(), addresses["url"].to_pylist(), strict=True))
    files = find(list(dict.fromkeys(urls.values()))) if urls else {}
    names = items["image"].to_pylist()
    for at, item in enumerate(items["item"].to_pylist()):
        file = files.get(urls.get(item, ""))
        if file is not None:
            target.mkdir(exist_ok=True)
            placed = target / f"{item}{file.suffix}"
            shutil.copyfile(file, placed)
            names[at] = f"{target.name}/{placed.name}"
    column = items.schema.get_field_index("image")
    missing = sum(url not in files for url in urls.values())
    return items.set_column(column, "image", pa.array(names, pa.string())), missing


def _write(
    partial: Path,
    raw: RawData | RawFiles,
    parts: Split,
    items: pa.Table,
    pictures: Mapping[str, int],
    recipe: Mapping[str, Any],
) -> None:
    tables = {name: getattr(parts, name) for name in _TABLES} | {"items": items}
    for name, table in tables.items():
        pq.write_table(table, partial / f"{name}.parquet")
    described = _described(items)
    users, bought, interactions = parts.users.num_rows, items.num_rows, parts.facts["interactions"]
    facts = {
        "format_version": FORMAT_VERSION,
        "files": {f"{name}.parquet": file_hash(partial / f"{name}.parquet") for name in _TABLES},
        "recipe": dict(recipe),
        "content_hash": content_hash({name: tables[name] for name in _TABLES}, partial),
        "users": users,
        "items": bought,
        "interactions": interactions,
        "in_time": parts.facts["cut"]["split"] is not None,
        "modalities": [modality for modality in MODALITIES if described[modality]],
        "audit": {
            **parts.facts,
            "training_targets": parts.train.num_rows - users,
            "interactions_per_user": interactions / users,
            "interactions_per_item": interactions / bought,
            "items_with": described,
            **pictures,
            "items_with_a_picture_shared": _shared_pictures(items, partial),
            "source_sha256": dict(raw.files),
            "truth": None if raw.truth is None else dict(raw.truth),
        },
    }
    text = json.dumps(facts, indent=2, sort_keys=True, ensure_ascii=False) + "\n"
    (partial / "dataset.json").write_text(text, encoding="utf-8")


def _shared_pictures(items: pa.Table, folder: Path) -> int:
    """How many items have the very picture of another one, byte by byte."""
    times = Counter(file_hash(folder / name) for name in items["image"].to_pylist() if name is not None)
    return sum(count for count in times.values() if count > 1)


def _described(items: pa.Table) -> dict[Modality, int]:
    rows = items.select(["title", "text", "categories", "image"]).to_pylist()
    return {
        "image": sum(row["image"] is not None for row in rows),
        "text": sum(bool(row["title"].strip() or row["text"].strip()) for row in rows),
        "category": sum(bool(row["categories"]) for row in rows),
    }
