"""What encoders with weights share: batches that are loaded ahead, kept as they come, and gone on with.

Each batch is a file of its own until all are there, so that an encoding that was killed goes on where it
stopped; the batches do not depend on where that was, hence neither do the values.
"""

from __future__ import annotations

import hashlib
import json
import os
from abc import abstractmethod
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Generic, TypeVar

import numpy as np
import numpy.typing as npt
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save_file

from bench.data.sources.base import Progress
from bench.errors import DataError
from bench.features.encoder import Encoded, FeatureEncoder
from bench.features.pictures import Unreadable
from bench.suite.settings import Settings

T = TypeVar("T")
Half = npt.NDArray[np.float16]

AHEAD = 3  # batches that are loaded while one is encoded


class LearnedEncoder(FeatureEncoder):
    """An encoder with weights.

    Args:
        settings: of its registry entry.
        home: bench's home, for weights that are fetched.
        work: a folder for what an interrupted encoding goes on from; None: it starts anew.
    """

    def __init__(self, settings: Settings, home: Path | None = None, work: Path | None = None) -> None:
        self.home = home
        self.work = work

    @abstractmethod
    def weights(self) -> str | None:
        """What identifies the weights and what is published with them; None where that is not known here.

        Nothing is fetched and torch is not imported.

        Raises:
            DataError: a folder or file that the settings name is not there.
        """

    @abstractmethod
    def missing(self) -> str | None:
        """Which weights are not here, and where they are published; None where nothing has to be fetched.

        Nothing is fetched.

        Raises:
            DataError: a folder or file that the settings name is not there.
        """

    def fetch(self, progress: Progress | None = None) -> None:
        """Get the weights here, where that is needed to know what identifies them.

        Raises:
            DataError: they cannot be had.
        """


@dataclass(frozen=True)
class Loaded(Generic[T]):
    """An item's content as the model takes it, or why it is missing; ``note`` as `Encoded.notes`."""

    content: T | None = None
    problem: str = ""
    note: str = ""


def encode_batches(
    items: int,
    batches: Sequence[Sequence[int]],
    load: Callable[[int], Loaded[T]],
    forward: Callable[[list[T]], npt.NDArray[np.float32]],
    work: Path | None = None,
    progress: Progress | None = None,
    what: str = "encode",
    threads: int | None = None,
) -> Encoded:
    """Encode the items in ``batches``, whose places count from 0; the others are missing.

    Args:
        items: of the catalogue.
        batches: places of items.
        load: the content of a place; called in threads. `Unreadable` makes the item missing.
        forward: [n, d_j] of n contents; never called with none.
        work: see `LearnedEncoder`.
        progress: told of items.
        what: the progress is called.
        threads: that load (None: one for each core).

    Returns:
        values that float16 can hold.

    Raises:
        DataError: no item has this content, or a value exceeds float16.
    """
    rows: list[tuple[Sequence[int], _Batch]] = []
    kept = [_read(work, number, batch) for number, batch in enumerate(batches)]
    total = sum(map(len, batches))
    done = sum(len(batch) for batch, found in zip(batches, kept, strict=True) if found is not None)
    missing = [batch for batch, found in zip(batches, kept, strict=True) if found is None]
    fresh = _ahead(missing, load, threads or os.cpu_count() or 1)
    for number, batch in enumerate(batches):
        found = kept[number]
        if found is None:
            found = _encode(next(fresh), forward)
            _write(work, number, batch, found)
            done += len(batch)
        rows.append((batch, found))
        if progress is not None:
            progress(what, done, total)
    return _joined(items, rows)


@dataclass(frozen=True)
class _Batch:
    """``values`` [m, d_j] of the places ``used`` [m] within the batch; problems and notes by these places."""

    values: Half
    used: npt.NDArray[np.int64]
    problems: dict[int, str]
    notes: dict[int, str]


