"""The keys of a suite file and the shape of their values; names and settings are checked apart."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field

from bench.suite.parts import PaperRef, Part

Seed = Annotated[int, Field(ge=0, lt=2**32)]  # what every random generator in use takes


class SuiteFile(Part):
    """A suite as written."""

    suite: str = Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$", max_length=100)
    paper: Literal["maf"] | PaperRef | None = None
    datasets: list[Any] = Field(min_length=1)
    seeds: list[Seed] = Field(min_length=1)
    metrics: list[str] = Field(min_length=1)
    training: dict[str, Any] = Field(default_factory=dict)
    evaluation: dict[str, Any] = Field(default_factory=dict)
    features: dict[str, Any] = Field(default_factory=dict)
    defaults: dict[str, Any] = Field(default_factory=dict)
    models: list[Any] = Field(min_length=1)
    claims: list[Any] = Field(default_factory=list)
    margin: float = Field(0.02, ge=0, lt=1)
    baseline: str | None = None
    unpublished: list[str] = Field(default_factory=list)
    notes: list[str] = Field(default_factory=list)
    search: dict[str, Any] | None = None


class OrderEntry(Part):
    """A claim that one variant is better or worse than others; ``datasets`` lists labels or names."""

    than: str | Annotated[list[str], Field(min_length=1)]
    metric: str
    datasets: Literal["all"] | list[str] = "all"


class BetterEntry(OrderEntry):
    """``better`` wins, ``by`` a share of the other's mean if a size is claimed."""

    better: str
    by: float | None = Field(None, gt=0)


class WorseEntry(OrderEntry):
    """``worse`` loses."""

    worse: str


class BestEntry(Part):
    """``best`` wins against each ``of`` the others."""

    best: str
    of: Literal["all"] | Annotated[list[str], Field(min_length=1)] = "all"
    metric: str
    datasets: Literal["all"] | list[str] = "all"


class GainEntry(Part):
    """What ``gain`` gains ``over`` another variant is larger on some datasets than on others."""

    gain: str
    over: str
    metric: str
    larger_on: list[str] = Field(min_length=1)
    than_on: list[str] = Field(min_length=1)


class EqualityEntry(Part):
    """A claim of equality as written: ``equal`` is a label or name, or a list of them."""

    equal: str | Annotated[list[str], Field(min_length=1)]
    to: str
    metric: str
    margin: float = Field(0.05, gt=0, lt=1)
    datasets: Literal["all"] | list[str] = "all"
