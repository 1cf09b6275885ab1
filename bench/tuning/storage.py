"""Where studies are kept: a journal in a file, or a database."""

from __future__ import annotations

import os
import re
from pathlib import Path

import optuna
from optuna.storages import BaseStorage, JournalStorage, RDBStorage, get_storage
from optuna.storages.journal import JournalFileBackend, JournalFileOpenLock

from bench.errors import DataError, InputError

JOURNAL = "journal.log"

optuna.logging.set_verbosity(optuna.logging.WARNING)


def open_storage(address: str | None, folder: Path) -> BaseStorage:
    """The storage behind an address, made if need be.

    Args:
        address: a database's URL, or a file; None: a file in ``folder``.
        folder: of the suite's search.

    Raises:
        InputError: the address means nothing, or the database's driver is not installed.
        DataError: the database does not answer, or the file cannot be used.
    """
    if address is not None and "://" in address:
        return _database(address)
    file = folder / JOURNAL if address is None else Path(address)
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        # Made by opening a file that must not exist: that works on shared folders too.
        lock = JournalFileOpenLock(str(file))
        _mend(file, lock)
        return JournalStorage(JournalFileBackend(str(file), lock_obj=lock))
    except OSError as error:
        raise DataError(f"{file} cannot be used as storage: {error.strerror}") from error
    except (ValueError, KeyError) as error:
        raise DataError(f"{file} is no journal of Optuna, or damaged: {error}") from error


def shown(address: str | None, folder: Path) -> str:
    """The address for people: without a password."""
    if address is None:
        return str(folder / JOURNAL)
    return re.sub(r"(://[^/@:]*):[^@]*@", r"\1:***@", address)


def _database(url: str) -> BaseStorage:
    from sqlalchemy.exc import ArgumentError, NoSuchModuleError, SQLAlchemyError

    said = shown(url, Path())
    try:
        # Asks whether a connection still holds before it is used: searches last for days.
        return get_storage(RDBStorage(url, engine_kwargs={"pool_pre_ping": True}))
    except ImportError as error:
        raise InputError(
            f"the driver of {said} is not installed",
            file="--storage",
            remedy="pip install 'bench-seqrec[postgres]' has that of PostgreSQL",
        ) from error
    except (ArgumentError, NoSuchModuleError) as error:
        raise InputError(
            f"{said!r} is no address of a database",
            file="--storage",
            remedy="write it as in postgresql://user@host/name or sqlite:///search.db",
        ) from error
    except SQLAlchemyError as error:
        reason = str(getattr(error, "orig", None) or error).strip().splitlines()[0]
        raise DataError(f"{said} does not answer: {reason}") from error


def _mend(file: Path, lock: JournalFileOpenLock) -> None:
    """Cut off a last line that was not written to its end (the machine stopped, or its disk was full)."""
    if not file.exists():
        return
    lock.acquire()
    try:
        with file.open("rb+") as handle:
            size = handle.seek(0, os.SEEK_END)
            if size == 0:
                return
            handle.seek(size - 1)
            if handle.read(1) == b"\n":
                return
            handle.seek(0)
            handle.truncate(handle.read().rfind(b"\n") + 1)
    finally:
        lock.release()