def _ahead(
    batches: Sequence[Sequence[int]], load: Callable[[int], Loaded[T]], threads: int
) -> Iterator[list[Loaded[T]]]:
    """The contents of each batch, loaded in threads while earlier ones are used."""

    def guarded(place: int) -> Loaded[T]:
        try:
            return load(place)
        except Unreadable as error:
            return Loaded(problem=str(error))

    with ThreadPoolExecutor(threads) as pool:
        waiting: deque[list[Future[Loaded[T]]]] = deque()
        try:
            for batch in batches:
                waiting.append([pool.submit(guarded, place) for place in batch])
                if len(waiting) > AHEAD:
                    yield [future.result() for future in waiting.popleft()]
            while waiting:
                yield [future.result() for future in waiting.popleft()]
        finally:
            pool.shutdown(wait=False, cancel_futures=True)


def _encode(loaded: list[Loaded[T]], forward: Callable[[list[T]], npt.NDArray[np.float32]]) -> _Batch:
    contents = [(place, each.content) for place, each in enumerate(loaded) if each.content is not None]
    values: Half = np.zeros((0, 0), dtype=np.float16)
    if contents:
        with np.errstate(over="ignore"):  # checked below
            values = forward([content for _, content in contents]).astype(np.float16)
    return _Batch(
        values,
        np.array([place for place, _ in contents], dtype=np.int64),
        {place: each.problem for place, each in enumerate(loaded) if each.problem},
        {place: each.note for place, each in enumerate(loaded) if each.note},
    )


def _joined(items: int, rows: Sequence[tuple[Sequence[int], _Batch]]) -> Encoded:
    problems: dict[int, str] = {}
    notes: dict[int, str] = {}
    for batch, found in rows:
        problems |= {batch[place] + 1: reason for place, reason in found.problems.items()}
        notes |= {batch[place] + 1: note for place, note in found.notes.items()}
    width = max((found.values.shape[1] for _, found in rows), default=0)
    if not width:
        first = next(iter(problems.values()), "there is none")
        raise DataError(f"none of the {items} items has content that can be read: {first}")
    values = np.zeros((items, width), dtype=np.float32)
    present = np.zeros(items, dtype=np.bool_)
    for batch, found in rows:
        if len(found.used):
            places = np.asarray(batch)[found.used]
            values[places] = found.values
            present[places] = True
    if not np.isfinite(values).all():
        raise DataError("the model gives values that are not finite in float16 (beyond 65,504)")
    return Encoded(
        values, present, problems=dict(sorted(problems.items())), notes=dict(sorted(notes.items()))
    )


def _file(work: Path, number: int) -> Path:
    return work / f"{number:06}.safetensors"


def _write(work: Path | None, number: int, batch: Sequence[int], found: _Batch) -> None:
    if work is None:
        return
    facts = {
        "batch": json.dumps(list(batch)),
        "problems": json.dumps(found.problems),
        "notes": json.dumps(found.notes),
        "sha256": hashlib.sha256(found.values.tobytes()).hexdigest(),
    }
    file = _file(work, number)
    partial = file.with_suffix(".partial")
    save_file({"values": found.values, "used": found.used}, partial, metadata=facts)
    partial.replace(file)


def _read(work: Path | None, number: int, batch: Sequence[int]) -> _Batch | None:
    """The batch as an earlier encoding left it; None where there is none, or another or a damaged one."""
    if work is None:
        return None
    try:
        with safe_open(_file(work, number), framework="numpy") as file:
            facts = file.metadata()
            values, used = file.get_tensor("values"), file.get_tensor("used")
            intact = facts["sha256"] == hashlib.sha256(values.tobytes()).hexdigest()
            if not intact or json.loads(facts["batch"]) != list(batch):
                return None
            problems, notes = (
                {int(place): text for place, text in json.loads(facts[name]).items()}
                for name in ("problems", "notes")
            )
    except (OSError, ValueError, KeyError, TypeError, SafetensorError):
        return None
    return _Batch(values, used, problems, notes)
