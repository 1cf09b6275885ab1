"""The suite of an ablation: as data, to be written to a file and run like any other."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from typing import Any

from bench.errors import InputError
from bench.registry import MODALITIES, Modality
from bench.suite.ablation import Ablation, Variations
from bench.suite.entries import Entry, read_entries
from bench.suite.parts import DatasetRef, Variant, match, wanted_modalities
from bench.suite.problems import Problems, suggest
from bench.suite.reader import Document
from bench.suite.schema import Suite

_LONGEST_NAME = 100


def ablated_suite(
    document: Document,
    suite: Suite,
    ablation: Ablation,
    model: str | None = None,
    datasets: Sequence[str] = (),
    mark: str = "",
) -> dict[str, Any]:
    """What the suite's file would hold; its baseline is the whole model, and it claims nothing.

    Args:
        document: the suite to start from, as written.
        suite: the same, checked.
        ablation: what to vary.
        model: label or name of the variant to take apart; None: of those that read contents the one that
            reads most, MAF before others.
        datasets: labels or names; none: all.
        mark: further part of the name.

    Raises:
        InputError: no such variant or dataset, the model has nothing of what is to be varied, or it reads
            other contents on one dataset than on another.
    """
    base = _base(suite, model)
    entry = next(
        each for each in read_entries(document, "models", Problems(document)) if each.label == base.label
    )
    chosen = [each for word in datasets for each in _named(suite, word)] or list(suite.datasets)
    labels = [each.label for each in chosen]
    kept = [each for each in read_entries(document, "datasets", Problems(document)) if each.label in labels]
    modalities = _read(base, chosen) if ablation.modalities else ()
    name = [suite.suite, *(labels if datasets else ()), *([base.label] if model else ()), "ablate"]
    return {key: value for key, value in document.data.items() if key not in ("claims", "search")} | {
        "suite": _name([*name, *ablation.words(), *([mark] if mark else ())]),
        "baseline": base.label,
        "datasets": [_written(each) for each in kept],
        "models": Variations(base, entry, modalities).of(ablation),
    }


def _base(suite: Suite, wanted: str | None) -> Variant:
    labels = [each.label for each in suite.models]
    if wanted is not None:
        found = match(wanted, suite.models)
        if len(found) != 1:
            several = ", ".join(repr(each.label) for each in found)
            raise InputError(
                f"{wanted!r} may be any of {several}"
                if found
                else f"no variant {wanted!r} in suite {suite.suite!r}",
                file="--model",
                remedy="write the label of one" if found else suggest(wanted, labels),
            )
        return found[0]
    readers = [
        each for each in suite.models if "modalities" in each.settings and "controls" not in each.settings
    ]
    if not readers:
        raise InputError(
            f"no variant of suite {suite.suite!r} reads item contents",
            remedy="name the variant to take apart with --model",
        )
    return max(readers, key=lambda each: (each.name == "MAF", _breadth(each)))


def _breadth(variant: Variant) -> int:
    asked = variant.settings["modalities"]
    return len(MODALITIES) if asked == "available" else len(asked)


def _named(suite: Suite, word: str) -> list[DatasetRef]:
    found = match(word, suite.datasets)
    if not found:
        raise InputError(
            f"no dataset {word!r} in suite {suite.suite!r}",
            file="--dataset",
            remedy=suggest(word, [each.label for each in suite.datasets]),
        )
    return found


def _read(base: Variant, datasets: Sequence[DatasetRef]) -> tuple[Modality, ...]:
    """What the whole model reads, the same on every dataset."""
    if "modalities" not in base.settings:
        raise InputError(
            f"{base.label} reads no item contents", file="--model", remedy="name a variant that does"
        )
    found = {each.label: tuple(wanted_modalities(base, each)) for each in datasets}
    if len(set(found.values())) > 1:
        have = "; ".join(f"{label}: {', '.join(read) or 'nothing'}" for label, read in found.items())
        raise InputError(
            f"{base.label} reads other contents on one dataset than on another ({have})",
            file="--dataset",
            remedy="ablate one dataset at a time",
        )
    return next(iter(found.values()))


def _written(entry: Entry) -> dict[str, Any]:
    return {"name": entry.name, "label": entry.label, **entry.values}


def _name(words: Sequence[str]) -> str:
    """A name for a suite: other signs than it may have are hyphens, what is too long is cut and marked."""
    joined = "-".join(words)
    readable = re.sub(r"[^A-Za-z0-9._-]+", "-", joined).strip("-")
    if readable == joined and len(joined) <= _LONGEST_NAME:
        return joined
    digest = hashlib.sha256(joined.encode()).hexdigest()[:8]
    return f"{readable[: _LONGEST_NAME - 9]}-{digest}"
