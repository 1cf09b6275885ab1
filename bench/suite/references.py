"""The models of RecBole in a suite, checked against RecBole's own files."""

from __future__ import annotations

from typing import Any

from bench.suite.entries import Entry
from bench.suite.parts import Variant
from bench.suite.problems import Problems
from bench.suite.reader import KeyPath
from bench.suite.reference import attention_words, known_models, name_complaint
from bench.suite.reference_settings import key_complaint, settings_class


def check_reference(entry: Entry, problems: Problems) -> Variant | None:
    """The variant of a ``recbole/NAME`` entry; None (and problems) if it is not in order.

    Where RecBole is not installed its settings cannot be checked and stand as written: the run will say so.
    """
    wrong_name = name_complaint(entry.name)
    if wrong_name is not None:
        problems.add((*entry.path, "name"), *wrong_name)
        return None
    if not known_models():
        return Variant(name=entry.name, label=entry.label, settings=entry.values)
    values, paths = _merge(entry, problems)
    wrong = {key: what for key in values if (what := key_complaint(entry.name, key)) is not None}
    for key, what in wrong.items():
        problems.add(paths[key], *what)
    rest = {key: value for key, value in values.items() if key not in wrong}
    valid = problems.validate(settings_class(entry.name), rest, entry.path, paths)
    # Settings stand as written: what is left out is RecBole's, also where another version has other defaults.
    return None if wrong or valid is None else Variant(name=entry.name, label=entry.label, settings=values)


def _merge(entry: Entry, problems: Problems) -> tuple[dict[str, Any], dict[str, KeyPath]]:
    """The settings and their places: `defaults: attention:` in RecBole's words, under what is written."""
    defaults = problems.document.data.get("defaults")
    blocks = defaults if isinstance(defaults, dict) else {}
    shared, named = (
        block if isinstance(block := blocks.get(key), dict) else {} for key in ("attention", entry.name)
    )
    words = attention_words(entry.name)
    translated = {words[key]: value for key, value in shared.items() if key in words}
    paths: dict[str, KeyPath] = {words[key]: ("defaults", "attention", key) for key in shared if key in words}
    paths |= {key: ("defaults", entry.name, key) for key in named}
    paths |= {key: (*entry.path, key) for key in entry.values}
    return {**translated, **named, **entry.values}, paths
