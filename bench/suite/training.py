"""Training settings that a single model of a suite has of its own, ``training:`` in its entry."""

from __future__ import annotations

from typing import Any

from bench.suite.entries import Entry
from bench.suite.problems import Problems
from bench.suite.reader import KeyPath, show
from bench.suite.settings import TrainingSettings

# The rest is the same for a whole suite.
OWN = (
    *("epochs", "learning_rate", "batch_size", "patience", "validate_every"),
    *("scheme", "stride", "max_length", "weight_decay"),
)


def own_training(entry: Entry, problems: Problems) -> dict[str, Any] | None:
    """The training settings written in a model's entry; None (and problems) if they are not in order."""
    if "training" not in entry.values:
        return {}
    written, path = entry.values["training"], (*entry.path, "training")
    if not isinstance(written, dict):
        problems.add(path, f"{problems.address(path)}: {show(written)} is not a mapping")
        return None
    shared = [key for key in written if key in TrainingSettings.model_fields and key not in OWN]
    for key in shared:
        message = f"{problems.address((*path, key))}: a suite has one {key} for all models"
        problems.add((*path, key), message, f"set training.{key}")
    whole = problems.document.data.get("training")
    joined = {**whole, **written} if isinstance(whole, dict) else written
    paths: dict[str, KeyPath] = {key: ("training", key) for key in joined}
    valid = problems.validate(TrainingSettings, joined, path, paths | {key: (*path, key) for key in written})
    return None if shared or valid is None else {key: getattr(valid, key) for key in written}
