"""What a run's result depends on, and its short name.

Labels, the suite's name, the list of metrics and evaluation's batch size change no rank and are left out.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from bench.registry import COUNTED, ENCODERS, MODELS, RECBOLE_VERSION, RESULT_VERSIONS, Modality
from bench.suite.expansion import RunSpec
from bench.suite.paths import portable
from bench.suite.reference import NATIVE_ONLY, is_reference


def identity(
    spec: RunSpec,
    dataset_hash: str,
    feature_hashes: Mapping[Modality, str],
    device_kind: str,
    versions: Mapping[str, str],
) -> dict[str, Any]:
    """Everything that a run's result depends on, as plain JSON.

    Args:
        spec: the run.
        dataset_hash: of the prepared dataset's content.
        feature_hashes: of the features of each modality that the run reads.
        device_kind: ``cpu`` or the kind of accelerator; it stands for ``training.device``, because ``auto``
            and ``cuda:1`` say nothing about the numbers.
        versions: of the packages that compute (``torch``); a caller may add that of a model outside bench,
            which has no version in the registry.

    Raises:
        ValueError: ``feature_hashes`` are not those of the spec's modalities.
    """
    if set(feature_hashes) != set(spec.features):
        raise ValueError(f"features of {sorted(spec.features)} wanted, {sorted(feature_hashes)} given")
    model = MODELS.get(spec.variant.name)
    version = None if model is None else model.version
    if is_reference(spec.variant.name):
        version = RECBOLE_VERSION
    return {
        "dataset": {"name": spec.dataset.name, "options": spec.dataset.options, "hash": dataset_hash},
        "model": {"name": spec.variant.name, "settings": spec.variant.settings, "version": version},
        "features": {
            modality: {
                "encoder": encoder.name,
                # Where weights lie on a machine is no part of it: the hash is of what they made.
                "options": {key: portable(value) for key, value in encoder.options.items()},
                "version": ENCODERS[encoder.name].version,
                "hash": feature_hashes[modality],
            }
            for modality, encoder in spec.features.items()
        },
        "seed": spec.seed,
        "training": _training(spec),
        "evaluation": spec.evaluation.model_dump(mode="json", exclude={"batch_size"}),
        "device": device_kind,
        "packages": dict(versions),
        "result_versions": dict(RESULT_VERSIONS),
    }


def _training(spec: RunSpec) -> dict[str, Any]:
    """The training settings that this run's ranks depend on."""
    model = MODELS.get(spec.variant.name)
    if model is not None and model.counting:
        return spec.training.model_dump(mode="json", include=set(COUNTED))
    ignored = NATIVE_ONLY if is_reference(spec.variant.name) else ()
    return spec.training.model_dump(mode="json", exclude={"device", *ignored})


def fingerprint(identity: Mapping[str, Any]) -> str:
    """16 hexadecimal digits of the SHA-256 of the identity in canonical JSON (keys sorted)."""
    return hashlib.sha256(_canonical(identity).encode()).hexdigest()[:16]


def differences(a: Mapping[str, Any], b: Mapping[str, Any]) -> list[tuple[str, object, object]]:
    """What two identities differ in: dotted key, value in ``a``, value in ``b`` (None where it is absent)."""
    found: list[tuple[str, object, object]] = []
    for key in sorted({*a, *b}):
        old, new = a.get(key), b.get(key)
        if isinstance(old, Mapping) and isinstance(new, Mapping):
            found += [(f"{key}.{inner}", *pair) for inner, *pair in differences(old, new)]  # type: ignore[misc]
        elif (key in a) != (key in b) or _canonical(old) != _canonical(new):
            found.append((key, old, new))
    return found


def _canonical(value: object) -> str:
    return json.dumps(value, sort_keys=True, separators=(",", ":"), allow_nan=False)
