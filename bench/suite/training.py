"""Training settings that a single model of a suite has of its own, ``training:`` in its entry."""

from __future__ import annotations

from typing import Any

from bench.registry import COUNTED, MODELS
from bench.suite.entries import Entry
from bench.suite.problems import Problems
from bench.suite.reader import KeyPath, show
from bench.suite.reference import NATIVE_ONLY, is_meant
from bench.suite.settings import TrainingSettings

# The rest is the same for a whole suite.
OWN = (
    *("epochs", "learning_rate", "batch_size", "patience", "validate_every"),
    *("scheme", "stride", "max_length", "weight_decay", "precision"),
)


def own_training(entry: Entry, problems: Problems) -> dict[str, Any] | None:
    """The training settings written in a model's entry; None (and problems) if they are not in order."""
    if "training" not in entry.values:
        return {}
    written, path = entry.values["training"], (*entry.path, "training")
    if not isinstance(written, dict):
        problems.add(path, f"{problems.address(path)}: {show(written)} is not a mapping")
        return None
    idle = {key: what for key in written if (what := idle_complaint(entry.name, key)) is not None}
    for key, (why, remedy) in idle.items():
        problems.add((*path, key), f"{problems.address((*path, key))}: {why}", remedy)
    whole = problems.document.data.get("training")
    joined = {**whole, **written} if isinstance(whole, dict) else written
    paths: dict[str, KeyPath] = {key: ("training", key) for key in joined}
    valid = problems.validate(TrainingSettings, joined, path, paths | {key: (*path, key) for key in written})
    return None if idle or valid is None else {key: getattr(valid, key) for key in written}


def idle_complaint(name: str, key: str) -> tuple[str, str] | None:
    """Why a training setting cannot be one of this model's own, with a remedy; None if it can.

    Args:
        name: of the model.
        key: of the setting.
    """
    if key not in TrainingSettings.model_fields:
        return None
    if key not in OWN:
        return f"a suite has one {key} for all models", f"set training.{key}"
    if is_meant(name) and key in NATIVE_ONLY:
        return f"{key} means nothing to RecBole, which makes a row of every prefix", "leave it out"
    if name in MODELS and MODELS[name].counting and key not in COUNTED:
        return f"{key} means nothing to {name}, which counts and is not trained", "leave it out"
    return None
