"""Tables as text, row by row: their header, the line of a row, and what is wrong with one."""

from __future__ import annotations

import codecs
import csv
from collections.abc import Iterator
from pathlib import Path

from bench.data.sources.jsonlines import numbered_lines, open_bytes
from bench.errors import InputError

_ENDINGS = (".csv", ".tsv", ".inter", ".item")
_SAVE = "save it as UTF-8"
csv.field_size_limit(1 << 30)  # a long description is no mistake: Python's own limit is 131,072


def is_text(file: Path) -> bool:
    """Whether the name is that of a table as text, packed or not."""
    return file.name.lower().removesuffix(".gz").endswith(_ENDINGS)


def delimiter(file: Path) -> str:
    """The sign that the first line has most of; tabs where the name says so."""
    if not file.name.lower().removesuffix(".gz").endswith(".csv"):
        return "\t"
    with open_bytes(file) as stream:
        head = stream.readline(1 << 20)
    return max(",;\t|", key=lambda sign: head.count(sign.encode()))


def header(file: Path) -> list[str]:
    """The names of the columns, without blanks around them; one without a name is ``column0``, ``column1``...

    Raises:
        InputError: the file is empty, its first row cannot be read, or a name stands there twice.
    """
    cells = next((cells for _, cells in read_rows(file)), None)
    if cells is None:
        raise InputError("it is empty", file=file, remedy="its first line names the columns")
    names = [cell.strip() or f"column{place}" for place, cell in enumerate(cells)]
    for name in names:
        if names.count(name) > 1:
            raise InputError(f"column {name!r} stands there twice", file=file, line=1, remedy="rename one")
    return names


def read_rows(file: Path) -> Iterator[tuple[int, list[str]]]:
    """The cells of every row that is not blank, the header's first, and the line on which each begins.

    Raises:
        InputError: a line is no UTF-8, or a quote is not closed.
    """
    begun = 1
    reader = csv.reader(_lines(file), delimiter=delimiter(file), strict=True)
    try:
        for cells in reader:
            if cells:
                yield begun, cells
            begun = reader.line_num + 1
    except csv.Error as error:
        raise InputError(
            f"the row that begins here cannot be read: {error}", file=file, line=begun,
            remedy='quotes go around a whole cell; within it they are doubled: "a ""b"" c"',
        ) from error  # fmt: skip


def require_rows(file: Path) -> None:
    """Require that every row has as many cells as the header, and that lines end alike.

    Raises:
        InputError: one has not, or cannot be read.
    """
    endings: set[bool] = set()
    for line, content in numbered_lines(file):
        endings.add(content.endswith(b"\r\n"))
        if len(endings) > 1 and content.endswith(b"\n"):
            raise InputError(
                "the line ends otherwise than those before it (LF and CRLF)",
                file=file,
                line=line,
                remedy="save it with one kind of line ends",
            )
    expected: int | None = None
    for line, cells in read_rows(file):
        if expected is None:
            expected = len(cells)
        elif len(cells) != expected:
            raise InputError(
                f"the row has {len(cells)} cells, and the header {expected}",
                file=file,
                line=line,
                remedy="write cells that hold the separator in quotes",
            )


def _lines(file: Path) -> Iterator[str]:
    """The lines of a file of text, with their ends."""
    for number, line in numbered_lines(file):
        if number == 1 and line.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
            raise InputError("it is in UTF-16", file=file, line=1, remedy=_SAVE)
        content = line.removeprefix(codecs.BOM_UTF8) if number == 1 else line
        try:
            yield content.decode("utf-8")
        except UnicodeDecodeError as error:
            raise InputError(
                f"byte {content[error.start]:#04x} is not UTF-8", file=file, line=number, remedy=_SAVE
            ) from error
