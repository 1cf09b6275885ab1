"""Features on disk: extracted once per dataset content, encoder, weights, options and version; verified.

A feature folder holds `features.safetensors` (values, present) and `features.json` (what they are, with the
hash that reading checks). Values of encoders with weights are float16, of the others float32. While such an
encoder runs, a folder ``….work`` beside it keeps what is done, so that after a kill it goes on there.
"""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from safetensors import SafetensorError
from safetensors.numpy import load_file, save_file

from bench.data.folders import build_folder
from bench.data.prepared import PreparedDataset, load_catalogue
from bench.data.sources.base import Progress
from bench.errors import DataError
from bench.features.encoder import Encoded, FeatureEncoder
from bench.features.recipe import Request
from bench.features.reduction import reduce
from bench.features.standardisation import standardise
from bench.features.table import ItemFeatures
from bench.registry import Modality, load
from bench.suite.settings import DenseEncoderSettings, LearnedEncoderSettings, Settings


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
        DataError: no item has this content, or weights cannot be had.
    """
    return _extract(Request.of(dataset, modality, encoder_name, options, home), progress).features


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
    request = Request.of(dataset, modality, encoder_name, options, home)
    try:
        weights = request.learned().weights() if request.entry.learned else None
        folder = request.folder(request.recipe(weights))
        return str(json.loads((folder / "features.json").read_text(encoding="utf-8"))["content_hash"])
    except (OSError, ValueError, KeyError, DataError):
        return None


def features_hash(values: npt.NDArray[np.float32], present: npt.NDArray[np.bool_]) -> str:
    """SHA-256 of shape, values and presence: hex."""
    digest = hashlib.sha256(f"{values.shape}".encode())
    digest.update(np.ascontiguousarray(values, dtype="<f4").tobytes())
    digest.update(np.ascontiguousarray(present).tobytes())
    return digest.hexdigest()


@dataclass(frozen=True)
class _Stored:
    features: ItemFeatures
    facts: Mapping[str, Any]


def _extract(request: Request, progress: Progress | None) -> _Stored:
    weights = _weights(request, progress) if request.entry.learned else None
    recipe = request.recipe(weights)
    folder = request.folder(recipe)

    def build(partial: Path) -> None:
        work = folder.with_name(folder.name + ".work")
        try:
            encoded = _encoded(request, work, weights, progress)
        finally:
            if work.is_dir() and not any(work.iterdir()):
                work.rmdir()  # nothing was begun
        _write(partial, encoded, request, recipe)
        shutil.rmtree(work, ignore_errors=True)

    build_folder(folder, lambda: _read(folder, request) is not None, build)
    stored = _read(folder, request)
    if stored is None:
        raise DataError(f"the features in {folder} were damaged as soon as they were written: check the disk")
    return stored


def _weights(request: Request, progress: Progress | None) -> str:
    encoder = request.learned()
    found = encoder.weights()
    if found is None:
        encoder.fetch(progress)
        found = encoder.weights()
    if found is None:
        raise DataError(f"the weights of {request.label} were fetched and are gone again")
    return found


def _encoded(request: Request, work: Path, weights: str | None, progress: Progress | None) -> Encoded:
    """Reduced and standardised as the request says."""
    if request.source != request:
        stored = _extract(request.source, progress)
        problems, notes = (
            {int(item): str(text) for item, text in stored.facts[kind].items()}
            for kind in ("problems", "notes")
        )
        encoded = Encoded(stored.features.values[1:], stored.features.present[1:], (), problems, notes)
    elif request.entry.learned:
        work.mkdir(exist_ok=True)
        encoder = request.learned(work)
        encoded = encoder.encode(load_catalogue(request.dataset), progress)
        if encoder.weights() != weights:
            raise DataError(f"the weights of {request.label} changed while they were used: run it again")
    else:
        light: FeatureEncoder = load(request.entry.path)(request.settings)
        encoded = light.encode(load_catalogue(request.dataset), progress)
    if not np.isfinite(encoded.values).all():
        raise DataError(f"encoder {request.encoder!r} gave a value that is not finite")
    values = _derived(encoded.values, encoded.present, request.settings)
    return Encoded(values, encoded.present, encoded.columns, encoded.problems, encoded.notes)


def _derived(
    values: npt.NDArray[np.float32], present: npt.NDArray[np.bool_], settings: Settings
) -> npt.NDArray[np.float32]:
    # In this order, so that what `standardisation` promises holds of the features that a model gets.
    if isinstance(settings, LearnedEncoderSettings) and settings.dimensions is not None:
        values = reduce(values, present, settings.dimensions)
    if isinstance(settings, DenseEncoderSettings):
        values = standardise(values, present, settings.standardisation)
    return values


def _write(folder: Path, encoded: Encoded, request: Request, recipe: Mapping[str, Any]) -> None:
    # Row 0 is the padding item.
    values = np.pad(encoded.values, ((1, 0), (0, 0)))
    present = np.pad(encoded.present, (1, 0))
    values[~present] = 0
    kept = values.astype(np.float16) if request.entry.learned else values
    save_file({"values": kept, "present": present}, folder / "features.safetensors")
    facts = {
        **recipe,
        "dataset_label": request.dataset.label,
        "content_hash": features_hash(kept.astype(np.float32), present),
        "labels": load(request.entry.path).labels,
        "columns": list(encoded.columns),
        "items": len(encoded.present),
        "items_present": int(encoded.present.sum()),
        "problems": {str(item): reason for item, reason in encoded.problems.items()},
        "notes": {str(item): note for item, note in encoded.notes.items()},
    }
    text = json.dumps(facts, indent=2, sort_keys=True, ensure_ascii=False) + "\n"
    (folder / "features.json").write_text(text, encoding="utf-8")


def _read(folder: Path, request: Request) -> _Stored | None:
    """The stored features, or None where they are not there, not readable or not what was written."""
    try:
        facts = json.loads((folder / "features.json").read_text(encoding="utf-8"))
        arrays = load_file(folder / "features.safetensors")
        values, present = arrays["values"].astype(np.float32), arrays["present"]
        intact = facts["content_hash"] == features_hash(values, present)
        facts.setdefault("notes", {})
    except (OSError, ValueError, KeyError, SafetensorError):
        return None
    if not intact:
        return None
    features = ItemFeatures(
        modality=request.modality,
        encoder=request.label,
        values=values,
        present=present,
        content_hash=facts["content_hash"],
        labels=bool(facts["labels"]),
    )
    return _Stored(features, facts)
