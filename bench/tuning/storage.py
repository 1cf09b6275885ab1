"""Where studies are kept: a journal in a file, or a database."""

from __future__ import annotations

import importlib.util
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from urllib.parse import quote

from optuna.exceptions import StorageInternalError
from optuna.storages import BaseStorage, JournalStorage, RDBStorage, get_storage
from optuna.storages.journal import JournalFileBackend, JournalFileOpenLock

from bench.errors import DataError, InputError

JOURNAL = "journal.log"
_HIDDEN = "***"


@contextmanager
def open_storage(address: str | None, folder: Path) -> Iterator[BaseStorage]:
    """The storage behind an address, made if need be; its connections end with the context.

    Args:
        address: a database's URL, or a file; None: a file in ``folder``.
        folder: of the suite's search.

    Raises:
        InputError: the address means nothing, or the database's driver is not installed.
        DataError: the database does not answer, now or within the context, or is of another Optuna; or the
            file cannot be used.
    """
    if address is None or "://" not in address:
        yield open_journal(folder / JOURNAL if address is None else Path(address))
        return
    from sqlalchemy.exc import SQLAlchemyError

    database = _database(address)
    storage = get_storage(database)
    try:
        yield storage
    except (StorageInternalError, SQLAlchemyError) as error:
        raise DataError(
            f"{shown(address, folder)} stopped answering: {_reason(error)} (trials that ended are kept; the"
            " same command goes on when it is back)"
        ) from error
    finally:
        with suppress(SQLAlchemyError):
            storage.remove_session()
        database.engine.dispose()


def open_journal(file: Path) -> JournalStorage:
    """The journal in a file, made if need be.

    Raises:
        DataError: the file cannot be used, or is no journal.
    """
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
    if "://" not in address:
        return address
    from sqlalchemy.engine import make_url
    from sqlalchemy.exc import ArgumentError

    try:
        url = make_url(address)
    except (ArgumentError, ValueError):  # nobody knows what in it is a password
        return f"{address.partition('://')[0]}://..."
    secret = {key: _HIDDEN for key in url.query if "password" in key}
    return url.update_query_dict(secret).render_as_string(hide_password=True).replace(quote(_HIDDEN), _HIDDEN)


def _database(url: str) -> RDBStorage:
    from sqlalchemy.exc import (
        ArgumentError,
        IntegrityError,
        NoSuchModuleError,
        ProgrammingError,
        SQLAlchemyError,
    )

    said = shown(url, Path())
    try:
        try:
            return _rdb(url)
        except (IntegrityError, ProgrammingError):  # another process makes the tables at this moment
            time.sleep(1)
            return _rdb(url)
    except ImportError as error:
        raise InputError(
            f"the driver of {said} is not installed",
            file="--storage",
            remedy="pip install 'bench-seqrec[postgres]' has that of PostgreSQL",
        ) from error
    except (ArgumentError, NoSuchModuleError, ValueError) as error:
        raise InputError(
            f"{said!r} is no address of a database",
            file="--storage",
            remedy="write it as in postgresql://user@host/name or sqlite:///search.db",
        ) from error
    except SQLAlchemyError as error:
        raise DataError(f"{said} does not answer: {_reason(error)}") from error
    except RuntimeError as error:  # Optuna compares its version with that of the tables
        raise DataError(
            f"{said} holds tables of another version of Optuna: name another database, or"
            " `optuna storage upgrade` this one"
        ) from error


def _rdb(url: str) -> RDBStorage:
    # Asks whether a connection still holds before it is used: searches last for days.
    return RDBStorage(_with_driver(url), engine_kwargs={"pool_pre_ping": True})


def _reason(error: BaseException) -> str:
    """The first line of what the driver said; Optuna and SQLAlchemy wrap it."""
    while error.__cause__ is not None:
        error = error.__cause__
    return (str(getattr(error, "orig", None) or error).strip().splitlines() or [type(error).__name__])[0]


def _with_driver(url: str) -> str:
    """The address with the driver of PostgreSQL that is here; SQLAlchemy's usual one differs by version."""
    scheme, mark, rest = url.partition("://")
    if scheme not in ("postgresql", "postgres"):
        return url
    driver = next((f"+{name}" for name in ("psycopg", "psycopg2") if importlib.util.find_spec(name)), "")
    return f"postgresql{driver}{mark}{rest}"


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
