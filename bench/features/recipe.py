"""What features depend on, and where they lie for it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from bench.data.prepared import PreparedDataset
from bench.errors import InputError
from bench.features.learned import LearnedEncoder
from bench.home import home_folder
from bench.registry import ENCODERS, EncoderEntry, Modality, load
from bench.suite.paths import portable
from bench.suite.settings import LearnedEncoderSettings, Settings

FORMAT_VERSION = 1


@dataclass(frozen=True)
class Request:
    """Features of one modality of a dataset, by one encoder with its options.

    Raises:
        InputError: no encoder has this name, it is made for another modality, or an option is wrong.
    """

    dataset: PreparedDataset
    modality: Modality
    encoder: str
    settings: Settings
    home: Path | None = None

    @classmethod
    def of(
        cls,
        dataset: PreparedDataset,
        modality: Modality,
        encoder: str,
        options: Mapping[str, Any],
        home: Path | None = None,
    ) -> Request:
        """The request for a name of the registry and options as its settings class takes them."""
        return cls(dataset, modality, encoder, _settings(modality, encoder, options), home)

    @property
    def entry(self) -> EncoderEntry:
        """The encoder's."""
        return ENCODERS[self.encoder]

    @property
    def label(self) -> str:
        """The encoder as results show it, with every option: ``tfidf-svd(size=64, ...)``."""
        options = _options(self.settings)
        written = ", ".join(f"{key}={portable(value)}" for key, value in sorted(options.items()))
        return f"{self.encoder}({written})" if options else self.encoder

    @property
    def source(self) -> Request:
        """The same as the encoder gives it, before it is reduced and standardised."""
        if not isinstance(self.settings, LearnedEncoderSettings):
            return self
        plain = self.settings.model_copy(update={"standardisation": "none", "dimensions": None})
        return Request(self.dataset, self.modality, self.encoder, plain, self.home)

    def learned(self, work: Path | None = None) -> LearnedEncoder:
        """The encoder, if it has weights; ``work`` as there."""
        found: LearnedEncoder = load(self.entry.path)(self.settings, self.home, work)
        return found

    def recipe(self, weights: str | None = None) -> dict[str, Any]:
        """All that the features depend on; ``weights`` as `LearnedEncoder.weights`."""
        found = {
            "format_version": FORMAT_VERSION,
            "dataset": self.dataset.content_hash,
            "modality": self.modality,
            "encoder": self.encoder,
            "options": _options(self.settings),
            "encoder_version": self.entry.version,
        }
        return found | {"weights": weights} if self.entry.learned else found

    def folder(self, recipe: Mapping[str, Any]) -> Path:
        """Where the features of a recipe lie, whether or not they are there."""
        key = hashlib.sha256(json.dumps(recipe, sort_keys=True).encode()).hexdigest()[:16]
        return home_folder(self.home) / "features" / f"{self.encoder}-{key}"


def _options(settings: Settings) -> dict[str, Any]:
    """Without what is null: an option that says nothing is as if it did not exist."""
    return settings.model_dump(mode="json", exclude_none=True)


def _settings(modality: Modality, name: str, options: Mapping[str, Any]) -> Settings:
    if name not in ENCODERS:
        near = get_close_matches(name, ENCODERS, n=1)
        remedy = f"did you mean {near[0]!r}?" if near else f"known are {', '.join(ENCODERS)}"
        raise InputError(f"there is no encoder {name!r}", remedy=remedy)
    entry = ENCODERS[name]
    if entry.modality != modality:
        suited = ", ".join(known for known, other in ENCODERS.items() if other.modality == modality)
        raise InputError(
            f"encoder {name!r} is made for {entry.modality}, not {modality}", remedy=f"use {suited}"
        )
    try:
        settings: Settings = load(entry.settings)(**options)
    except ValueError as error:  # pydantic's ValidationError is one
        raise InputError(f"the options {dict(options)} do not suit encoder {name!r}: {error}") from error
    return settings
