"""What an ablation varies, and the variants it makes: a model whole, and others with one thing changed."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

from bench.errors import InputError
from bench.registry import Control, Modality
from bench.suite.entries import Entry, full_label
from bench.suite.models import field_of, written_as
from bench.suite.parts import Variant

Mode = Literal["only", "without", "add"]

# The grid of MAF's paper (arXiv 2405.17959, section 4.2).
SIZES = (32, 64, 128, 256)
WEIGHTS = (5.0, 10.0, 15.0, 20.0, 25.0)
FUSIONS = ("sum", "concat", "gate")

_USUAL_MODES: tuple[Mode, ...] = ("only", "without")
_SIZE_KEYS = ("multimodal_size", "attribute_size")  # MAF's, DIF-SR's


@dataclass(frozen=True)
class Ablation:
    """What to vary, each thing by itself.

    Attributes:
        modalities: to take apart, in this order for ``add``.
        modes: ``only``: each alone; ``without``: all but each; ``add``: all but these, then one more each.
        controls: what to put in place of each modality's features.
        fusion: every fusion of scores.
        multitask: with and without auxiliary tasks.
        sizes: of the contents (MAF's d').
        weights: of the auxiliary tasks (lambda).
    """

    modalities: tuple[Modality, ...] = ()
    modes: tuple[Mode, ...] = _USUAL_MODES
    controls: tuple[Control, ...] = ()
    fusion: bool = False
    multitask: bool = False
    sizes: tuple[int, ...] = ()
    weights: tuple[float, ...] = ()

    def words(self) -> list[str]:
        """What is varied, as parts of a name; empty if nothing is."""
        found: list[str] = []
        if self.modalities:
            found += [*self.modalities, *(() if self.modes == _USUAL_MODES else self.modes), *self.controls]
        found += [name for name in ("fusion", "multitask") if getattr(self, name)]
        for name, numbers in (("size", self.sizes), ("lambda", self.weights)):
            found += [name, *(f"{number:g}" for number in numbers)] if numbers else []
        return found


class Variations:
    """Writes the variants of an ablation as entries of a suite.

    Args:
        base: the model that is taken apart, checked.
        entry: the same as written.
        modalities: what it reads, whole; none where contents are not varied.
    """

    def __init__(self, base: Variant, entry: Entry, modalities: Sequence[Modality]) -> None:
        self._base = base
        self._entry = entry
        self._every = list(modalities)

    def of(self, ablation: Ablation) -> list[dict[str, Any]]:
        """The whole model first; the same settings once.

        Raises:
            InputError: the model has nothing of what is to be varied.
        """
        made = [self._variant(self._base.label, self._whole()), *self._contents(ablation)]
        made += self._settings(ablation)
        distinct: dict[str, dict[str, Any]] = {}
        for each in made:
            settings = {key: value for key, value in each.items() if key != "label"}
            distinct.setdefault(json.dumps(settings, sort_keys=True), each)
        return list(distinct.values())

    def _whole(self) -> dict[str, Any]:
        return {"modalities": self._every} if self._every else {}

    def _variant(self, label: str, changes: Mapping[str, Any]) -> dict[str, Any]:
        """The base's entry with some settings changed, those by field name."""
        name = self._base.name
        kept = {key: value for key, value in self._entry.values.items() if field_of(name, key) not in changes}
        written = {written_as(name, key): value for key, value in changes.items()}
        return {"name": name, "label": label, **kept, **written}

    def _contents(self, ablation: Ablation) -> Iterator[dict[str, Any]]:
        unread = [each for each in ablation.modalities if each not in self._every]
        if unread:
            raise InputError(
                f"{self._base.label} does not read {', '.join(unread)} here",
                file="--modality",
                remedy=f"it reads {', '.join(self._every) or 'nothing'}",
            )
        for label, kept, new in [*self._steps(ablation), *self._replaced(ablation)]:
            if label != self._base.label:
                yield self._variant(label, {"modalities": kept})
            if new is not None:
                for control in ablation.controls:
                    changes = {"modalities": kept, "controls": {new: control}}
                    yield self._variant(f"{label}, {new} {control}", changes)

    def _steps(self, ablation: Ablation) -> Iterator[tuple[str, list[Modality], Modality | None]]:
        """Label, modalities, and the one of them that the step is about."""
        name, chosen = self._base.label, ablation.modalities
        if "only" in ablation.modes:
            yield from ((f"{name} {each} only", [each], each) for each in chosen)
        if "without" in ablation.modes:
            for each in chosen:
                yield f"{name} without {each}", [other for other in self._every if other != each], None
        if "add" in ablation.modes:
            rest = [each for each in self._every if each not in chosen]
            yield f"{name} with {_joined(rest)}", rest, None
            for end in range(1, len(chosen)):
                kept = [each for each in self._every if each in rest or each in chosen[:end]]
                yield f"{name} with {_joined(kept)}", kept, chosen[end - 1]

    def _replaced(self, ablation: Ablation) -> Iterator[tuple[str, list[Modality], Modality]]:
        """The whole model, for the controls of each modality."""
        return ((self._base.label, self._every, each) for each in ablation.modalities)

    def _settings(self, ablation: Ablation) -> Iterator[dict[str, Any]]:
        settings = self._base.settings
        size = next((key for key in _SIZE_KEYS if key in settings), _SIZE_KEYS[0])
        grids: dict[str, Sequence[Any]] = {
            "fusion": FUSIONS if ablation.fusion else (),
            "multitask": (True, False) if ablation.multitask else (),
            size: ablation.sizes,
            "task_weight": ablation.weights,
        }
        for key, grid in grids.items():
            if grid and key not in settings:
                raise InputError(
                    f"{self._base.label} has no setting {written_as('MAF', key)!r} to vary",
                    file="--model",
                    remedy="name a variant that has it",
                )
            for number in grid:
                value = int(number) if isinstance(number, float) and number.is_integer() else number
                if value != settings[key]:
                    values = {written_as(self._base.name, key): value}
                    label = full_label(replace(self._entry, name=self._base.label, values=values))
                    yield self._variant(label, self._whole() | {key: value})


def _joined(modalities: Sequence[Modality]) -> str:
    return "+".join(modalities) or "nothing"
