"""Datasets by name: look one up in the home, or prepare it."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from bench.data.folders import discard_folder
from bench.data.pictures import fetch_pictures, picture_of
from bench.data.places import files_changed, recipe_file, remember, require_files
from bench.data.preparation import prepare
from bench.data.prepared import FORMAT_VERSION, PreparedDataset, is_intact
from bench.data.sources.base import Progress, Source
from bench.data.sources.files import input_hashes
from bench.errors import InputError
from bench.home import home_folder
from bench.registry import RESULT_VERSIONS, DatasetEntry, load
from bench.suite.dataset_settings import CutSettings, DatasetSettings
from bench.suite.problems import suggest
from bench.suite.recipes import dataset_entry, dataset_names, dataset_settings, find_recipe


def open_dataset(
    name: str,
    label: str,
    options: Mapping[str, Any],
    home: Path | None = None,
    source_folder: Path | None = None,
) -> PreparedDataset | None:
    """The prepared dataset, or None where it is not prepared yet.

    Args:
        name: the dataset's name in the registry.
        label: the name shown in results.
        options: the dataset's options, as its settings class takes them.
        home: bench's home; see `home_folder`.
        source_folder: where the files of a recipe lie; None: where they lay before.

    Raises:
        InputError: no dataset has this name, or an option is wrong.
        DataError: a file that the options name cannot be had.
    """
    folder, _, _ = _locate(name, options, home)
    if not is_intact(folder):
        return None
    found = PreparedDataset.open(folder, label)
    made_from = found.audit["source_sha256"]
    return None if find_recipe(name) and files_changed(name, made_from, home, source_folder) else found


def prepare_dataset(
    name: str,
    label: str,
    options: Mapping[str, Any],
    home: Path | None = None,
    progress: Progress | None = None,
    source_folder: Path | None = None,
    fetch: bool = False,
) -> PreparedDataset:
    """The prepared dataset, prepared now where it is not; arguments and errors as `open_dataset`.

    Args:
        name: as of `open_dataset`.
        label: likewise.
        options: likewise.
        home: likewise.
        progress: told what is being done.
        source_folder: where the files of a recipe lie, from then on; None: where they lay before.
        fetch: fetch the pictures that its items name by an address; else only those at hand are taken.

    Raises:
        DataError: the source cannot be had, or leaves no user; pictures are to be fetched and connections
            forbidden.
    """
    folder, settings, made_by = _locate(name, options, home)
    source = open_source(name, settings, home, progress, source_folder)
    found = open_dataset(name, label, options, home, source_folder)
    # One that lies there all the same was made of other files.
    again = is_intact(folder) if found is None else fetch and found.audit["pictures_not_fetched"] > 0
    cut = settings if isinstance(settings, CutSettings) else None

    def pictures(urls: Sequence[str]) -> dict[str, Path]:
        if fetch:
            fetch_pictures(urls, home, progress=progress)
        return {url: file for url in urls if (file := picture_of(url, home)) is not None}

    prepared = prepare(source, label, made_by, folder, progress, cut, pictures, again)
    if source_folder is not None:
        remember(name, source_folder, home)  # not before: what fails is not where the files are
    return prepared


def open_source(
    name: str,
    settings: DatasetSettings,
    home: Path | None = None,
    progress: Progress | None = None,
    source_folder: Path | None = None,
) -> Source:
    """The source of a dataset, ready to be collected; arguments as of `prepare_dataset`.

    Raises:
        InputError: a file of the recipe is not in ``source_folder``.
    """
    recipe, kind = find_recipe(name), load(_entry(name).path)
    if recipe is None:
        source: Source = kind(settings)
        return source
    if source_folder is not None:
        require_files(source_folder, recipe, settings.files)
        source = kind(settings, lambda file: source_folder / file)
        return source
    source = kind(settings, lambda file: recipe_file(name, recipe, file, home, progress))
    return source


def remove_prepared(name: str, home: Path | None = None) -> list[Path]:
    """Remove every prepared form of a dataset; the folders that are gone."""
    removed = []
    for record in sorted((home_folder(home) / "datasets").glob("*/dataset.json")):
        try:
            made_of = json.loads(record.read_text(encoding="utf-8"))["recipe"]["dataset"]
        except (OSError, ValueError, KeyError, TypeError):
            continue  # another version's, or damaged: not known to be this dataset
        if made_of == name:
            discard_folder(record.parent)
            removed.append(record.parent)
    return removed


def _locate(
    name: str, options: Mapping[str, Any], home: Path | None
) -> tuple[Path, DatasetSettings, dict[str, Any]]:
    """The folder, whether or not it is there, the options, and the recipe that the folder is named by."""
    settings = _settings(name, options)
    recipe = _recipe(name, settings)
    slug = re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")
    key = hashlib.sha256(json.dumps(recipe, sort_keys=True).encode()).hexdigest()[:16]
    return home_folder(home) / "datasets" / f"{slug}-{key}", settings, recipe


def _settings(name: str, options: Mapping[str, Any]) -> DatasetSettings:
    _entry(name)
    try:
        return dataset_settings(name, options)
    except ValueError as error:  # pydantic's ValidationError is one
        raise InputError(f"the options {dict(options)} do not suit dataset {name!r}: {error}") from error


def _entry(name: str) -> DatasetEntry:
    entry = dataset_entry(name)
    if entry is None:
        raise InputError(f"there is no dataset {name!r}", remedy=suggest(name, dataset_names()))
    return entry


def _recipe(name: str, settings: DatasetSettings) -> dict[str, Any]:
    """Everything a prepared folder depends on; the label is not part of it.

    A recipe's files may be gone once it is prepared, so their hashes stand in its record and not in its name.
    """
    own_files = settings.files and find_recipe(name) is None
    inputs = {"inputs": input_hashes(settings.files)} if own_files else {}
    return inputs | {
        "dataset": name,
        "options": settings.model_dump(mode="json"),
        "source_version": _entry(name).version,
        "data_version": RESULT_VERSIONS["data"],
        "format_version": FORMAT_VERSION,
    }
