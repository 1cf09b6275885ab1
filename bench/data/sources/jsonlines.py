"""Files with a JSON object on each line, plain or gzipped: DuckDB reads them, Python finds a wrong line."""

from __future__ import annotations

import gzip
import json
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO, cast

import duckdb

from bench.data.database import quoted_name, quoted_text
from bench.errors import InputError

# What is wrong with an object, or None; the rules that the query holds too.
Check = Callable[[dict[str, Any]], str | None]


def from_lines(file: Path, columns: list[str]) -> str:
    """What a query selects from: a row per line with these keys as JSON values, NULL where there is none."""
    kinds = ", ".join(f"{quoted_name(column)}: 'json'" for column in columns)
    return f"read_json({quoted_text(str(file))}, format = 'newline_delimited', columns = {{{kinds}}})"


@contextmanager
def explained(file: Path, check: Check) -> Iterator[None]:
    """Turn what DuckDB says of ``file`` into an error that names the line (its own count can be one off).

    Raises:
        InputError: the file is damaged, or a line is no JSON object, no UTF-8, or refused by ``check``.
    """
    try:
        yield
    except duckdb.Error as error:
        find_wrong_line(file, check)
        raise InputError(f"it cannot be read: {error}", file=file) from error


def find_wrong_line(file: Path, check: Check) -> None:
    """Read the file line by line, slowly, up to the first that is wrong.

    Raises:
        InputError: as `explained`.
    """
    for line, content in numbered_lines(file):
        complaint = _complaint(content, check)
        if complaint is not None:
            raise InputError(complaint, file=file, line=line)


def numbered_lines(file: Path) -> Iterator[tuple[int, bytes]]:
    """The lines of a file, unpacked where its name ends in ``.gz``, from 1, with their ends.

    Raises:
        InputError: what is packed is damaged.
    """
    line = 0
    try:
        with open_bytes(file) as stream:
            for line, content in enumerate(stream, start=1):
                yield line, content
    except gzip.BadGzipFile as error:
        raise InputError(f"it is no gzip file: {error}", file=file) from error
    except (EOFError, zlib.error) as error:
        raise InputError(
            f"the gzip file is cut off or damaged after line {line}: {error}",
            file=file,
            remedy="fetch it again",
        ) from error


def open_bytes(file: Path) -> BinaryIO:
    """The file's bytes, unpacked where its name ends in ``.gz``."""
    return cast(BinaryIO, gzip.open(file, "rb")) if file.suffix == ".gz" else file.open("rb")


def _complaint(content: bytes, check: Check) -> str | None:
    if not content.strip():
        return None
    try:
        found = json.loads(content.decode("utf-8"))
    except UnicodeDecodeError as error:
        return f"byte {error.start + 1} of the line is no UTF-8"
    except ValueError as error:
        return f"the line is no JSON: {error}"
    if not isinstance(found, dict):
        return f"the line holds no JSON object: {str(found)[:60]}"
    return check(found)
