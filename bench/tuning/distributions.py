"""Dimensions of a space as Optuna's distributions, and points as its parameters."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

import optuna
from optuna.distributions import (
    BaseDistribution,
    CategoricalDistribution,
    FloatDistribution,
    IntDistribution,
)

from bench.suite.space import Dimension, Point

optuna.logging.set_verbosity(optuna.logging.WARNING)  # it would name every study that it makes


def distributions(dimensions: Sequence[Dimension]) -> dict[str, BaseDistribution]:
    """The distribution of each dimension, by its key."""
    return {dimension.key: _distribution(dimension) for dimension in dimensions}


def _distribution(dimension: Dimension) -> BaseDistribution:
    if dimension.kind == "choice":
        return CategoricalDistribution([stored(choice) for choice in dimension.choices])
    if dimension.kind == "int":
        return IntDistribution(
            int(dimension.low), int(dimension.high), log=dimension.log, step=int(dimension.step or 1)
        )
    step = None if dimension.step is None else float(dimension.step)
    return FloatDistribution(float(dimension.low), float(dimension.high), log=dimension.log, step=step)


def stored(value: Any) -> Any:
    """A choice as Optuna stores it: lists and mappings as JSON."""
    return json.dumps(value) if isinstance(value, list | tuple | dict) else value


def params_of(point: Point, dimensions: Sequence[Dimension]) -> dict[str, Any]:
    """The parameters of a point that lies in the space."""
    return {
        each.key: stored(point[each.key]) if each.kind == "choice" else point[each.key] for each in dimensions
    }


def point_of(params: Mapping[str, Any], dimensions: Sequence[Dimension]) -> Point:
    """The point of parameters that Optuna proposed."""
    return {each.key: _written(each, params[each.key]) for each in dimensions}


def _written(dimension: Dimension, value: Any) -> Any:
    if dimension.kind != "choice":
        return dimension.tidy(value)
    # By place: 1 and true are equal in Python.
    places = [stored(choice) for choice in dimension.choices]
    return next(
        c for c, s in zip(dimension.choices, places, strict=True) if type(s) is type(value) and s == value
    )
