"""Features on disk: extracted once per dataset content, encoder, options and version; verified when read.

A feature folder holds `features.safetensors` (values, present) and `features.json` (what they are, with the
hash that reading checks).
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from safetensors import SafetensorError
from safetensors.numpy import load_file, save_file

from bench.data.folders import build_folder
from bench.data.prepared import PreparedDataset, load_catalogue
from bench.data.sources.base import Progress
from bench.errors import DataError, InputError
from bench.features.encoder import FeatureEncoder
from bench.features.standardisation import standardise
from bench.features.table import ItemFeatures
from bench.home import home_folder
from bench.registry import ENCODERS, EncoderEntry, Modality, load
from bench.suite.settings import DenseEncoderSettings, Settings

FORMAT_VERSION = 1

# The light encoder of each modality, used where a suite names none.
DEFAULT_ENCODERS: dict[Modality, str] = {
    "image": "colour-edge",
    "text": "tfidf-svd",
    "category": "multi-hot",
}


def extract(
    dataset: PreparedDataset,
    modality: Modality,
    encoder_name: str,
    options: Mapping[str, Any],
    home: Path | None = None,
    progress: Progress | None = None,
) -> ItemFeatures:
    """The features of one modality, from the store or encoded now.

    Args:
        dataset: whose items.
        modality: image, text or category.
        encoder_name: a name of the registry, made for this modality.
        options: the encoder's options, as its settings class takes them.
        home: bench's home; see `home_folder`.
        progress: told what is being done.

    Raises:
        InputError: no encoder has this name, it is made for another modality, or an option is wrong.
        DataError: no item has this content.
    """
    settings = _settings(modality, encoder_name, options)
    recipe = _recipe(dataset, modality, encoder_name, settings)
    folder = _folder(recipe, home)
    label = encoder_label(encoder_name, settings)

    def build(partial: Path) -> None:
        encoder: FeatureEncoder = load(ENCODERS[encoder_name].path)(settings)
        _write(partial, encoder, settings, dataset, recipe, progress)

    build_folder(folder, lambda: _read(folder, modality, label) is not None, build)
    features = _read(folder, modality, label)
    if features is None:
        raise DataError(f"the features in {folder} were damaged as soon as they were written: check the disk")
    return features


def stored_hash(
    dataset: PreparedDataset,
    modality: Modality,
    encoder_name: str,
    options: Mapping[str, Any],
    home: Path | None = None,
) -> str | None:
    """The content hash of features in the store, as written beside them; None where they are not there.

    Nothing is encoded and no value is read or verified. Arguments and InputError as `extract`.
    """
    settings = _settings(modality, encoder_name, options)
    folder = _folder(_recipe(dataset, modality, encoder_name, settings), home)
    try:
        return str(json.loads((folder / "features.json").read_text(encoding="utf-8"))["content_hash"])
    except (OSError, ValueError, KeyError):
        return None


def encoder_label(name: str, settings: Settings) -> str:
    """The encoder as results show it, with every option: ``tfidf-svd(size=64, standardisation=zscore)``."""
    options = settings.model_dump(mode="json")
    return (
        f"{name}({', '.join(f'{key}={value}' for key, value in sorted(options.items()))})"
        if options
        else name
    )


def features_hash(values: npt.NDArray[np.float32], present: npt.NDArray[np.bool_]) -> str:
    """SHA-256 of shape, values and presence: hex."""
    digest = hashlib.sha256(f"{values.shape}".encode())
    digest.update(np.ascontiguousarray(values, dtype="<f4").tobytes())
    digest.update(np.ascontiguousarray(present).tobytes())
    return digest.hexdigest()


def _recipe(
    dataset: PreparedDataset, modality: Modality, encoder_name: str, settings: Settings
) -> dict[str, Any]:
    """All that features depend on."""
    return {
        "format_version": FORMAT_VERSION,
        "dataset": dataset.content_hash,
        "modality": modality,
        "encoder": encoder_name,
        "options": settings.model_dump(mode="json"),
        "encoder_version": ENCODERS[encoder_name].version,
    }


def _folder(recipe: Mapping[str, Any], home: Path | None) -> Path:
    """Where the features lie, whether or not they are there."""
    key = hashlib.sha256(json.dumps(recipe, sort_keys=True).encode()).hexdigest()[:16]
    return home_folder(home) / "features" / f"{recipe['encoder']}-{key}"


def _settings(modality: Modality, name: str, options: Mapping[str, Any]) -> Settings:
    entry = _entry(name)
    if entry.modality != modality:
        suited = ", ".join(known for known, other in ENCODERS.items() if other.modality == modality)
        raise InputError(
            f"encoder {name!r} is made for {entry.modality}, not {modality}", remedy=f"use {suited}"
        )
    try:
        settings: Settings = load(entry.settings)(**options)
    except ValueError as error:  # pydantic's ValidationError is one
        raise InputError(f"the options {dict(options)} do not suit encoder {name!r}: {error}") from error
    return settings


def _entry(name: str) -> EncoderEntry:
    if name not in ENCODERS:
        near = get_close_matches(name, ENCODERS, n=1)
        remedy = f"did you mean {near[0]!r}?" if near else f"known are {', '.join(ENCODERS)}"
        raise InputError(f"there is no encoder {name!r}", remedy=remedy)
    return ENCODERS[name]


def _write(
    folder: Path,
    encoder: FeatureEncoder,
    settings: Settings,
    dataset: PreparedDataset,
    recipe: Mapping[str, Any],
    progress: Progress | None,
) -> None:
    encoded = encoder.encode(load_catalogue(dataset), progress)
    if not np.isfinite(encoded.values).all():
        raise DataError(f"encoder {recipe['encoder']!r} gave a value that is not finite")
    dense = encoded.values
    if isinstance(settings, DenseEncoderSettings):
        dense = standardise(dense, encoded.present, settings.standardisation)
    # Row 0 is the padding item.
    values = np.pad(dense, ((1, 0), (0, 0)))
    present = np.pad(encoded.present, (1, 0))
    values[~present] = 0
    save_file({"values": values, "present": present}, folder / "features.safetensors")
    facts = {
        **recipe,
        "content_hash": features_hash(values, present),
        "labels": encoder.labels,
        "columns": list(encoded.columns),
        "items": len(encoded.present),
        "items_present": int(encoded.present.sum()),
        "problems": {str(item): reason for item, reason in encoded.problems.items()},
    }
    text = json.dumps(facts, indent=2, sort_keys=True, ensure_ascii=False) + "\n"
    (folder / "features.json").write_text(text, encoding="utf-8")


def _read(folder: Path, modality: Modality, label: str) -> ItemFeatures | None:
    """The stored features, or None where they are not there, not readable or not what was written."""
    try:
        facts = json.loads((folder / "features.json").read_text(encoding="utf-8"))
        arrays = load_file(folder / "features.safetensors")
        values, present = arrays["values"], arrays["present"]
        intact = facts["content_hash"] == features_hash(values, present)
    except (OSError, ValueError, KeyError, SafetensorError):
        return None
    if not intact:
        return None
    return ItemFeatures(
        modality=modality,
        encoder=label,
        values=values,
        present=present,
        content_hash=facts["content_hash"],
        labels=bool(facts["labels"]),
    )
