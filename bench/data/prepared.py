"""What a prepared dataset looks like on disk and in memory.

A prepared dataset is an immutable folder::

    dataset.json         recipe, content hash, counts, audit (written last: without it there is no dataset)
    items.parquet        item (1..n), id, title, text, categories (list), image (path in the folder, or null)
    users.parquet        user (0..U-1), id
    train.parquet        user, item in time order: everything but each user's last two interactions
    validation.parquet   user, item: the last but one
    test.parquet         user, item: the last; only `bench.data.locked` opens it

Item 0 is the padding item and never a candidate.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow.parquet as pq

from bench.errors import DataError
from bench.registry import Modality

FORMAT_VERSION = 4

IntArray = npt.NDArray[np.int64]


@dataclass(frozen=True)
class PreparedDataset:
    """A handle on a prepared folder; reading `dataset.json` is all that opening it costs."""

    folder: Path
    label: str
    content_hash: str
    n_users: int
    n_items: int
    n_interactions: int
    modalities: tuple[Modality, ...]
    audit: dict[str, Any]

    @classmethod
    def open(cls, folder: Path, label: str) -> PreparedDataset:
        """Read the folder's `dataset.json`.

        Raises:
            DataError: the folder holds no finished dataset of this format.
        """
        try:
            facts = json.loads((folder / "dataset.json").read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            raise DataError(f"{folder} holds no prepared dataset: {error}") from error
        if facts.get("format_version") != FORMAT_VERSION:
            raise DataError(
                f"{folder} was written in format {facts.get('format_version')}, this bench reads"
                f" {FORMAT_VERSION}: delete the folder and prepare it again"
            )
        return cls(
            folder=folder,
            label=label,
            content_hash=facts["content_hash"],
            n_users=facts["users"],
            n_items=facts["items"],
            n_interactions=facts["interactions"],
            modalities=tuple(facts["modalities"]),
            audit=facts["audit"],
        )


@dataclass(frozen=True)
class TrainingData:
    """All that training and early stopping may see: no path, no test target.

    Attributes:
        n_users: U; users are 0..U-1.
        n_items: items are 1..n_items; 0 pads.
        offsets: [U+1]; user u's training part is ``items[offsets[u]:offsets[u+1]]``, oldest first.
        items: [N - 2U] item numbers.
        validation: [U] the last but one item of every user.
    """

    n_users: int
    n_items: int
    offsets: IntArray
    items: IntArray
    validation: IntArray

    @property
    def n_targets(self) -> int:
        """Training targets: every item but the first of each training part, N - 3U."""
        return int(len(self.items) - self.n_users)

    def history(self, user: int) -> IntArray:
        """The training part of one user, oldest first."""
        return self.items[self.offsets[user] : self.offsets[user + 1]]


@dataclass(frozen=True)
class Catalogue:
    """Item contents; entry k describes item k + 1.

    Attributes:
        ids: the source's item identifiers.
        titles: may be empty strings.
        texts: descriptions; empty where missing.
        categories: labels per item; empty where missing.
        images: absolute paths; None where missing.
    """

    ids: tuple[str, ...]
    titles: tuple[str, ...]
    texts: tuple[str, ...]
    categories: tuple[tuple[str, ...], ...]
    images: tuple[Path | None, ...]


def is_intact(folder: Path) -> bool:
    """Whether the folder holds a finished dataset whose tables are what was written."""
    try:
        facts = json.loads((folder / "dataset.json").read_text(encoding="utf-8"))
        return all(file_hash(folder / name) == digest for name, digest in facts["files"].items())
    except (OSError, ValueError, KeyError):
        return False


def file_hash(file: Path) -> str:
    """SHA-256 of a file: hex."""
    with file.open("rb") as handle:
        return hashlib.file_digest(handle, "sha256").hexdigest()


def load_training(dataset: PreparedDataset) -> TrainingData:
    """Read the training parts and validation targets."""
    table = pq.read_table(dataset.folder / "train.parquet", columns=["user", "item"])
    users = table["user"].to_numpy().astype(np.int64)
    counts = np.bincount(users, minlength=dataset.n_users)
    return TrainingData(
        n_users=dataset.n_users,
        n_items=dataset.n_items,
        offsets=np.concatenate([[0], np.cumsum(counts)]).astype(np.int64),
        items=table["item"].to_numpy().astype(np.int64),
        validation=read_targets(dataset.folder / "validation.parquet", dataset.n_users),
    )


def load_catalogue(dataset: PreparedDataset) -> Catalogue:
    """Read the item contents."""
    rows = pq.read_table(dataset.folder / "items.parquet").to_pydict()
    return Catalogue(
        ids=tuple(rows["id"]),
        titles=tuple(rows["title"]),
        texts=tuple(rows["text"]),
        categories=tuple(tuple(labels) for labels in rows["categories"]),
        images=tuple(None if name is None else dataset.folder / name for name in rows["image"]),
    )


def read_targets(file: Path, n_users: int) -> IntArray:
    """Read one target per user from ``file``, ordered by user: [U].

    Raises:
        DataError: a user is missing or repeated.
    """
    table = pq.read_table(file, columns=["user", "item"])
    users = table["user"].to_numpy()
    if not np.array_equal(users, np.arange(n_users)):
        raise DataError(f"{file} does not hold exactly one target for each of {n_users} users")
    return np.asarray(table["item"].to_numpy(), dtype=np.int64)
