"""The feature encoders of a suite: one per modality, checked against the registry."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from bench import registry
from bench.registry import ENCODERS, MODALITIES, Modality
from bench.suite.entries import Entry, parse_entry, read_entry
from bench.suite.problems import Problems, suggest
from bench.suite.reader import Document, KeyPath
from bench.suite.settings import EncoderSettings, Settings

DEFAULTS: dict[Modality, str] = {"image": "colour-edge", "text": "tfidf-svd", "category": "multi-hot"}


def check_encoders(document: Document, problems: Problems) -> dict[Modality, EncoderSettings]:
    """The encoder of every modality with all its options; what is wrong is noted."""
    section = document.data.get("features", {})
    written: dict[str, Any] = section if isinstance(section, dict) else {}
    for key in written:
        if key not in MODALITIES:
            problems.add(("features", key), f"unknown modality {key!r} in features", suggest(key, MODALITIES))
    checked: dict[Modality, EncoderSettings] = {}
    for modality in MODALITIES:
        value = written.get(modality, DEFAULTS[modality])
        encoder = _check(modality, value, ("features", modality), problems)
        if encoder is not None:
            checked[modality] = encoder
    return checked


def _check(modality: Modality, value: Any, path: KeyPath, problems: Problems) -> EncoderSettings | None:
    entry = read_entry(value, path, problems)
    if entry is None:
        return None
    entry = _named_model(entry)
    fitting = [name for name, known in ENCODERS.items() if known.modality == modality]
    if entry.name not in fitting:
        place = (*path, "name") if isinstance(value, dict) else path
        problems.add(place, f"no encoder {entry.name!r} for {modality}", suggest(entry.name, fitting))
        return None
    if entry.label:
        problems.add((*path, "label"), f"features.{modality} takes no label", "leave it out")
    kind: type[Settings] = registry.load(ENCODERS[entry.name].settings)
    options = problems.validate(kind, entry.values, path)
    if options is None:
        return None
    return EncoderSettings(name=entry.name, options=options.model_dump(mode="json", exclude_none=True))


def _named_model(entry: Entry) -> Entry:
    """``torchvision/vgg16`` is the encoder ``torchvision`` with the model ``vgg16``."""
    name, _, model = entry.name.partition("/")
    if not model or name not in ENCODERS or not ENCODERS[name].learned:
        return entry
    return replace(entry, name=name, values={"model": model, **entry.values})


def parse_encoder(modality: Modality, text: str) -> EncoderSettings:
    """Read an encoder as the command line writes it, for example ``torchvision/vgg16[standardisation=l2]``.

    Raises:
        InputError: no such encoder of this modality, or a wrong option; the message names ``--MODALITY``.
    """
    option = f"--{modality}"
    document = Document(data={"features": {modality: parse_entry(text, option)}}, file=option)
    problems = Problems(document)
    checked = check_encoders(document, problems)
    problems.raise_any()
    return checked[modality]
