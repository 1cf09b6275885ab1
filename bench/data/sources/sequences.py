"""Sequences in a text file: a line for each user, ``USER ITEM ITEM ...``, oldest item first.

The layout in which S3-Rec (Zhou et al. 2020) and those who followed publish the Amazon and Yelp sets, with
item attributes beside it as a JSON object from item to a list of attributes. Words are separated by spaces.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa

from bench.data.sources.base import INTERACTIONS, ITEMS, Progress, RawData, Source
from bench.data.sources.files import Locate, data_file
from bench.errors import DataError
from bench.suite.dataset_settings import SequencesSettings

_LAYOUT = "write a line for each user: USER ITEM ITEM ..."
_ATTRIBUTES = 'write an object of lists, as in {"12": ["red", "wool"]}'


class Sequences(Source):
    """Items have ids and categories; an item without attributes has no category. Time is the place."""

    def __init__(self, settings: SequencesSettings, locate: Locate = data_file) -> None:
        self.settings = settings
        self._locate = locate

    def collect(self, folder: Path, progress: Progress | None = None) -> RawData:
        """Read the file and, where it is named, the attributes."""
        names = self.settings.files
        texts: dict[str, str] = {}
        hashes: dict[str, str] = {}
        for count, name in enumerate(names):
            if progress is not None:
                progress(f"read {Path(name).name}", count, len(names))
            # Hashed and read at once: what is recorded is what was parsed.
            content = self._locate(name).read_bytes()
            hashes[name] = hashlib.sha256(content).hexdigest()
            texts[name] = _decoded(content, name)
        interactions = read_sequences(texts[self.settings.path], self.settings.path)
        categories: dict[str, list[str]] = {}
        if self.settings.attributes is not None:
            categories = read_attributes(texts[self.settings.attributes], self.settings.attributes)
            if categories.keys().isdisjoint(interactions["item"].to_pylist()):
                raise DataError(
                    f"{self.settings.attributes}: none of its {len(categories)} items stands in"
                    f" {self.settings.path} (the two files belong to different datasets)"
                )
        return RawData(interactions, _items(categories), hashes, timed=False)


def read_sequences(text: str, name: str) -> pa.Table:
    """The interactions, schema `INTERACTIONS`; times are places in the line, from 1.

    Args:
        text: the file's content.
        name: the file, for errors.

    Raises:
        DataError: the file is empty, a line has no item, or a user has two lines.
    """
    users: list[str] = []
    items: list[str] = []
    places: list[int] = []
    line_of: dict[str, int] = {}
    for number, line in _lines(text):
        user, *bought = line.split() or [""]
        if not bought:
            raise DataError(f"{name}:{number}: {line.strip()!r} is not a user and items ({_LAYOUT})")
        first = line_of.setdefault(user, number)
        if first != number:
            raise DataError(f"{name}:{number}: user {user!r} has line {first} already ({_LAYOUT})")
        users += [user] * len(bought)
        items += bought
        places += range(1, len(bought) + 1)
    if not users:
        raise DataError(f"{name} is empty ({_LAYOUT})")
    return pa.table({"user": users, "item": items, "timestamp": places}, schema=INTERACTIONS)


def read_attributes(text: str, name: str) -> dict[str, list[str]]:
    """The attributes of each item, as text and each once.

    Args:
        text: the file's content, JSON.
        name: the file, for errors.

    Raises:
        DataError: it is no JSON object of lists of text and whole numbers, or names an item twice.
    """

    def unique(pairs: Iterable[tuple[str, Any]]) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for item, value in pairs:
            if item in found:
                raise DataError(f"{name}: item {item!r} stands there twice (keep one)")
            found[item] = value
        return found

    try:
        content = json.loads(text, object_pairs_hook=unique)
    except json.JSONDecodeError as error:
        raise DataError(f"{name}:{error.lineno}: no JSON: {error.msg} ({_ATTRIBUTES})") from error
    except (ValueError, RecursionError) as error:  # a number too long to convert; lists too deep to follow
        raise DataError(f"{name}: no JSON that can be read: {error} ({_ATTRIBUTES})") from error
    if not isinstance(content, dict):
        raise DataError(f"{name}: {_shown(content)} is no object ({_ATTRIBUTES})")
    for item, labels in content.items():
        if not isinstance(labels, list) or not all(type(label) in (str, int) for label in labels):
            raise DataError(f"{name}: item {item!r} has {_shown(labels)}, no list of labels ({_ATTRIBUTES})")
    return {item: list(dict.fromkeys(map(str, labels))) for item, labels in content.items()}


def _items(categories: dict[str, list[str]]) -> pa.Table:
    count = len(categories)
    columns = {
        "id": list(categories),
        "title": [""] * count,
        "text": [""] * count,
        "categories": list(categories.values()),
        "image": [None] * count,
    }
    return pa.table(columns, schema=ITEMS)


def _lines(text: str) -> Iterator[tuple[int, str]]:
    """Lines with their numbers, from 1; what follows the last line break is one only if it is not empty."""
    lines = text.split("\n")
    return enumerate(lines if lines[-1] else lines[:-1], start=1)


def _decoded(content: bytes, name: str) -> str:
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise DataError(
            f"{name}:{line}: byte {content[error.start]:#04x} is not UTF-8 (save it as UTF-8)"
        ) from error


def _shown(value: object) -> str:
    text = json.dumps(value)
    return text if len(text) <= 60 else f"{text[:57]}..."
