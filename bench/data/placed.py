"""The pictures of items: put beside the prepared tables, named by item number."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import pyarrow as pa

from bench.data.sources.base import picture_file

# From addresses to the files of those pictures that are at hand.
FindPictures = Callable[[Sequence[str]], Mapping[str, Path]]


class PlacedPictures:
    """Puts pictures in place, some items at a time, and counts those that are nowhere.

    Args:
        collected: the folder with the source's own pictures, which are moved.
        target: the folder that they come to; made with the first of them.
        shared: of the source's names, those that several items have, and how many.
        find: the pictures of addresses, which are copied.

    Attributes:
        absent: items that name a picture of the source which is not there.
        not_fetched: items with an address and no picture of it at hand.
    """

    def __init__(self, collected: Path, target: Path, shared: Mapping[str, int], find: FindPictures) -> None:
        self.absent = 0
        self.not_fetched = 0
        self._collected, self._target, self._find = collected, target, find
        self._waiting = dict(shared)

    def place(self, items: pa.RecordBatch) -> pa.RecordBatch:
        """Items with ``image`` as a path in the dataset's folder (null: there is none), and without ``url``.

        Args:
            items: columns ``item``, ``image`` (as the source names it), ``url`` (of those without a name).

        Raises:
            DataError: a name leads out of the source's folder.
        """
        numbers, names, urls = (items[column].to_pylist() for column in ("item", "image", "url"))
        asked = list(dict.fromkeys(url for url in urls if url is not None))
        at_hand = self._find(asked) if asked else {}
        placed = [
            self._own(item, name) if name is not None else self._fetched(item, url, at_hand)
            for item, name, url in zip(numbers, names, urls, strict=True)
        ]
        column = items.schema.get_field_index("image")
        return items.set_column(column, "image", pa.array(placed, pa.string())).drop_columns(["url"])

    def _own(self, item: int, name: str) -> str | None:
        file = picture_file(self._collected, name)
        if file is None:
            self.absent += 1
            return None
        placed = self._place(item, file.suffix.lower())
        # Several items may share a picture; only the last one may move it.
        self._waiting[name] = self._waiting.get(name, 1) - 1
        if self._waiting[name]:
            shutil.copyfile(file, placed)
        else:
            file.rename(placed)
        return f"{self._target.name}/{placed.name}"

    def _fetched(self, item: int, url: str | None, at_hand: Mapping[str, Path]) -> str | None:
        file = None if url is None else at_hand.get(url)
        if file is None:
            self.not_fetched += url is not None
            return None
        placed = self._place(item, file.suffix)
        shutil.copyfile(file, placed)
        return f"{self._target.name}/{placed.name}"

    def _place(self, item: int, suffix: str) -> Path:
        self._target.mkdir(exist_ok=True)
        return self._target / f"{item}{suffix}"
