"""Datasets by name: look one up in the cache, or prepare it."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from bench.data.cache import cache_root
from bench.data.preparation import prepare
from bench.data.prepared import FORMAT_VERSION, PreparedDataset, is_intact
from bench.data.sources.base import Progress
from bench.data.sources.files import input_hashes
from bench.errors import InputError
from bench.registry import DATASETS, RESULT_VERSIONS, DatasetEntry, load
from bench.suite.settings import CutSettings, DatasetSettings


def open_dataset(
    name: str, label: str, options: Mapping[str, Any], cache: Path | None = None
) -> PreparedDataset | None:
    """The prepared dataset, or None where it is not prepared yet.

    Args:
        name: the dataset's name in the registry.
        label: the name shown in results.
        options: the dataset's options, as its settings class takes them.
        cache: the cache's root; see `cache_root`.

    Raises:
        InputError: no dataset has this name, or an option is wrong.
        DataError: a file that the options name cannot be had.
    """
    folder, _, _ = _locate(name, options, cache)
    return PreparedDataset.open(folder, label) if is_intact(folder) else None


def prepare_dataset(
    name: str,
    label: str,
    options: Mapping[str, Any],
    cache: Path | None = None,
    progress: Progress | None = None,
) -> PreparedDataset:
    """The prepared dataset, prepared now where it is not; arguments and errors as `open_dataset`.

    Raises:
        DataError: the source cannot be had, or leaves no user.
    """
    folder, settings, recipe = _locate(name, options, cache)
    source = load(DATASETS[name].path)(settings)
    cut = settings if isinstance(settings, CutSettings) else None
    return prepare(source, label, recipe, folder, progress, cut)


def _locate(
    name: str, options: Mapping[str, Any], cache: Path | None
) -> tuple[Path, DatasetSettings, dict[str, Any]]:
    """The folder, whether or not it is there, the options, and the recipe that the folder is named by."""
    settings = _settings(name, options)
    recipe = _recipe(name, settings)
    slug = re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")
    key = hashlib.sha256(json.dumps(recipe, sort_keys=True).encode()).hexdigest()[:16]
    return cache_root(cache) / "datasets" / f"{slug}-{key}", settings, recipe


def _settings(name: str, options: Mapping[str, Any]) -> DatasetSettings:
    entry = _entry(name)
    try:
        settings: DatasetSettings = load(entry.settings)(**options)
    except ValueError as error:  # pydantic's ValidationError is one
        raise InputError(f"the options {dict(options)} do not suit dataset {name!r}: {error}") from error
    return settings


def _entry(name: str) -> DatasetEntry:
    if name not in DATASETS:
        near = get_close_matches(name, DATASETS, n=1)
        remedy = f"did you mean {near[0]!r}?" if near else f"known are {', '.join(DATASETS)}"
        raise InputError(f"there is no dataset {name!r}", remedy=remedy)
    return DATASETS[name]


def _recipe(name: str, settings: DatasetSettings) -> dict[str, Any]:
    """Everything a prepared folder depends on; the label is not part of it."""
    inputs = {"inputs": input_hashes(settings.files)} if settings.files else {}
    return inputs | {
        "dataset": name,
        "options": settings.model_dump(mode="json"),
        "source_version": DATASETS[name].version,
        "data_version": RESULT_VERSIONS["data"],
        "format_version": FORMAT_VERSION,
    }
