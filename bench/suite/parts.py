"""The parts of a checked suite: datasets, variants and claims, by name and with every setting filled in."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal, Protocol, TypeVar

from pydantic import BaseModel, ConfigDict, Field

from bench.registry import MODALITIES, Modality
from bench.suite.recipes import dataset_entry


class Part(BaseModel):
    """Base of the parts: immutable, no further keys."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class DatasetRef(Part):
    """A dataset by registry name; ``options`` has every option, by field name."""

    name: str
    label: str
    options: dict[str, Any]


class Variant(Part):
    """A model with its settings.

    ``settings`` has every setting by field name, as `bench.suite.settings` knows it; those of a model
    outside bench (``module:Class``, ``recbole/NAME``) stand as written. ``training`` has what it does not
    share with the suite.
    """

    name: str
    label: str
    settings: dict[str, Any]
    training: dict[str, Any] = Field(default_factory=dict)


class PaperRef(Part):
    """A table of a paper, whose values stand beside ours. Kept in the index of the results."""

    name: Literal["maf"]
    table: Literal[2, 3, 4] = 2


class Claim(Part):
    """``variant`` is better, or worse, than each of ``than`` in ``metric`` on ``datasets``; all by label.

    ``by`` is the size of the gain that is claimed, relative to each of ``than``; None: any. Kept in the index
    of the results, as claims of equality are.
    """

    model_config = ConfigDict(extra="ignore")

    word: Literal["better", "worse"]
    variant: str
    than: tuple[str, ...]
    metric: str
    datasets: tuple[str, ...]
    by: float | None = None


class GainClaim(Part):
    """The gain of ``variant`` over ``over`` in ``metric`` is larger on each of ``larger_on`` than on each of
    ``than_on``, relative to ``over``; all by label.

    Kept in the index of the results, as claims of equality are.
    """

    model_config = ConfigDict(extra="ignore")

    variant: str
    over: str
    metric: str
    larger_on: tuple[str, ...]
    than_on: tuple[str, ...]


class EqualityClaim(Part):
    """Each of ``equal`` has the same ``metric`` as ``to`` on ``datasets``; all by label.

    ``margin`` is the largest difference that counts as none, relative to the mean of ``to``. Claims of
    equality are kept in the index of the results, hence no refusal of keys that a later version may add.
    """

    model_config = ConfigDict(extra="ignore")

    equal: tuple[str, ...]
    to: str
    metric: str
    margin: float
    datasets: tuple[str, ...]


class Labelled(Protocol):
    """Anything with a name and a label."""

    @property
    def name(self) -> str:
        """The registry's name."""
        ...

    @property
    def label(self) -> str:
        """The name within the suite."""
        ...


L = TypeVar("L", bound=Labelled)


def match(word: str, parts: Sequence[L]) -> list[L]:
    """The part labelled ``word``; else all parts named ``word``."""
    return [part for part in parts if part.label == word] or [part for part in parts if part.name == word]


def wanted_modalities(variant: Variant, dataset: DatasetRef) -> list[Modality]:
    """The modalities that ``variant`` reads on ``dataset``, in the order image, text, category.

    ``available`` stands for every one that the dataset has; a model without the setting reads none. Those
    asked for by name, or under a control, are listed whether the dataset has them or not (see `lacking`).
    """
    asked = variant.settings.get("modalities", ())
    if asked == "available":
        asked = {*_modalities(dataset), *variant.settings.get("controls", ())}
    return [m for m in MODALITIES if m in asked]


def _modalities(dataset: DatasetRef) -> tuple[Modality, ...]:
    entry = dataset_entry(dataset.name)
    return () if entry is None else entry.modalities


def lacking(variant: Variant, dataset: DatasetRef) -> list[Modality]:
    """The modalities that ``variant`` asks for by name and ``dataset`` does not have."""
    has = _modalities(dataset)
    return [m for m in wanted_modalities(variant, dataset) if m not in has]


def lacking_message(variant: Variant, dataset: DatasetRef) -> tuple[str, str] | None:
    """What is wrong with running ``variant`` on ``dataset`` and what to do about it, if anything is."""
    missing = lacking(variant, dataset)
    if not missing:
        return None
    has = ", ".join(_modalities(dataset)) or "nothing"
    return (
        f"{variant.label} asks for {', '.join(missing)}; {dataset.label} has only {has}",
        "write `modalities: available` for what each dataset has",
    )
