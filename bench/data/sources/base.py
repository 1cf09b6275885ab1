"""What a source hands over: interactions in file order, item contents, pictures in a folder."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from bench.errors import DataError
from bench.suite.paths import leaves_folder

# Called with what is being done, how many are done, and how many there are.
Progress = Callable[[str, int, int], None]

INTERACTIONS = pa.schema([("user", pa.string()), ("item", pa.string()), ("timestamp", pa.int64())])
ITEMS = pa.schema(
    [
        ("id", pa.string()),
        ("title", pa.string()),
        ("text", pa.string()),
        ("categories", pa.list_(pa.string())),
        ("image", pa.string()),
    ]
)
# What a source may know of its items beyond `ITEMS`: all their paths in a tree of categories (without them
# the categories are the one path), and where a picture can be fetched.
PATHS = pa.field("paths", pa.list_(pa.list_(pa.string())))
URL = pa.field("url", pa.string())


@dataclass(frozen=True)
class RawData:
    """A dataset as its source has it.

    Attributes:
        interactions: schema `INTERACTIONS`, in file order (it decides between equal timestamps).
        items: schema `ITEMS`, and if known `PATHS` and `URL`; ``image`` is a file name relative to the folder
            given to `Source.collect`.
        files: SHA-256 of every source file by name; empty for generated data.
        truth: what is known by construction of generated data, for the audit.
        timed: whether the timestamps are times, and not merely the order of the file.

    Raises:
        DataError: a table has another schema, a missing value where none may be, or an item twice.
    """

    interactions: pa.Table
    items: pa.Table
    files: Mapping[str, str] = field(default_factory=dict)
    truth: Mapping[str, Any] | None = None
    timed: bool = True

    def __post_init__(self) -> None:
        _require_columns("interactions", self.interactions.schema, INTERACTIONS)
        _require_columns("items", self.items.schema, ITEMS)
        for name, table in (("interactions", self.interactions), ("items", self.items)):
            for column in table.column_names:
                if column not in _NULLABLE and (lacking := table[column].null_count):
                    raise DataError(f"the {name} of the source lack {lacking} {column}s")
        _require_distinct(self.items["id"])


@dataclass(frozen=True)
class RawFiles:
    """`RawData` that may exceed the memory, as Parquet files; who writes them leaves no value out."""

    interactions: Path
    items: Path
    files: Mapping[str, str]
    truth: None = None
    timed: bool = True

    def __post_init__(self) -> None:
        _require_columns("interactions", pq.read_schema(self.interactions), INTERACTIONS)
        _require_columns("items", pq.read_schema(self.items), ITEMS)
        _require_distinct(pq.read_table(self.items, columns=["id"])["id"])


_NULLABLE = (ITEMS.field("image").name, PATHS.name, URL.name)


def _require_columns(name: str, found: pa.Schema, wanted: pa.Schema) -> None:
    if any(c not in found.names or found.field(c).type != wanted.field(c).type for c in wanted.names):
        raise DataError(f"the {name} of the source have the schema {found}, not {wanted}")


def _require_distinct(ids: pa.ChunkedArray) -> None:
    if pc.count_distinct(ids).as_py() < len(ids):
        name, times = Counter(ids.to_pylist()).most_common(1)[0]
        raise DataError(f"the source describes item {name!r} {times} times")


class Source(ABC):
    """Brings a dataset into memory; made with the settings class of its registry entry."""

    @abstractmethod
    def collect(self, folder: Path, progress: Progress | None = None) -> RawData | RawFiles:
        """Read, download or generate the dataset, and write its pictures under ``folder``.

        Raises:
            DataError: the data cannot be had, or are not what they should be.
        """

    def tidy(self, items: pa.RecordBatch) -> pa.RecordBatch:
        """Some of the items that were left, with their texts as they are to be read; here as they are."""
        return items


def picture_file(folder: Path, name: str) -> Path | None:
    """The picture ``name`` in ``folder``, or None where the file does not exist.

    Raises:
        DataError: the name leads out of the folder.
    """
    file = file_inside(folder, name)
    if file is None:
        raise DataError(f"the picture name {name!r} leads out of the dataset's folder")
    return file if file.is_file() else None


def file_inside(folder: Path, name: str) -> Path | None:
    """The path ``name`` in ``folder``, or None where it, or a link on its way, leads out of the folder."""
    file = folder / PurePosixPath(name)
    if leaves_folder(name) or not file.resolve().is_relative_to(folder.resolve()):
        return None
    return file
