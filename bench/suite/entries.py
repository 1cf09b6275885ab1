"""Entries of the lists ``datasets:`` and ``models:``: a name, or a mapping with a name and more.

On the command line the same entry is ``name[key=value,key=value]``.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from bench.errors import InputError
from bench.suite.problems import Problems
from bench.suite.reader import Document, KeyPath, parse_value, show


@dataclass(frozen=True)
class Entry:
    """One entry: ``values`` is what is written beside ``name`` and ``label``, ``path`` its place."""

    name: str
    label: str
    values: dict[str, Any]
    path: KeyPath


def read_entries(document: Document, section: str, problems: Problems) -> list[Entry]:
    """The well-formed entries of ``datasets`` or ``models``; the others are noted as problems.

    The label of an entry is its own, else its name; the name is followed by the written values,
    ``[key=value,...]``, for a dataset that has any and for a model that stands there twice.
    """
    listed = document.data.get(section)
    if not isinstance(listed, list):
        return []  # the shape of the file is checked by the schema
    read = (read_entry(value, (section, at), problems) for at, value in enumerate(listed))
    entries = [entry for entry in read if entry is not None]
    names = Counter(entry.name for entry in entries)
    return [
        replace(entry, label=full_label(entry))
        if not entry.label and (section == "datasets" or names[entry.name] > 1)
        else replace(entry, label=entry.label or entry.name)
        for entry in entries
    ]


def read_entry(value: Any, path: KeyPath, problems: Problems) -> Entry | None:
    """One entry, with an empty label if it has none of its own.

    None (and a problem) if it is neither text nor a mapping with a name.
    """
    if isinstance(value, str) and value:
        return Entry(value, "", {}, path)
    if not isinstance(value, dict):
        problems.add(path, f"{problems.address(path)}: {show(value)} is not a name or a mapping with a name")
        return None
    name, label = value.get("name"), value.get("label", "")
    if not isinstance(name, str) or not name:
        problems.add(
            (*path, "name"), f"{problems.address(path)} has no name", "write `{name: ..., key: value}`"
        )
        return None
    if "label" in value and not (
        isinstance(label, str) and label.isprintable() and label.strip() == label != ""
    ):
        problems.add((*path, "label"), f"{name}: label {show(label)} is not text on one line")
        label = ""
    return Entry(name, label, {k: v for k, v in value.items() if k not in ("name", "label")}, path)


def full_label(entry: Entry) -> str:
    """``name[key=value,...]`` in the order written; entries of a list are joined by +, none is ``none``."""
    training = entry.values.get("training")
    values = {key: value for key, value in entry.values.items() if value is not training}
    values |= training if isinstance(training, dict) else {}
    pairs = ",".join(f"{key}={short(value)}" for key, value in values.items())
    return f"{entry.name}[{pairs}]" if pairs else entry.name


def short(value: Any) -> str:
    """A value in a label or a file name: ``true``, ``0.5``, ``image+text``."""
    if isinstance(value, list):
        return "+".join(short(each) for each in value) or "none"
    if isinstance(value, dict):
        return f"{{{', '.join(f'{key}: {short(each)}' for key, each in value.items())}}}"
    return value if isinstance(value, str) else show(value)


def check_labels(entries: Sequence[Entry], problems: Problems) -> None:
    """Note every label that stands there a second time."""
    first: dict[str, Entry] = {}
    for entry in entries:
        other = first.setdefault(entry.label, entry)
        if other is not entry:
            line = problems.document.line(other.path)
            also = "" if line is None else f", first on line {line}"
            problems.add(
                entry.path, f"{entry.label!r} stands twice{also}", "tell them apart with `label: ...`"
            )


def parse_entry(text: str, option: str) -> dict[str, Any]:
    """Read ``name[key=value,...]`` into the mapping that a suite would hold; ``a+b`` is a list.

    Raises:
        InputError: the text is not of that form; ``option`` is named in it.
    """
    name, opened, rest = text.strip().partition("[")
    form = "write NAME or NAME[key=value,key=value]"
    if not name or (opened and not rest.endswith("]")):
        raise InputError(f"cannot read {text!r}", file=option, remedy=form)
    entry: dict[str, Any] = {"name": name}
    for pair in filter(None, _split(rest.removesuffix("]"))):
        key, equals, value = (part.strip() for part in pair.partition("="))
        if not equals or not key or key == "name":
            raise InputError(f"cannot read {pair!r} in {text!r}", file=option, remedy=form)
        if key in entry:
            raise InputError(f"key {key!r} stands twice in {text!r}", file=option, remedy="keep one")
        entry[key] = _value(key, value, option)
    return entry


def _split(text: str) -> list[str]:
    """What stands between commas, but for those within braces or brackets."""
    parts, depth = [""], 0
    for sign in text:
        depth += (sign in "{[") - (sign in "}]")
        if sign == "," and depth == 0:
            parts.append("")
        else:
            parts[-1] += sign
    return parts


def _value(key: str, text: str, option: str) -> Any:
    if key == "modalities" and text != "available":
        return [] if text == "none" else text.split("+")
    value = parse_value(text, option)
    return value.split("+") if isinstance(value, str) and "+" in value else value
