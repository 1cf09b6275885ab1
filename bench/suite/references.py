"""The models of RecBole in a suite, checked against RecBole's own files."""

from __future__ import annotations

from typing import Any

from bench.suite.entries import Entry
from bench.suite.parts import Variant
from bench.suite.problems import Problems, suggest
from bench.suite.reader import KeyPath
from bench.suite.reference import attention_defaults, complaint, known_models


def check_reference(entry: Entry, problems: Problems) -> Variant | None:
    """The variant of a ``recbole/NAME`` entry; None (and problems) if it is not in order.

    Where RecBole is not installed its settings cannot be checked and stand as written: the run will say so.
    """
    known = known_models()
    if not known:
        return Variant(name=entry.name, label=entry.label, settings=entry.values)
    if entry.name not in known:
        problems.add((*entry.path, "name"), f"no model {entry.name!r}", suggest(entry.name, known))
        return None
    values, paths = _merge(entry, problems)
    wrong = {key: complaint(entry.name, key, value) for key, value in values.items()}
    found = {key: what for key, what in wrong.items() if what is not None}
    for key, what in found.items():
        problems.add(paths[key], *what)
    return None if found else Variant(name=entry.name, label=entry.label, settings=values)


def _merge(entry: Entry, problems: Problems) -> tuple[dict[str, Any], dict[str, KeyPath]]:
    """The settings and their places: `defaults: attention:` in RecBole's words, under what is written."""
    defaults = problems.document.data.get("defaults")
    blocks = defaults if isinstance(defaults, dict) else {}
    shared, named = (
        block if isinstance(block := blocks.get(key), dict) else {} for key in ("attention", entry.name)
    )
    translated = attention_defaults(entry.name, shared)
    paths: dict[str, KeyPath] = {key: ("defaults", "attention") for key in translated}
    paths |= {key: ("defaults", entry.name, key) for key in named}
    paths |= {key: (*entry.path, key) for key in entry.values}
    return {**translated, **named, **entry.values}, paths
