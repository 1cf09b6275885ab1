"""From a model's name and settings to the model."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from dataclasses import replace
from difflib import get_close_matches
from typing import Any

from pydantic import ValidationError

from bench.errors import InputError
from bench.models.base import ModelContext, Recommender
from bench.registry import MODELS, load
from bench.suite.settings import MultimodalSettings, Settings


def build(name: str, settings: Mapping[str, Any], context: ModelContext) -> Recommender:
    """Make the model called ``name``; its weights are drawn from torch's current random state.

    Args:
        name: an entry of the registry, or ``module:Class`` for anybody's own `Recommender`, made by
            ``Class(settings, context)`` with settings of its ``Class.Settings``.
        settings: the model's options; what is left out has its default.
        context: what the model must know of the data.

    Raises:
        InputError: there is no such model, it cannot be imported or is no recommender, its settings are
            not valid, or it is asked to read a modality that the data do not have.
    """
    kind = model_class(name)
    options = _validated(name, kind.Settings, settings)
    context = _with_chosen_features(name, options, context)
    try:
        inspect.signature(kind).bind(options, context)
    except TypeError as error:
        raise InputError(
            f"model {name!r} cannot be made from (settings, context): {error}",
            remedy="its constructor takes these two arguments",
        ) from error
    make: Any = kind  # the constructor's signature is a convention that the base class does not state
    model: Recommender = make(options, context)
    return model


def model_class(name: str) -> type[Recommender]:
    """The class of the model called ``name``.

    Raises:
        InputError: there is no such model, it cannot be imported, or it is no concrete `Recommender`.
    """
    if name not in MODELS and ":" not in name:
        near = get_close_matches(name, MODELS, n=1)
        remedy = f"did you mean {near[0]!r}?" if near else f"known: {', '.join(MODELS)}, or module:Class"
        raise InputError(f"there is no model {name!r}", remedy=remedy)
    path = MODELS[name].path if name in MODELS else name
    try:
        found = load(path)
    except Exception as error:  # whatever somebody's module raises when it is imported
        raise InputError(
            f"model {name!r} cannot be imported: {type(error).__name__}: {error}",
            remedy="write module:Class, with the module importable from here",
        ) from error
    if not (isinstance(found, type) and issubclass(found, Recommender)) or inspect.isabstract(found):
        raise InputError(
            f"model {name!r} is no recommender",
            remedy="derive it from bench.models.base.SequentialModel or CountingModel and define all"
            " abstract methods",
        )
    return found


def count_parameters(model: Recommender) -> int:
    """Number of trained weights."""
    return sum(weight.numel() for weight in model.parameters() if weight.requires_grad)


def _validated(name: str, kind: type[Settings], settings: Mapping[str, Any]) -> Settings:
    try:
        return kind.model_validate(dict(settings))
    except ValidationError as error:
        first = error.errors()[0]
        key = ".".join(str(part) for part in first["loc"])
        message = f"{key}: {first['msg']}" if key else str(first["msg"])
        raise InputError(
            f"model {name!r} has a wrong setting: {message}",
            remedy=f"its settings are {', '.join(kind.model_fields) or 'none'}",
        ) from error


def _with_chosen_features(name: str, options: Settings, context: ModelContext) -> ModelContext:
    """The context with exactly the modalities that the settings name, where they name some."""
    if not isinstance(options, MultimodalSettings) or options.modalities == "available":
        return context
    missing = [modality for modality in options.modalities if modality not in context.features]
    if missing:
        raise InputError(
            f"model {name!r} is to read {', '.join(missing)}, which the dataset does not have",
            remedy=f"the dataset has {', '.join(context.features) or 'no item contents'}",
        )
    chosen = {m: table for m, table in context.features.items() if m in options.modalities}
    return replace(context, features=chosen)
