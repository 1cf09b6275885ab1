"""Models of RecBole, ``recbole/NAME``: their names and settings, read from its files without importing it."""

from __future__ import annotations

import importlib.util
import re
from pathlib import Path
from typing import Any

import yaml

from bench.registry import MODELS
from bench.suite.problems import nearest

PREFIX = "recbole/"

# Settings of RecBole's own, for any of its models, that bench leaves to the suite.
FURTHER = ("learner", "clip_grad_norm", "train_neg_sample_args")

# RecBole's settings that bench gives, and what to do instead.
GIVEN = {
    "epochs": "set training.epochs",
    "learning_rate": "set training.learning_rate",
    "train_batch_size": "set training.batch_size",
    "stopping_step": "set training.patience",
    "eval_step": "set training.validate_every",
    "valid_metric": "set training.monitor",
    "weight_decay": "set training.weight_decay",
    "MAX_ITEM_LIST_LENGTH": "set training.max_length",
    "eval_batch_size": "set evaluation.batch_size",
    "seed": "set seeds",
    "use_gpu": "set training.device",
    "gpu_id": "set training.device",
    "selected_features": "leave it out; RecBole reads the dataset's categories",
}

# Training settings that mean nothing to RecBole, which makes a row of every prefix.
NATIVE_ONLY = ("scheme", "stride")

# Settings of bench's attention models in RecBole's words; of several, a model of RecBole knows one.
ATTENTION = {
    "hidden_size": ("hidden_size", "embedding_size"),
    "layers": ("n_layers",),
    "heads": ("n_heads",),
    "inner_size": ("inner_size",),
    "hidden_dropout": ("hidden_dropout_prob",),
    "attention_dropout": ("attn_dropout_prob",),
}

_THOSE = "`bench models` names those that are"

# YAML 1.1 takes 1e-12 for text; RecBole's loader does not.
_EXPONENT = re.compile(r"[-+]?[0-9]+[eE][-+]?[0-9]+")


def is_reference(name: str) -> bool:
    """Whether a model is RecBole's."""
    return name.startswith(PREFIX)


def is_meant(name: str) -> bool:
    """Whether a name is that of a model of RecBole, or a slip of the pen: ``RecBole/SASRec``, ``recbole``."""
    return name.partition("/")[0].casefold() == PREFIX.rstrip("/")


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
    return [PREFIX + name for name in _all_models(root) if name.lower() in code]


def name_complaint(name: str) -> tuple[str, str] | None:
    """Why a name that `is_meant` is no model of RecBole, with a remedy.

    None if it is one, or may be one where RecBole is not installed.
    """
    model = name.partition("/")[2]
    known = [each.removeprefix(PREFIX) for each in known_models()]
    if not model:
        return f"{name!r} names no model", "write recbole/NAME, as in recbole/SASRec"
    if model in known or not known:
        right = f"{PREFIX}{model}"
        return None if name == right else (f"no model {name!r}", f"did you mean {right!r}?")
    if model in MODELS:
        return f"no model {name!r}: {model} is a model of bench", f"write {model}"
    root = recbole_folder()
    others = {each.casefold(): each for each in _all_models(root) if each not in known} if root else {}
    if model.casefold() in others:
        message = f"no model {name!r}: RecBole's {others[model.casefold()]} is not a sequential model"
        return message, _THOSE
    near = nearest(model, known)
    return f"no model {name!r}", f"did you mean {PREFIX + near!r}?" if near else _THOSE


def default_settings(name: str) -> dict[str, Any]:
    """The settings that RecBole's own file of a model lists, with their defaults.

    Raises:
        FileNotFoundError: RecBole is not installed, or has no such model.
    """
    root = recbole_folder()
    if root is None or name not in known_models():
        raise FileNotFoundError(name)
    return _read(root / "properties" / "model" / f"{name.removeprefix(PREFIX)}.yaml")


def free_settings(name: str) -> dict[str, Any]:
    """The settings of a model that a suite may write, with RecBole's defaults: its own, and `FURTHER`.

    Raises:
        FileNotFoundError: as `default_settings`.
    """
    own = default_settings(name)
    root = recbole_folder()
    assert root is not None  # else there are no defaults
    overall = _read(root / "properties" / "overall.yaml")
    found = own | {key: overall[key] for key in FURTHER}
    return {key: value for key, value in found.items() if key not in GIVEN}


def attention_words(name: str) -> dict[str, str]:
    """Settings of ``defaults: attention:`` in the words of an attention model of RecBole; none for others."""
    known = default_settings(name)
    if "n_heads" not in known:
        return {}
    found = {key: [word for word in words if word in known] for key, words in ATTENTION.items()}
    return {key: words[0] for key, words in found.items() if words}


def _all_models(root: Path) -> list[str]:
    """Every model that RecBole has settings of, sequential or not."""
    return sorted(file.stem for file in (root / "properties" / "model").glob("*.yaml"))


def _read(file: Path) -> dict[str, Any]:
    settings = dict(yaml.safe_load(file.read_text(encoding="utf-8")) or {})
    return {
        key: float(value) if isinstance(value, str) and _EXPONENT.fullmatch(value) else value
        for key, value in settings.items()
    }
