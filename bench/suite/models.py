"""The models of a suite with their settings, checked against the registry."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from pydantic.fields import FieldInfo

from bench import registry
from bench.registry import MODALITIES, MODELS
from bench.suite import own, reference
from bench.suite.entries import Entry, check_labels, full_label, parse_entry, read_entries, read_entry
from bench.suite.parts import Variant
from bench.suite.problems import Problems, suggest
from bench.suite.reader import Document, KeyPath, show
from bench.suite.references import check_reference
from bench.suite.settings import AttentionSettings, MultimodalSettings, Settings
from bench.suite.training import own_training


class ModelChecker:
    """Checks ``models:`` and ``defaults:`` of one document.

    Attributes:
        modalities: where the modalities of each variant are written, by label (else the variant's place).
    """

    def __init__(self, document: Document, problems: Problems) -> None:
        self.document = document
        self.problems = problems
        self.modalities: dict[str, KeyPath] = {}

    def check(self) -> list[Variant]:
        """The variants that are in order; what is wrong with the others is noted."""
        entries = read_entries(self.document, "models", self.problems)
        check_labels(entries, self.problems)
        self._check_defaults({entry.name for entry in entries})
        checked = (self._variant(entry) for entry in entries)
        return [variant for variant in checked if variant is not None]

    def _variant(self, entry: Entry) -> Variant | None:
        training = own_training(entry, self.problems)
        entry = replace(entry, values={k: v for k, v in entry.values.items() if k != "training"})
        if reference.is_meant(entry.name):
            variant = check_reference(entry, self.problems)
        else:
            variant = self._model(entry)
        if variant is None or training is None:
            return None
        return variant.model_copy(update={"training": training})

    def _model(self, entry: Entry) -> Variant | None:
        known = MODELS.get(entry.name)
        if known is None and not self._own_exists(entry):
            return None
        kind: type[Settings] | None = None if known is None else registry.load(known.settings)
        values, places = self._merge(entry)
        self.modalities[entry.label] = places.get("modalities", entry.path)
        in_order = self._modalities_are_words(values, places)
        if not in_order:
            del values["modalities"]  # the other settings are still checked
        if kind is None:
            asked = {key: value for key, value in values.items() if key in MultimodalSettings.model_fields}
            valid: Settings | None = self.problems.validate(MultimodalSettings, asked, entry.path, places)
        else:
            valid = self.problems.validate(kind, values, entry.path, places)
            values = {} if valid is None else valid.model_dump(mode="json")
        if valid is None or not in_order:
            return None
        return Variant(name=entry.name, label=entry.label, settings=values)

    def _own_exists(self, entry: Entry) -> bool:
        """Whether a name that the registry lacks is a model outside bench; notes why not."""
        place = (*entry.path, "name")
        if not any(mark in entry.name for mark in "/\\:") and not entry.name.endswith(".py"):
            known = [*MODELS, *reference.known_models()]
            self.problems.add(place, f"no model {entry.name!r}", suggest(entry.name, known))
            return False
        complaint = own.complaint(entry.name)
        if complaint is not None:
            self.problems.add(place, *complaint)
        return complaint is None

    def _merge(self, entry: Entry) -> tuple[dict[str, Any], dict[str, KeyPath]]:
        """The written settings by field name and their places: defaults, overlaid by the entry's own."""
        values: dict[str, Any] = {}
        places: dict[str, KeyPath] = {}
        for layer, path in self._layers(entry):
            here: dict[str, str] = {}
            for written, value in layer.items():
                key = field_of(entry.name, written)
                if key in here:
                    message = f"{here[key]!r} and {written!r} are the same setting of {entry.name}"
                    self.problems.add((*path, written), message, "keep one of them")
                here[key], values[key], places[key] = written, value, (*path, written)
        return values, places

    def _layers(self, entry: Entry) -> Iterator[tuple[dict[str, Any], KeyPath]]:
        known = MODELS.get(entry.name)
        defaults = self.document.data.get("defaults")
        for key in ["attention"] * (known is not None and known.attention) + [entry.name]:
            layer = defaults.get(key) if isinstance(defaults, dict) else None
            if isinstance(layer, dict):
                yield layer, ("defaults", key)
        yield entry.values, entry.path

    def _check_defaults(self, used: set[str]) -> None:
        """Check every block of ``defaults:``, also those that no model of the suite takes."""
        defaults = self.document.data.get("defaults")
        for key, block in defaults.items() if isinstance(defaults, dict) else ():
            path = ("defaults", key)
            elsewhere = key in used and (own.is_own(key) or reference.is_reference(key))
            if key != "attention" and key not in MODELS and not elsewhere:
                valid = ["attention", *MODELS]
                self.problems.add(path, f"unknown key {key!r} in defaults", suggest(key, valid))
            elif not isinstance(block, dict):
                self.problems.add(path, f"defaults.{key}: {show(block)} is not a mapping")
            elif key == "attention" or key in MODELS:
                kind = AttentionSettings if key == "attention" else registry.load(MODELS[key].settings)
                places = {name: (*path, name) for name in block}
                if self._modalities_are_words(block, places):
                    self.problems.validate(kind, block, path, partial=True)

    def _modalities_are_words(self, values: Mapping[str, Any], places: Mapping[str, KeyPath]) -> bool:
        """Whether ``modalities`` names modalities; what else it says is left to the settings' class."""
        asked = values.get("modalities")
        words = [asked] if isinstance(asked, str) else asked if isinstance(asked, list) else []
        valid = True
        for at, word in enumerate(words):
            place = (*places["modalities"], at) if isinstance(asked, list) else places["modalities"]
            if asked == "available" or (isinstance(asked, list) and word in MODALITIES):
                continue
            valid, where = False, self.problems.address(place)
            if word in MODALITIES:
                self.problems.add(place, f"{where}: {show(word)} is not a list", f"write [{word}]")
            else:
                remedy = suggest(word, [*MODALITIES, "available"])
                self.problems.add(place, f"{where}: no modality {show(word)}", remedy)
        return valid


def parse_model(
    text: str,
    defaults: Mapping[str, Any],
    training: Mapping[str, Any] | None = None,
    base: Variant | None = None,
) -> Variant:
    """Read a model as the command line writes it, for example ``MAF[fusion=gate]``.

    Args:
        text: a registry name, ``module:Class`` or ``recbole/NAME``, with settings in brackets or without.
        defaults: the suite's ``defaults:``.
        training: the suite's ``training:``.
        base: a variant of the same name, whose settings stand where the text gives none.

    Raises:
        InputError: no such model, or a wrong setting; the message names ``--model``.
    """
    entry = parse_entry(text, "--model")
    settings, shared = dict(defaults), dict(training or {})
    if base is not None:
        settings[base.name] = base.settings
        shared |= base.training
    data = {"models": [entry], "defaults": settings, "training": shared}
    document = Document(data=data, file="--model")
    problems = Problems(document)
    checked = ModelChecker(document, problems).check()
    problems.raise_any()
    if base is not None:
        checked = [each.model_copy(update={"training": base.training | each.training}) for each in checked]
    # The suite may have the same model with other settings: the label tells which settings these are.
    written = read_entry(entry, ("models", 0), problems)
    if written is None or written.label:
        return checked[0]
    return checked[0].model_copy(update={"label": full_label(written)})


def field_of(model: str, written: str) -> str:
    """The field's name for a written key: ``lambda`` is MAF's ``task_weight``."""
    return next((name for name, field in _fields(model).items() if field.alias == written), written)


def written_as(model: str, name: str) -> str:
    """How a suite writes a field's name."""
    field = _fields(model).get(name)
    return name if field is None else field.alias or name


def _fields(model: str) -> Mapping[str, FieldInfo]:
    """The settings of a model of the registry; of others none are known."""
    if model not in MODELS:
        return {}
    kind: type[Settings] = registry.load(MODELS[model].settings)
    return kind.model_fields
