"""Plain tables: interactions, and if wanted items with pictures beside them, as CSV, Parquet or JSON lines.

Rows keep their order, which decides between equal times. Without a column of times that order is the time.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa

from bench.data.database import open_database, quoted_name, quoted_text
from bench.data.hashing import file_hash
from bench.data.sources.base import INTERACTIONS, ITEMS, URL, Progress, RawData, Source, file_inside
from bench.data.sources.files import Locate, data_file
from bench.data.sources.textual import delimiter, header, is_text, read_rows, require_rows
from bench.errors import DataError, InputError
from bench.suite.dataset_settings import TablesSettings

LATEST = 4_102_444_800  # 2100-01-01
PER_SECOND = {"s": 1, "ms": 1_000, "us": 1_000_000, "ns": 1_000_000_000}

# A number counts from 1970 in the unit; a date is text in ISO 8601, in UTC where it names no zone.
_SECONDS = {
    "date": "cast(floor(epoch(try_cast({time} as timestamptz))) as bigint)",
    **{
        unit: f"cast(floor(try_cast({{time}} as decimal(38, 9)) / {per}) as bigint)"
        for unit, per in PER_SECOND.items()
    },
}
_INTERACTIONS = """
select "user", item, "timestamp" from (
    select
        nullif(cast({user} as varchar), '') as "user",
        nullif(cast({item} as varchar), '') as item,
        case when {seconds} between 0 and {latest} - 1 then {seconds} end as "timestamp"
    from {table}
)
"""


class Tables(Source):
    """Interactions and items in tables of the user's own."""

    def __init__(self, settings: TablesSettings, locate: Locate = data_file) -> None:
        self.settings = settings
        self._locate = locate

    def collect(self, folder: Path, progress: Progress | None = None) -> RawData:
        """Read both tables, and copy the pictures that the items name."""
        settings = self.settings
        files = {name: self._locate(name) for name in settings.files}
        database = open_database(folder / "spill")
        try:
            database.execute("set timezone = 'UTC'")
            interactions = _interactions(database, files[settings.interactions], settings)
            items = pa.Table.from_pylist([], schema=pa.schema([*ITEMS, URL]))
            if settings.items is not None:
                items = _items(database, files[settings.items], settings)
        finally:
            database.close()
        if settings.items is not None and settings.image is not None:
            _copy_pictures(items, files[settings.items].parent, folder, progress)
        hashes = {name: file_hash(file) for name, file in files.items()}
        return RawData(interactions, items, hashes, timed=settings.timestamp is not None)


def table_of(file: Path) -> str:
    """What a query selects from, by the file's name.

    Raises:
        InputError: the name says nothing that is known.
    """
    name = quoted_text(str(file))
    kind = file.name.lower().removesuffix(".gz")
    if is_text(file):
        # Nothing is left to guesses: DuckDB's would skip lines of another width at the top.
        columns = ", ".join(f"{quoted_text(column)}: 'VARCHAR'" for column in header(file))
        return (
            f"read_csv({name}, auto_detect = false, header = true, skip = 0, comment = '', nullstr = '',"
            f" null_padding = false, strict_mode = true, delim = '{delimiter(file)}', quote = '\"',"
            f" escape = '\"', columns = {{{columns}}})"
        )
    if kind.endswith(".parquet"):
        return f"read_parquet({name})"
    if kind.endswith((".jsonl", ".json")):
        return f"read_json({name}, format = 'newline_delimited')"
    raise InputError(
        "it is none of .csv, .tsv, .parquet and .jsonl", file=file, remedy="name it by what it is"
    )


def columns_of(database: duckdb.DuckDBPyConnection, file: Path) -> list[str]:
    """The names of a table's columns.

    Raises:
        InputError: it cannot be read.
    """
    found = _table(database, file, f"select * from {table_of(file)} limit 0")
    return list(found.column_names)


def _interactions(database: duckdb.DuckDBPyConnection, file: Path, settings: TablesSettings) -> pa.Table:
    wanted = {"user": settings.user, "item": settings.item}
    if settings.timestamp is not None:
        wanted["timestamp"] = settings.timestamp
    _require_columns(database, file, wanted)
    time = "" if settings.timestamp is None else quoted_name(settings.timestamp)
    query = _INTERACTIONS.format(
        user=quoted_name(settings.user),
        item=quoted_name(settings.item),
        seconds=_SECONDS[settings.unit].format(time=time) if time else "row_number() over ()",
        latest=LATEST,
        table=table_of(file),
    )
    _require_identifiers(database, file, (settings.user, settings.item))
    found = _table(database, file, query).cast(INTERACTIONS)
    for column in INTERACTIONS.names:
        if found[column].null_count:
            row = found[column].is_null().to_pylist().index(True)
            name = str(getattr(settings, column))
            value = _value(database, file, name, row)
            raise InputError(
                f"column {name!r} holds {value}, {_expected(column, settings.unit)}",
                file=file,
                line=_line(file, row),
            )
    return found


