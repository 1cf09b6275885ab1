"""What a search may choose: dimensions of a space, the points on a grid of them, and a variant at a point."""

from __future__ import annotations

import itertools
import json
import math
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any, Literal

from pydantic import ValidationError

from bench import registry
from bench.errors import InputError
from bench.registry import MODELS
from bench.suite import reference
from bench.suite.entries import short
from bench.suite.models import field_of
from bench.suite.parts import Part, Variant
from bench.suite.reference_settings import settings_class
from bench.suite.settings import Settings, TrainingSettings

Point = Mapping[str, Any]  # values by the keys of a space

TRAINING = "training."  # begins the keys of training settings

MOST_VALUES = 1_000  # of a range of whole numbers that is taken value by value


class Dimension(Part):
    """One setting and the values that it may have: ``choices``, or a range with both ends.

    ``step`` of a range of floats is None where every value between the ends may be had; ``log`` ranges are
    drawn from evenly in their logarithm and have no step.
    """

    key: str
    kind: Literal["choice", "int", "float"]
    choices: tuple[Any, ...] = ()
    low: int | float = 0
    high: int | float = 0
    step: int | float | None = None
    log: bool = False

    def values(self) -> tuple[Any, ...] | None:
        """Every value in order; None where they are too many to be listed."""
        if self.kind == "choice":
            return self.choices
        step = 1 if self.kind == "int" and self.log else self.step
        if step is None:
            return None
        count = round((self.high - self.low) / step) + 1
        return tuple(self._at(place, step) for place in range(count)) if count <= MOST_VALUES else None

    def holds(self, value: Any) -> bool:
        """Whether ``value`` is one of those that may be chosen."""
        if self.kind == "choice":
            return any(same(value, choice) for choice in self.choices)
        if (
            isinstance(value, bool)
            or not isinstance(value, int | float)
            or not self.low <= value <= self.high
        ):
            return False
        if self.kind == "int" and value != int(value):
            return False
        return self.step is None or abs(self._place(value) - round(self._place(value))) < 1e-9

    def tidy(self, value: Any) -> Any:
        """A value that `holds`, as the space writes it: 0.3 rather than 0.30000000000000004."""
        if self.kind == "choice":
            return next(choice for choice in self.choices if same(value, choice))
        if self.step is None:
            return int(value) if self.kind == "int" else float(value)
        return self._at(round(self._place(value)), self.step)

    def shown(self) -> str:
        """In words: ``32, 64, 128`` or ``0.0001 to 0.01 (log)``."""
        if self.kind == "choice":
            return ", ".join(short(choice) for choice in self.choices)
        step = f" in steps of {self.step}" if self.step is not None and self.step != 1 else ""
        return f"{self.low} to {self.high}{step}{' (log)' if self.log else ''}"

    def _place(self, value: float) -> float:
        assert self.step is not None
        return (value - self.low) / self.step

    def _at(self, place: int, step: float) -> int | float:
        exact = Decimal(str(self.low)) + place * Decimal(str(step))
        return int(exact) if self.kind == "int" else float(exact)


def same(a: Any, b: Any) -> bool:
    """Whether two values of a suite are equal: 10 is 10.0, but 1 is not true."""
    if isinstance(a, list | tuple) and isinstance(b, list | tuple):
        return len(a) == len(b) and all(map(same, a, b))
    if isinstance(a, bool) or isinstance(b, bool):
        return a is b
    return bool(a == b)


def grid_size(dimensions: Sequence[Dimension]) -> int | None:
    """The number of points; None where a dimension has no list of values."""
    values = [dimension.values() for dimension in dimensions]
    return None if None in values else math.prod(len(each) for each in values if each is not None)


def grid_points(dimensions: Sequence[Dimension]) -> Iterator[Point]:
    """Every point, the last dimension changing fastest; each dimension has a list of values."""
    keys = [dimension.key for dimension in dimensions]
    for values in itertools.product(*(dimension.values() or () for dimension in dimensions)):
        yield dict(zip(keys, values, strict=True))


def own_point(variant: Variant, dimensions: Sequence[Dimension], training: Mapping[str, Any]) -> Point | None:
    """Where the variant itself stands in the space; None where it has not all of these settings, written.

    The point need not lie on the space's dimensions (see `lies_on`).

    Args:
        variant: with its own training settings.
        dimensions: of its space.
        training: the suite's training settings.
    """
    settings = variant.settings
    if reference.is_reference(variant.name) and reference.known_models():
        settings = reference.free_settings(variant.name) | settings
    found: dict[str, Any] = {}
    for dimension in dimensions:
        if dimension.key.startswith(TRAINING):
            known, key = {**training, **variant.training}, dimension.key.removeprefix(TRAINING)
        else:
            known, key = settings, field_of(variant.name, dimension.key)
        if key not in known:
            return None
        found[dimension.key] = known[key]
    return found


def lies_on(point: Point, dimensions: Sequence[Dimension]) -> bool:
    """Whether every value of the point is one that may be chosen."""
    return all(dimension.holds(point[dimension.key]) for dimension in dimensions)


def class_of(variant: Variant) -> type[Settings] | None:
    """The settings class; None of models outside bench, and of RecBole's where it is not installed."""
    if variant.name in MODELS:
        kind: type[Settings] = registry.load(MODELS[variant.name].settings)
        return kind
    if reference.is_reference(variant.name) and reference.known_models():
        return settings_class(variant.name)
    return None


def variant_at(variant: Variant, point: Point, training: Mapping[str, Any]) -> Variant:
    """The variant with the settings of a point, checked as those of a suite are.

    Args:
        variant: as the suite has it.
        point: values by the keys of its space.
        training: the suite's training settings.

    Raises:
        InputError: the settings do not go together.
    """
    own = {key.removeprefix(TRAINING): v for key, v in point.items() if key.startswith(TRAINING)}
    changes = {field_of(variant.name, key): v for key, v in point.items() if not key.startswith(TRAINING)}
    settings, kind = variant.settings | changes, class_of(variant)
    trained = variant.training | own
    try:
        if kind is not None:
            # Through JSON, because only there does strict mode take lists for tuples.
            valid = kind.model_validate_json(json.dumps(settings), strict=True)
            # RecBole's settings stand as written: what is left out is RecBole's.
            if not reference.is_reference(variant.name):
                settings = valid.model_dump(mode="json")
        whole = TrainingSettings.model_validate_json(json.dumps({**training, **trained}), strict=True)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        place = ".".join(map(str, first["loc"]))
        why = str(first.get("ctx", {}).get("error", first["msg"]))
        raise InputError(f"{place}: {why}" if place else why) from error
    trained = {key: getattr(whole, key) for key in trained}
    return variant.model_copy(update={"settings": settings, "training": trained})


def point_text(point: Point) -> str:
    """``multimodal_size=64, lambda=10``, for messages and tables."""
    return ", ".join(
        f"{key}={f'{value:.4g}' if isinstance(value, float) else short(value)}"
        for key, value in point.items()
    )
