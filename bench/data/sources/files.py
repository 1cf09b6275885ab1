"""Files that the user provides: where they are looked for, and whether they are still the same."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from functools import lru_cache
from pathlib import Path

from bench.data.hashing import file_hash
from bench.data.sources.base import file_inside
from bench.errors import DataError

DATA_FOLDER = "BENCH_DATA"

# From the name of a file in a source's settings to where it lies.
Locate = Callable[[str], Path]


def data_file(name: str) -> Path:
    """The file ``name`` in the folder that $BENCH_DATA names (where it is not set: the current folder).

    Raises:
        DataError: there is no such file, or the name or a link leads out of the folder.
    """
    named = os.environ.get(DATA_FOLDER)
    folder = Path(named).expanduser() if named else Path()
    file = file_inside(folder, name)
    if file is None:
        raise DataError(
            f"{name!r} leads out of the data folder {folder.resolve()}: put the file itself there, or set"
            f" {DATA_FOLDER} to the folder that holds it"
        )
    if not file.is_file():
        why = f"{DATA_FOLDER}={named}" if named else f"the current folder, as {DATA_FOLDER} is not set"
        raise DataError(
            f"there is no file {name!r} in {folder.resolve()} ({why}): set {DATA_FOLDER} to the folder that"
            " holds it"
        )
    return file


def input_hashes(names: Iterable[str]) -> dict[str, str]:
    """SHA-256 of each file in the data folder, by name: hex.

    A file is read again only where its size or one of its times has changed.

    Raises:
        DataError: as `data_file`.
    """
    hashes = {}
    for name in names:
        file = data_file(name)
        state = file.stat()
        hashes[name] = _hashed(file.resolve(), state.st_size, state.st_mtime_ns, state.st_ctime_ns)
    return hashes


@lru_cache(maxsize=256)
def _hashed(file: Path, size: int, modified_ns: int, changed_ns: int) -> str:
    return file_hash(file)