def _require_identifiers(database: duckdb.DuckDBPyConnection, file: Path, columns: Sequence[str]) -> None:
    """Refuse decimal numbers: 7 would become ``7.0``, which is no item's name elsewhere."""
    for column in columns:
        kind = _table(
            database, file, f"select {quoted_name(column)} from {table_of(file)} limit 0"
        ).schema.types[0]
        if pa.types.is_floating(kind) or pa.types.is_decimal(kind):
            raise InputError(
                f"column {column!r} holds decimal numbers ({kind}), not identifiers",
                file=file,
                remedy="write whole numbers or text",
            )


def _expected(column: str, unit: str) -> str:
    if column != "timestamp":
        return "not an identifier"
    if unit == "date":
        return "no date between 1970 and 2100 (2016-07-31 or 2016-07-31T12:30:00)"
    return f"no time between 1970 and 2100 in {unit}"


def _items(database: duckdb.DuckDBPyConnection, file: Path, settings: TablesSettings) -> pa.Table:
    wanted = {
        key: column
        for key in ("id", "title", "text", "categories", "image")
        if (column := getattr(settings, key)) is not None
    }
    _require_columns(database, file, wanted)
    chosen = ", ".join(f"{quoted_name(column)} as {quoted_name(key)}" for key, column in wanted.items())
    rows = _table(database, file, f"select {chosen} from {table_of(file)}").to_pylist()
    line_of: dict[str, int] = {}
    for at, row in enumerate(rows):
        name = _text(row["id"])
        if not name:
            raise InputError(f"column {wanted['id']!r} is empty", file=file, line=_line(file, at))
        first = line_of.setdefault(name, at)
        if first != at:
            before = _line(file, first)
            raise InputError(
                f"item {name!r} is described twice" + (f", first on line {before}" if before else ""),
                file=file,
                line=_line(file, at),
                remedy="keep one of them",
            )
    return pa.Table.from_pylist([_item(row, settings.separator) for row in rows], pa.schema([*ITEMS, URL]))


def _item(row: Mapping[str, Any], separator: str) -> dict[str, Any]:
    image = _text(row.get("image")) or None
    remote = image is not None and image.startswith(("http://", "https://"))
    return {
        "id": _text(row["id"]),
        "title": _text(row.get("title")),
        "text": _text(row.get("text")),
        "categories": list(dict.fromkeys(_labels(row.get("categories"), separator))),
        "image": None if remote else image,
        "url": image if remote else None,
    }


def _text(value: object) -> str:
    return "" if value is None else str(value).strip()


def _labels(value: object, separator: str) -> Iterable[str]:
    parts = value if isinstance(value, list) else _text(value).split(separator)
    return (label for part in parts if (label := _text(part)))


def _copy_pictures(items: pa.Table, source: Path, target: Path, progress: Progress | None) -> None:
    names = [name for name in items["image"].to_pylist() if name is not None]
    for count, name in enumerate(names, start=1):
        file = file_inside(source, name)
        if file is None:
            raise DataError(f"the picture name {name!r} leads out of {source}")
        if file.is_file():
            copy = target / name
            copy.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(file, copy)
        if progress is not None and (count % 100 == 0 or count == len(names)):
            progress("copy pictures", count, len(names))


def _require_columns(database: duckdb.DuckDBPyConnection, file: Path, wanted: Mapping[str, str]) -> None:
    known = columns_of(database, file)
    for key, column in wanted.items():
        if column not in known:
            raise InputError(
                f"there is no column {column!r} for `{key}`",
                file=file,
                line=1,
                remedy=f"it has {', '.join(known)}",
            )


def _table(database: duckdb.DuckDBPyConnection, file: Path, query: str) -> pa.Table:
    try:
        return database.sql(query).to_arrow_table()
    except duckdb.Error as error:
        if is_text(file):
            require_rows(file)
        text = str(error).split("\n")[0]
        raise InputError(f"it cannot be read: {text}", file=file) from error


def _value(database: duckdb.DuckDBPyConnection, file: Path, column: str, row: int) -> str:
    found = database.execute(
        f"select {quoted_name(column)} from {table_of(file)} limit 1 offset {row}"
    ).fetchone()
    return "nothing" if found is None or found[0] in (None, "") else repr(found[0])


def _line(file: Path, row: int) -> int | None:
    """The line of a row (from 0) of a table of text; cells may hold line breaks. None for other tables."""
    if not is_text(file):
        return row + 1 if file.name.lower().removesuffix(".gz").endswith((".jsonl", ".json")) else None
    return next((line for number, (line, _) in enumerate(read_rows(file)) if number == row + 1), None)
