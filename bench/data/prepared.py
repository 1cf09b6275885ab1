"""What a prepared dataset looks like on disk and in memory.

A prepared dataset is an immutable folder::

    dataset.json         recipe, content hash, counts, audit (written last: without it there is no dataset)
    items.parquet        item (1..n), id, title, text, categories (list), image (path in the folder, or null)
    users.parquet        user (0..U-1), id
    train.parquet        user, item in time order: everything but each user's last two interactions
    validation.parquet   user, item: the last but one
    test.parquet         user, item: the last; only `bench.data.locked` opens it

Of a split in time, validation.parquet holds all that a user did between the two moments, in time order, and
both files only the users who have a target. Item 0 is the padding item and never a candidate.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow.parquet as pq

from bench.data.hashing import file_hash
from bench.errors import DataError
from bench.registry import Modality

FORMAT_VERSION = 7

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
    in_time: bool = False

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
            in_time=facts["in_time"],
        )


@dataclass(frozen=True)
class Targets:
    """What is to be ranked: one target of each of some users.

    Attributes:
        users: [M] user numbers, ascending.
        items: [M] item numbers.
    """

    users: IntArray
    items: IntArray


@dataclass(frozen=True)
class TrainingData:
    """All that training and early stopping may see: no path, no test target.

    Attributes:
        n_users: U; users are 0..U-1.
        n_items: items are 1..n_items; 0 pads.
        offsets: [U+1]; user u's training part is ``items[offsets[u]:offsets[u+1]]``, oldest first.
        items: item numbers; N - 2U of N interactions, if each user's last two are held out.
        validation: item numbers of what is held out for validation: each user's last but one, or of a split
            in time all between the two moments.
        validation_offsets: [U+1] of ``validation``, as ``offsets``; None: one for each user.
    """

    n_users: int
    n_items: int
    offsets: IntArray
    items: IntArray
    validation: IntArray
    validation_offsets: IntArray | None = None

    @property
    def n_targets(self) -> int:
        """Training targets: every item but the first of each training part, N - 3U."""
        return int(len(self.items) - self.n_users)

    @property
    def leave_one_out(self) -> bool:
        """Whether every user has one validation target (and one test target)."""
        return self.validation_offsets is None

    def validation_targets(self) -> Targets:
        """The first held-out item of every user who has one."""
        if self.validation_offsets is None:
            return Targets(np.arange(self.n_users), self.validation)
        users = np.flatnonzero(np.diff(self.validation_offsets))
        return Targets(users, self.validation[self.validation_offsets[users]])

    def history(self, user: int) -> IntArray:
        """The training part of one user, oldest first."""
        return self.items[self.offsets[user] : self.offsets[user + 1]]

    def held_out(self, user: int) -> IntArray:
        """What one user did between training part and test, oldest first."""
        if self.validation_offsets is None:
            return self.validation[user : user + 1]
        return self.validation[self.validation_offsets[user] : self.validation_offsets[user + 1]]


@dataclass(frozen=True)
class Catalogue:
    """Item contents; entry k describes item k + 1.

    Attributes:
        ids: the source's item identifiers.
        titles: may be empty strings.
        texts: descriptions; empty where missing.
        categories: labels per item; empty where missing.
        images: absolute paths; None where missing.
        paths: the paths of each item in a tree of categories, from the top; None where the source knows none.
    """

    ids: tuple[str, ...]
    titles: tuple[str, ...]
    texts: tuple[str, ...]
    categories: tuple[tuple[str, ...], ...]
    images: tuple[Path | None, ...]
    paths: tuple[tuple[tuple[str, ...], ...], ...] | None = None


def is_intact(folder: Path) -> bool:
    """Whether the folder holds a finished dataset whose tables are what was written."""
    try:
        facts = json.loads((folder / "dataset.json").read_text(encoding="utf-8"))
        return all(file_hash(folder / name) == digest for name, digest in facts["files"].items())
    except (OSError, ValueError, KeyError):
        return False


def load_training(dataset: PreparedDataset) -> TrainingData:
    """Read the training parts and validation targets."""
    offsets, items = _read_part(dataset.folder / "train.parquet", dataset.n_users)
    held_offsets, held = _read_part(dataset.folder / "validation.parquet", dataset.n_users)
    one_each = np.array_equal(held_offsets, np.arange(dataset.n_users + 1))
    if not one_each and not dataset.in_time:
        raise DataError(
            f"{dataset.folder / 'validation.parquet'} does not hold exactly one target for each user"
        )
    return TrainingData(
        n_users=dataset.n_users,
        n_items=dataset.n_items,
        offsets=offsets,
        items=items,
        validation=held,
        validation_offsets=held_offsets if dataset.in_time else None,
    )


def _read_part(file: Path, n_users: int) -> tuple[IntArray, IntArray]:
    """Items by user: where each user's begin [U+1], and the items."""
    table = pq.read_table(file, columns=["user", "item"])
    counts = np.bincount(table["user"].to_numpy().astype(np.int64), minlength=n_users)
    offsets = np.concatenate([[0], np.cumsum(counts)]).astype(np.int64)
    return offsets, np.asarray(table["item"].to_numpy(), dtype=np.int64)


def load_catalogue(dataset: PreparedDataset) -> Catalogue:
    """Read the item contents."""
    rows = pq.read_table(dataset.folder / "items.parquet").to_pydict()
    return Catalogue(
        ids=tuple(rows["id"]),
        titles=tuple(rows["title"]),
        texts=tuple(rows["text"]),
        categories=tuple(tuple(labels) for labels in rows["categories"]),
        images=tuple(None if name is None else dataset.folder / name for name in rows["image"]),
        paths=tuple(tuple(map(tuple, paths)) for paths in rows["paths"]) if "paths" in rows else None,
    )


def read_targets(file: Path, n_users: int, in_time: bool = False) -> Targets:
    """Read the targets in ``file``, ordered by user.

    Raises:
        DataError: a user is repeated, or missing where the split is not one in time.
    """
    table = pq.read_table(file, columns=["user", "item"])
    users = np.asarray(table["user"].to_numpy(), dtype=np.int64)
    if (in_time and np.any(np.diff(users) <= 0)) or (
        not in_time and not np.array_equal(users, np.arange(n_users))
    ):
        raise DataError(f"{file} does not hold exactly one target for each of {n_users} users")
    return Targets(users, np.asarray(table["item"].to_numpy(), dtype=np.int64))
