"""Options of datasets as pydantic classes, apart from the code that uses them (as in `settings`)."""

from __future__ import annotations

from datetime import date
from typing import Any, Literal, Self

from pydantic import Field, SerializerFunctionWrapHandler, field_validator, model_serializer, model_validator

from bench.suite.paths import check_inside
from bench.suite.settings import Settings
from bench.suite.steps import Step, day_start


class DatasetSettings(Settings):
    """Options of a dataset."""

    @property
    def files(self) -> tuple[str, ...]:
        """Files in the data folder that the dataset is read from; an edited one is prepared again."""
        return ()


class TemporalSplit(Settings):
    """One moment for all users: training before ``validation``, test from ``test`` on; days in UTC."""

    validation: date
    test: date

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.validation >= self.test:
            raise ValueError(f"validation {self.validation} is not before test {self.test}")
        return self

    @property
    def bounds(self) -> tuple[int, int]:
        """Both days' beginnings in seconds since 1970."""
        return day_start(self.validation), day_start(self.test)


class CutSettings(DatasetSettings):
    """A part of a dataset, taken before it is split.

    First ``steps``, each on what the one before it left; then a cut: the first ``users`` in the order in
    which the file names them, and of each the ``last`` interactions; None is all.
    ``split`` in time, instead of each user's last two.
    """

    steps: tuple[Step, ...] = ()
    users: int | None = Field(None, ge=1)
    last: int | None = Field(None, ge=3)  # fewer cannot be split
    split: TemporalSplit | None = None

    @model_serializer(mode="wrap")
    def _written(self, handler: SerializerFunctionWrapHandler) -> dict[str, Any]:
        """Without cuts that are not asked for: whole datasets keep the names that their results have."""
        values: dict[str, Any] = handler(self)
        return {
            k: v for k, v in values.items() if v not in (None, [], ()) or k not in CutSettings.model_fields
        }


class MovieLens100KSettings(CutSettings):
    """MovieLens-100K can be cut."""


class MovieLensSettings(CutSettings):
    """One of MovieLens's archives but that of 100K."""

    archive: str

    @field_validator("archive")
    @classmethod
    def _inside(cls, name: str) -> str:
        return check_inside(name)

    @property
    def files(self) -> tuple[str, ...]:
        return (self.archive,)


class SequencesSettings(CutSettings):
    """A text file with a line for each user, and if wanted a JSON file with the items' categories.

    Both paths are relative to $BENCH_DATA.
    """

    path: str
    attributes: str | None = None

    @field_validator("path", "attributes")
    @classmethod
    def _inside(cls, name: str | None) -> str | None:
        return None if name is None else check_inside(name)

    @property
    def files(self) -> tuple[str, ...]:
        return (self.path,) if self.attributes is None else (self.path, self.attributes)


class AmazonSettings(CutSettings):
    """Reviews and product metadata of Amazon as UCSD published them in the year ``layout``."""

    reviews: str
    metadata: str
    layout: Literal["2014", "2018", "2023"] = "2018"

    @field_validator("reviews", "metadata")
    @classmethod
    def _inside(cls, name: str) -> str:
        return check_inside(name)

    @field_validator("layout", mode="before")
    @classmethod
    def _year(cls, year: object) -> object:
        return str(year) if isinstance(year, int) else year  # YAML reads 2018 as a number

    @property
    def files(self) -> tuple[str, ...]:
        return (self.reviews, self.metadata)


class TablesSettings(CutSettings):
    """Tables of the user's own: which file and which column is what; None is not there.

    ``unit`` is that of numbers in ``timestamp`` (since 1970), or ``date`` for dates as text. ``separator``
    stands between categories.
    """

    interactions: str
    items: str | None = None
    user: str = "user_id"
    item: str = "item_id"
    timestamp: str | None = "timestamp"
    unit: Literal["s", "ms", "us", "ns", "date"] = "s"
    id: str | None = "item_id"
    title: str | None = None
    text: str | None = None
    categories: str | None = None
    image: str | None = None
    separator: str = Field("|", min_length=1)

    @field_validator("interactions", "items")
    @classmethod
    def _inside(cls, name: str | None) -> str | None:
        return None if name is None else check_inside(name)

    @model_validator(mode="after")
    def _items_have_ids(self) -> Self:
        if self.items is not None and self.id is None:
            raise ValueError("items needs id, the column with the identifiers of the interactions' items")
        return self

    @property
    def files(self) -> tuple[str, ...]:
        return (self.interactions,) if self.items is None else (self.interactions, self.items)


class ToyshopSettings(DatasetSettings):
    """The generated shop; ``image``, ``text`` and ``category`` weigh how often each carries the signal."""

    mechanism: Literal["attention", "content"] = "attention"
    users: int = Field(1000, ge=1, le=200_000)
    items: int = Field(300, ge=20, le=100_000)
    image: float = Field(0.0, ge=0)
    text: float = Field(0.0, ge=0)
    category: float = Field(0.0, ge=0)
    seed: int = Field(0, ge=0)
