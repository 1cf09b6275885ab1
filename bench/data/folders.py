"""Where prepared data live, and how a folder comes to be there whole or not at all."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path

from filelock import FileLock


def build_folder(folder: Path, done: Callable[[], bool], build: Callable[[Path], None]) -> None:
    """Make ``folder`` by ``build``, once, however many processes ask for it at the same time.

    ``build`` fills a partial folder beside it, which is synced and renamed; a process killed in between
    leaves the partial folder, which the next one clears.

    Args:
        folder: the folder to make.
        done: whether ``folder`` is there and complete; asked again once the lock is held.
        build: writes everything into the folder it is given.
    """
    if done():
        return
    folder.parent.mkdir(parents=True, exist_ok=True)
    with FileLock(folder.with_name(folder.name + ".lock")):
        if done():
            return
        partial = folder.with_name(folder.name + ".partial")
        shutil.rmtree(partial, ignore_errors=True)
        partial.mkdir()
        try:
            build(partial)
            _sync(partial)
        except BaseException:
            shutil.rmtree(partial, ignore_errors=True)
            raise
        if folder.exists():
            shutil.rmtree(folder)
        partial.rename(folder)
        _sync_one(folder.parent)


def discard_folder(folder: Path) -> None:
    """Remove a folder of `build_folder`, under its lock."""
    if folder.exists():
        with FileLock(folder.with_name(folder.name + ".lock")):
            shutil.rmtree(folder)


def _sync(folder: Path) -> None:
    for path in sorted(folder.rglob("*")):
        _sync_one(path)
    _sync_one(folder)


def _sync_one(path: Path) -> None:
    if os.name == "nt" and path.is_dir():
        return  # Windows cannot open a directory for syncing
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
