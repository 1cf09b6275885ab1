"""Filters of a dataset, in the order in which a recipe declares them: ``steps:``.

The order is part of a dataset: requiring descriptions before or after counting interactions leaves others.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, time
from typing import Any, Literal, Self

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    SerializerFunctionWrapHandler,
    model_serializer,
    model_validator,
)

from bench.registry import Modality


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)


class Period(_Part):
    """Interactions with ``from`` <= time < ``to``, days in UTC; None is open."""

    start: date | None = Field(None, alias="from")
    stop: date | None = Field(None, alias="to")

    @model_validator(mode="after")
    def _some(self) -> Self:
        if self.start is None and self.stop is None:
            raise ValueError("a period needs `from`, `to` or both, as in {from: 2016-01-01, to: 2018-01-01}")
        if self.start is not None and self.stop is not None and self.start >= self.stop:
            raise ValueError(f"the period from {self.start} to {self.stop} is empty")
        return self

    @property
    def bounds(self) -> tuple[int | None, int | None]:
        """Both ends in seconds since 1970."""
        start = None if self.start is None else day_start(self.start)
        return start, None if self.stop is None else day_start(self.stop)


def day_start(day: date) -> int:
    """The first second of a day in UTC, since 1970."""
    return int(datetime.combine(day, time(), UTC).timestamp())


class Level(_Part):
    """Items one of whose category paths has one of ``any`` at ``level`` (1 is the root of the tree)."""

    level: int = Field(ge=1)
    any: tuple[str, ...] = Field(min_length=1)


class Counts(_Part):
    """Users and items with at least so many interactions; None asks nothing."""

    users: int | None = Field(None, ge=1)
    items: int | None = Field(None, ge=1)

    @model_validator(mode="after")
    def _some(self) -> Self:
        if self.users is None and self.items is None:
            raise ValueError("it needs `users`, `items` or both, as in {users: 5, items: 5}")
        return self


class Step(_Part):
    """One filter; exactly one of these keys.

    Attributes:
        period: interactions in a span of time.
        require: items that have each of these contents; ``text`` is the description, not the title.
        category: items of one part of the category tree.
        minimum: counted once, users and items on the same interactions; afterwards some may have fewer.
        core: counted again and again until all that is left has as many.
        duplicates: of interactions of a user with an item keep the ``first`` or the ``last``; ``same-time``
            keeps the first of those at one time.
    """

    period: Period | None = None
    require: tuple[Modality, ...] | None = Field(None, min_length=1)
    category: Level | None = None
    minimum: Counts | None = None
    core: Counts | None = None
    duplicates: Literal["first", "last", "same-time"] | None = None

    @model_validator(mode="after")
    def _one(self) -> Self:
        given = [name for name in type(self).model_fields if getattr(self, name) is not None]
        if len(given) != 1:
            known = ", ".join(type(self).model_fields)
            raise ValueError(f"a step has exactly one of {known}, not {', '.join(given) or 'none'}")
        return self

    @property
    def kind(self) -> str:
        """Its key."""
        return next(name for name in type(self).model_fields if getattr(self, name) is not None)

    @property
    def words(self) -> str:
        """The step as a recipe writes it."""
        value = self.model_dump(mode="json", by_alias=True)[self.kind]
        return f"{self.kind}: {_written(value)}"

    @model_serializer(mode="wrap")
    def _given(self, handler: SerializerFunctionWrapHandler) -> dict[str, Any]:
        values: dict[str, Any] = handler(self)
        return {key: value for key, value in values.items() if value is not None}


def _written(value: Any) -> str:
    if isinstance(value, dict):
        return "{" + ", ".join(f"{k}: {_written(v)}" for k, v in value.items() if v is not None) + "}"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(map(_written, value)) + "]"
    return str(value)
