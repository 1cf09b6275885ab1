"""One setting of a search space as written, a list of values or a range, checked against its model."""

from __future__ import annotations

import types
from collections.abc import Mapping
from decimal import Decimal
from typing import Annotated, Any, Union, get_args, get_origin

from pydantic import Field

from bench.suite import reference
from bench.suite.models import field_of
from bench.suite.parts import Part, Variant
from bench.suite.problems import Problems, nearest, suggest, written_names
from bench.suite.reader import KeyPath, show
from bench.suite.reference_settings import key_complaint
from bench.suite.settings import Settings, TrainingSettings
from bench.suite.space import TRAINING, Dimension, class_of, same
from bench.suite.training import OWN, idle_complaint

_CONTENTS = ("modalities", "controls")


class RangeEntry(Part):
    """A range as written."""

    low: int | float
    high: int | float
    step: int | float | None = Field(None, gt=0)
    log: bool = False


def read_dimension(
    variant: Variant,
    key: str,
    written: Any,
    path: KeyPath,
    training: Mapping[str, Any],
    grid: bool,
    problems: Problems,
) -> Dimension | None:
    """The dimension of one key of a variant's space; None (and problems) if it is not in order.

    Args:
        variant: checked.
        key: of the space: a setting, or ``training.`` and a training setting.
        written: a list, or a mapping with ``low`` and ``high``.
        path: of the variant's space.
        training: the suite's training settings.
        grid: every dimension needs a list of values.
        problems: takes what is wrong.
    """
    place = (*path, key)
    complaint = _key_complaint(variant, key)
    if complaint is not None:
        problems.add(place, *complaint)
        return None
    if isinstance(written, list):
        return _choices(variant, key, written, place, training, problems)
    if isinstance(written, dict):
        return _range(variant, key, written, place, training, grid, problems)
    where = problems.address(place)
    problems.add(place, f"{where}: {show(written)} is no list and no range", f"write [{show(written)}]")
    return None


def _key_complaint(variant: Variant, key: str) -> tuple[str, str] | None:
    """Why a key names nothing that can be tuned, with a remedy."""
    if key.startswith(TRAINING):
        name = key.removeprefix(TRAINING)
        if name not in TrainingSettings.model_fields:
            near = nearest(name, OWN)
            remedy = f"did you mean {TRAINING + near!r}?" if near else f"one of {', '.join(OWN)}"
            return f"unknown key {key!r} in search.space.{variant.label}", remedy
        idle = idle_complaint(variant.name, name)
        return None if idle is None else (f"search.space.{variant.label}: {idle[0]}", idle[1])
    if key in _CONTENTS:
        return f"search.space.{variant.label}: what a model reads is not tuned", "`bench ablate` varies that"
    kind = class_of(variant)
    if kind is None:
        return None  # seen when the model is built
    if reference.is_reference(variant.name) and (why := key_complaint(variant.name, key)) is not None:
        return why
    if field_of(variant.name, key) in kind.model_fields:
        return None
    known = [*written_names(kind), *(TRAINING + name for name in OWN)]
    return f"unknown key {key!r} in search.space.{variant.label}", suggest(key, known)


def _choices(
    variant: Variant,
    key: str,
    written: list[Any],
    place: KeyPath,
    training: Mapping[str, Any],
    problems: Problems,
) -> Dimension | None:
    where = problems.address(place)
    if not written:
        problems.add(place, f"{where}: an empty list", "write the values to try")
        return None
    valid = True
    for at, value in enumerate(written):
        twin = next((show(each) for each in written[:at] if same(each, value)), None)
        if twin is not None:
            as_what = "" if twin == show(value) else f", first as {twin}"
            problems.add((*place, at), f"{where}: {show(value)} stands twice{as_what}", "keep one of them")
            valid = False
        valid = _fits(variant, key, value, (*place, at), training, problems) and valid
    return Dimension(key=key, kind="choice", choices=tuple(written)) if valid else None


def _range(
    variant: Variant,
    key: str,
    written: dict[str, Any],
    place: KeyPath,
    training: Mapping[str, Any],
    grid: bool,
    problems: Problems,
) -> Dimension | None:
    entry = problems.validate(RangeEntry, written, place)
    if entry is None:
        return None
    number = _number_of(variant, key, entry)
    complaint = _range_complaint(entry, number, grid)
    if complaint is not None:
        problems.add(place, f"{problems.address(place)}: {complaint[0]}", complaint[1])
        return None
    ends = [
        _fits(variant, key, getattr(entry, end), (*place, end), training, problems) for end in ("low", "high")
    ]
    if not all(ends):
        return None
    if number is int:
        step = None if entry.log else entry.step or 1
        return Dimension(key=key, kind="int", low=entry.low, high=entry.high, step=step, log=entry.log)
    low, high = float(entry.low), float(entry.high)
    return Dimension(key=key, kind="float", low=low, high=high, step=entry.step, log=entry.log)


def _range_complaint(
    entry: RangeEntry, number: type[int] | type[float] | None, grid: bool
) -> tuple[str, str] | None:
    low, high, step = entry.low, entry.high, entry.step
    if number is None:
        return "a range is of numbers, and this setting has none", "write a list of values"
    if number is int and not all(isinstance(each, int) for each in (low, high, step or 1)):
        return "this setting takes whole numbers", "write whole numbers"
    if low >= high:
        return f"low {low} is not less than high {high}", "write the smaller number as low"
    if entry.log and (step is not None or low <= 0):
        return "a log range has no step and begins above 0", "leave out step, or log"
    if step is not None:
        rest = (Decimal(str(high)) - Decimal(str(low))) % Decimal(str(step))
        if rest:
            return f"no step of {step} ends at high {high}", f"write high: {Decimal(str(high)) - rest}"
    if grid and step is None:
        return "a grid needs a list of values, or a step", "write step, or a list"
    return None


def _fits(
    variant: Variant, key: str, value: Any, place: KeyPath, training: Mapping[str, Any], problems: Problems
) -> bool:
    """Whether the setting takes this value, whatever the others are."""
    kind: type[Settings] | None
    if key.startswith(TRAINING):
        name, kind, others = key.removeprefix(TRAINING), TrainingSettings, {**training, **variant.training}
    else:
        name, kind, others = field_of(variant.name, key), class_of(variant), variant.settings
    if kind is None:
        return True
    problems_before = problems.count()
    problems.validate(kind, {**others, name: value}, place[:-1], {name: place}, partial=True)
    return problems.count() == problems_before


def _number_of(variant: Variant, key: str, entry: RangeEntry) -> type[int] | type[float] | None:
    """The type of number that a setting takes; None if it takes none."""
    if key.startswith(TRAINING):
        field = TrainingSettings.model_fields[key.removeprefix(TRAINING)]
    else:
        kind = class_of(variant)
        if kind is None:  # nothing is known of a model outside bench: as its range is written
            whole = all(isinstance(each, int) for each in (entry.low, entry.high, entry.step or 1))
            return int if whole else float
        field = kind.model_fields[field_of(variant.name, key)]
    found = _types(field.annotation)
    return float if float in found else int if int in found else None


def _types(annotation: Any) -> set[Any]:
    if get_origin(annotation) is Annotated:
        return _types(get_args(annotation)[0])
    if get_origin(annotation) in (Union, types.UnionType):
        return set().union(*(_types(part) for part in get_args(annotation)))
    return {annotation}
