"""``--set key=value``: changes to a suite file before it is checked, under the names that the file uses."""

from __future__ import annotations

import copy
import hashlib
import json
import re
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from bench.errors import InputError
from bench.suite.encoders import DEFAULTS
from bench.suite.entries import Entry, read_entries
from bench.suite.parts import match
from bench.suite.problems import Problems, nearest
from bench.suite.reader import Document, KeyPath, parse_value
from bench.suite.settings import EvaluationSettings, Settings, TrainingSettings
from bench.suite.shape import SuiteFile

_LONGEST_SLUG = 80
_LISTS = ("models", "datasets")
_SIDES = ("better", "worse", "than", "best", "of", "gain", "over", "equal", "to")  # of a claim
_PLACES = ("datasets", "larger_on", "than_on")


def apply_overrides(document: Document, texts: Sequence[str]) -> Document:
    """The document with each ``key=value`` put in place; the order of ``texts`` does not matter.

    A key is a path of the file (``training.epochs``, ``defaults.attention.layers``, ``seeds``), or a label or
    name of a model or dataset with one of its settings (``MAF.fusion``, for every variant of that name).
    Claims and the baseline follow the variants whose label the change renews.

    Raises:
        InputError: a text without ``=``, a key that leads nowhere, or two texts that set the same thing.
    """
    if not texts:
        return document
    data = copy.deepcopy(document.data)
    before = _entries(document)
    placed: dict[KeyPath, str] = {}
    for text in texts:
        option = f"--set {text}"
        paths, value_text = _targets(text, before)
        value = parse_value(value_text, option)
        for path in paths:
            clash = next((p for p in placed if p[: len(path)] == path[: len(p)]), None)
            if clash is not None:
                raise InputError(f"sets the same as {placed[clash]}", file=option, remedy="keep one of them")
            _put(data, path, copy.deepcopy(value), option)
            placed[path] = option
    changed = replace(document, data=data, overrides=placed)
    _rename_claims(data, before, _entries(changed))
    return changed


def overrides_slug(texts: Sequence[str]) -> str:
    """A name for a set of overrides, fit for a file name; empty if there are none.

    The same set in any order has the same name, different sets have different ones: what cannot be shown in
    ``A-Z a-z 0-9 . _ = , + -`` and 80 characters is cut and marked by a hash. The device is left out: it
    makes no other suite, and the index never mixes results of two kinds of device. So is a search, which
    changes no run.
    """
    split = (text.partition("=") for text in texts)
    pairs = (each for each in split if not re.match(r"\s*(training\.device\s*$|search\b)", each[0]))
    unique = sorted({f"{key.strip()}{equals}{value.strip()}" for key, equals, value in pairs})
    joined = ",".join(unique)
    if len(joined) <= _LONGEST_SLUG and all(re.fullmatch(r"[A-Za-z0-9._=+-]+", text) for text in unique):
        return joined
    digest = hashlib.sha256(json.dumps(unique).encode()).hexdigest()[:8]
    readable = re.sub(r"[^A-Za-z0-9._=,+-]+", "-", joined)[: _LONGEST_SLUG - 9]
    return f"{readable}-{digest}" if unique else ""


def _entries(document: Document) -> list[Entry]:
    unseen = Problems(document)  # what is wrong with an entry is reported when the changed file is checked
    return [entry for section in _LISTS for entry in read_entries(document, section, unseen)]


def _targets(text: str, entries: Sequence[Entry]) -> tuple[list[KeyPath], str]:
    """The key paths that ``text`` sets, and the text of the value."""
    first = re.split(r"[.=]", text.strip(), maxsplit=1)[0]
    words = {word for entry in entries for word in (entry.label, entry.name)}
    fitting = [word for word in words if text.strip().startswith(f"{word}.")]
    owner = max(fitting, key=len) if fitting and first not in SuiteFile.model_fields else ""
    key, equals, value = text.strip()[len(owner) :].partition("=")
    key = key.strip()
    if not equals or not key.removeprefix("."):
        raise InputError("no key=value", file=f"--set {text}", remedy="write it as in training.epochs=5")
    if owner:
        return [(*entry.path, key[1:]) for entry in match(owner, entries)], value
    if first not in SuiteFile.model_fields:
        raise InputError(
            f"no key {key!r}", file=f"--set {text}", remedy=_nearest_key(key, first, sorted(words))
        )
    keys = key.split(".")
    if first == "defaults" and len(keys) > 3:  # the name of a model outside bench has dots
        keys = [first, ".".join(keys[1:-1]), keys[-1]]
    if keys[:2] == ["search", "space"] and len(keys) > 3:  # as above; training settings have one too
        tail = 2 if keys[-2] == "training" else 1
        keys = [*keys[:2], ".".join(keys[2:-tail]), ".".join(keys[-tail:])]
    return [tuple(keys)], value


def _nearest_key(key: str, first: str, words: Sequence[str]) -> str:
    sections: dict[str, type[Settings]] = {"training": TrainingSettings, "evaluation": EvaluationSettings}
    dotted = [f"{section}.{name}" for section, kind in sections.items() for name in kind.model_fields]
    near = nearest(key, [*dotted, *SuiteFile.model_fields]) if "." not in key else None
    start = nearest(first, [*SuiteFile.model_fields, *words])
    if near is None and start is not None:
        near = start + key[len(first) :]
    return f"did you mean {near!r}?" if near else f"begin with one of {', '.join(SuiteFile.model_fields)}"


def _put(data: dict[str, Any], path: KeyPath, value: Any, option: str) -> None:
    """Set the value at ``path``, making mappings of what is missing or written as a bare name."""
    here: Any = data
    for at, key in enumerate(path[:-1]):
        if isinstance(here, dict):
            here.setdefault(key, {"name": DEFAULTS[key]} if path[0] == "features" and key in DEFAULTS else {})
        if isinstance(here[key], str) and path[0] in ("features", *_LISTS):
            here[key] = {"name": here[key]}
        here = here[key]
        if not isinstance(here, dict | list) or (
            isinstance(here, list) and not isinstance(path[at + 1], int)
        ):
            raise InputError(
                f"{'.'.join(map(str, path[: at + 1]))} is not a mapping",
                file=option,
                remedy="set it as a whole",
            )
    here[path[-1]] = value


def _rename_claims(data: dict[str, Any], before: Sequence[Entry], after: Sequence[Entry]) -> None:
    """Let claims, baseline and search speak of the same variants and datasets under their new labels."""
    now = {entry.path: entry.label for entry in after}
    renewed = {(entry.path[0], entry.label): now.get(entry.path, entry.label) for entry in before}
    if isinstance(data.get("baseline"), str):
        data["baseline"] = renewed.get(("models", data["baseline"]), data["baseline"])
    search = data.get("search")
    if isinstance(search, dict) and isinstance(search.get("space"), dict):
        search["space"] = {renewed.get(("models", key), key): each for key, each in search["space"].items()}
    claims = data.get("claims")
    for claim in claims if isinstance(claims, list) else []:
        if not isinstance(claim, dict):
            continue
        for key in (*_SIDES, *_PLACES):
            section = "models" if key in _SIDES else "datasets"
            if isinstance(claim.get(key), list):
                claim[key] = [
                    renewed.get((section, word), word) if isinstance(word, str) else word
                    for word in claim[key]
                ]
            elif isinstance(claim.get(key), str) and key in _SIDES:
                claim[key] = renewed.get((section, claim[key]), claim[key])
