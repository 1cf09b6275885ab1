"""Models of RecBole, ``recbole/NAME``: names and settings checked against its files, without importing it.

RecBole takes an unknown setting for None and evaluates text as Python. So here a setting must be one that
RecBole's own file of the model lists, or one of `FURTHER`, and text must be a word.
"""

from __future__ import annotations

import importlib.util
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

PREFIX = "recbole/"

# RecBole's settings for any model that bench leaves to the suite.
FURTHER = ("loss_type", "learner", "clip_grad_norm", "train_neg_sample_args")

# RecBole's settings that bench gives, and where a suite writes them.
GIVEN = {
    "epochs": "training.epochs",
    "learning_rate": "training.learning_rate",
    "train_batch_size": "training.batch_size",
    "stopping_step": "training.patience",
    "eval_step": "training.validate_every",
    "valid_metric": "training.monitor",
    "weight_decay": "training.weight_decay",
    "MAX_ITEM_LIST_LENGTH": "training.max_length",
    "eval_batch_size": "evaluation.batch_size",
    "seed": "seeds",
    "use_gpu": "training.device",
    "gpu_id": "training.device",
    "selected_features": "the dataset: RecBole reads its categories",
}

# `defaults: attention:` in RecBole's words; the first that a model knows.
_ATTENTION = {
    "hidden_size": ("hidden_size", "embedding_size"),
    "layers": ("n_layers",),
    "heads": ("n_heads",),
    "inner_size": ("inner_size",),
    "hidden_dropout": ("hidden_dropout_prob",),
    "attention_dropout": ("attn_dropout_prob",),
}

_WORD = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


def is_reference(name: str) -> bool:
    """Whether a model is RecBole's."""
    return name.startswith(PREFIX)


def recbole_folder() -> Path | None:
    """Where RecBole is installed, found without importing it; None where it is not."""
    found = importlib.util.find_spec("recbole")
    places = None if found is None else found.submodule_search_locations
    return Path(next(iter(places))) if places else None


def known_models() -> list[str]:
    """RecBole's sequential models, with the prefix; none where RecBole is not installed."""
    root = recbole_folder()
    if root is None:
        return []
    code = {file.stem for file in (root / "model" / "sequential_recommender").glob("*.py")}
    names = sorted(file.stem for file in (root / "properties" / "model").glob("*.yaml"))
    return [PREFIX + name for name in names if name.lower() in code]


def default_settings(name: str) -> dict[str, Any]:
    """The settings that RecBole's own file of a model lists, with their defaults.

    Raises:
        FileNotFoundError: RecBole is not installed, or has no such model.
    """
    root = recbole_folder()
    if root is None or name not in known_models():
        raise FileNotFoundError(name)
    text = (root / "properties" / "model" / f"{name.removeprefix(PREFIX)}.yaml").read_text(encoding="utf-8")
    return dict(yaml.safe_load(text) or {})


def attention_defaults(name: str, block: Mapping[str, Any]) -> dict[str, Any]:
    """``defaults: attention:`` in the words of an attention model of RecBole; nothing for other models."""
    known = default_settings(name)
    if "n_heads" not in known:
        return {}
    found = {key: [word for word in words if word in known] for key, words in _ATTENTION.items()}
    return {found[key][0]: value for key, value in block.items() if found.get(key)}


def complaint(name: str, key: str, value: object) -> tuple[str, str] | None:
    """Why ``key: value`` cannot be a setting of the model, and the valid keys; None if it can."""
    valid = [key for key in (*default_settings(name), *FURTHER) if key not in GIVEN]
    if key in GIVEN:
        return f"{name}: bench gives RecBole its {key!r}", f"set {GIVEN[key]}"
    if key not in valid:
        return f"{name} has no setting {key!r}", f"RecBole knows {', '.join(dict.fromkeys(valid))}"
    for text in _texts(value):
        if not _WORD.fullmatch(text):
            return (
                f"{name}: {key}: {text!r} is not a word (RecBole would run it as Python)",
                "write a word, or a number without quotes and with a decimal point (1.0e-3)",
            )
    return None


def _texts(value: object) -> list[str]:
    """Every text in a setting, also in lists and mappings."""
    if isinstance(value, str):
        return [value]
    if isinstance(value, Mapping):
        return [text for pair in value.items() for part in pair for text in _texts(part)]
    if isinstance(value, list | tuple):
        return [text for part in value for text in _texts(part)]
    return []
