"""From a source to a prepared folder: collect, split, number the pictures, hash, write."""

from __future__ import annotations

import json
import shutil
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

from bench.data.folders import build_folder
from bench.data.hashing import content_hash, file_hash, picture_names
from bench.data.parquet import read_batches, write_batches
from bench.data.placed import FindPictures, PlacedPictures
from bench.data.prepared import FORMAT_VERSION, PreparedDataset, is_intact
from bench.data.sources.base import Progress, RawData, RawFiles, Source
from bench.data.split import split
from bench.errors import DataError
from bench.registry import MODALITIES, Modality
from bench.suite.dataset_settings import CutSettings

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
        with split(raw, cut, spill) as parts:
            placed = PlacedPictures(collected, partial / "images", parts.shared_images, pictures)
            for name in _TABLES:
                rows = parts.batches(name)
                if name == "items":
                    rows = (placed.place(source.tidy(items)) for items in rows)
                write_batches(partial / f"{name}.parquet", rows)
        for used in (spill, collected):
            shutil.rmtree(used)
        if progress is not None:
            progress("split", 1, 1)
        facts = {
            **parts.facts,
            "pictures_named_but_absent": placed.absent,
            "pictures_not_fetched": placed.not_fetched,
        }
        _describe(partial, raw, facts, recipe)

    build_folder(folder, done, build)
    return PreparedDataset.open(folder, label)


def _require_unchanged(raw: RawData | RawFiles, recipe: Mapping[str, Any]) -> None:
    """The folder is named by the hashes in the recipe, so it must hold what was made of those very files."""
    for name, expected in recipe.get("inputs", {}).items():
        if raw.files.get(name) != expected:
            raise DataError(f"{name} was changed while it was being read: run it again")


def _describe(
    partial: Path, raw: RawData | RawFiles, counts: Mapping[str, Any], recipe: Mapping[str, Any]
) -> None:
    """Write ``dataset.json`` for the tables and pictures that are in the folder."""
    tables = {name: partial / f"{name}.parquet" for name in _TABLES}
    described = _described(tables["items"])
    users, bought, interactions = counts["users"], counts["items"], counts["interactions"]
    facts = {
        "format_version": FORMAT_VERSION,
        "files": {file.name: file_hash(file) for file in tables.values()},
        "recipe": dict(recipe),
        "content_hash": content_hash(tables, partial),
        "users": users,
        "items": bought,
        "interactions": interactions,
        "in_time": counts["cut"]["split"] is not None,
        "modalities": [modality for modality in MODALITIES if described[modality]],
        "audit": {
            **counts,
            "training_targets": pq.read_metadata(tables["train"]).num_rows - users,
            "interactions_per_user": interactions / users,
            "interactions_per_item": interactions / bought,
            "items_with": described,
            "items_with_a_picture_shared": _shared_pictures(tables["items"], partial),
            "source_sha256": dict(raw.files),
            "truth": None if raw.truth is None else dict(raw.truth),
        },
    }
    text = json.dumps(facts, indent=2, sort_keys=True, ensure_ascii=False) + "\n"
    (partial / "dataset.json").write_text(text, encoding="utf-8")


def _shared_pictures(items: Path, folder: Path) -> int:
    """How many items have the very picture of another one, byte by byte."""
    times = Counter(file_hash(folder / name) for name in picture_names(items))
    return sum(count for count in times.values() if count > 1)


def _described(items: Path) -> dict[Modality, int]:
    """How many items have which modality."""
    found: dict[Modality, int] = dict.fromkeys(MODALITIES, 0)
    for batch in read_batches(items, ["title", "text", "categories", "image"]):
        for row in batch.to_pylist():
            found["image"] += row["image"] is not None
            found["text"] += bool(row["title"].strip() or row["text"].strip())
            found["category"] += bool(row["categories"])
    return found
