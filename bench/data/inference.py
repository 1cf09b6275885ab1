"""What a folder of the user's holds: a recipe guessed from the names of files and columns, or a refusal.

Nothing is decided between two columns that may both be meant; the user says which (``--column user=buyer``).
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import duckdb

from bench.data.database import open_database, quoted_name
from bench.data.sources.jsonlines import open_bytes
from bench.data.sources.tables import columns_of, table_of
from bench.data.sources.textual import is_text
from bench.errors import InputError
from bench.registry import Modality

_ITEMS = (
    *("item", "itemid", "iid", "asin", "productid"),
    *("movieid", "bookid", "businessid", "articleid", "songid"),
)
# The words by which columns are known: small letters alone; RecBole's types (``:token``) are cut off first.
_WORDS: dict[str, tuple[str, ...]] = {
    "user": ("user", "userid", "uid", "reviewerid", "customerid", "visitorid", "memberid"),
    "item": _ITEMS,
    "timestamp": ("timestamp", "time", "ts", "date", "datetime", "unixreviewtime", "createdat"),
    "id": (*_ITEMS, "id"),
    "title": ("title", "name", "itemname", "movietitle", "productname"),
    "text": ("text", "description", "plot", "overview", "summary", "abstract"),
    "categories": ("categories", "category", "genres", "genre", "class", "tags", "labels"),
    "image": ("image", "imageurl", "imageurls", "imurl", "poster", "picture", "img", "imagepath"),
}
_REQUIRED = ("user", "item", "timestamp")
_CONTENTS: dict[Modality, tuple[str, ...]] = {
    "image": ("image",),
    "text": ("title", "text"),
    "category": ("categories",),
}
_OTHER_TABLES = (".parquet", ".jsonl", ".jsonl.gz")
_SEPARATORS = ("|", ";")  # blanks and commas occur within labels too
_SAMPLE = 1_000

COLUMNS = tuple(_WORDS)


def infer(folder: Path, given: Mapping[str, str], separator: str | None = None) -> dict[str, Any]:
    """The recipe of what lies in ``folder``: source, modalities, options.

    Args:
        folder: of the user's files.
        given: columns that the user names, by what they are.
        separator: what stands between categories; None: it is inferred.

    Raises:
        InputError: there is nothing that is known, or more than one thing may be meant.
    """
    if not folder.is_dir():
        raise InputError("there is no such folder", file=folder)
    files = sorted(file for file in folder.iterdir() if file.is_file() and not file.name.startswith("."))
    return _amazon(files) or _sequences(files) or _tables(folder, files, given, separator)


def _amazon(files: Sequence[Path]) -> dict[str, Any] | None:
    """Reviews and metadata of one of UCSD's layouts, told by the keys of their first lines."""
    kinds: dict[str, list[tuple[str, str]]] = {"reviews": [], "metadata": []}
    for file in files:
        if file.name.removesuffix(".gz").endswith((".json", ".jsonl")):
            with open_bytes(file) as stream:
                first = stream.readline(1 << 20).decode("utf-8", "replace")
            keys = set(re.findall(r"""["'](\w+)["']\s*:""", first))
            for layout, kind, marks in (
                ("2018", "reviews", {"reviewerID", "asin", "unixReviewTime"}),
                ("2023", "reviews", {"user_id", "parent_asin", "timestamp"}),
                ("2018", "metadata", {"asin", "category", "imageURL"}),
                ("2023", "metadata", {"parent_asin", "categories", "images", "main_category"}),
                ("2014", "metadata", {"asin", "categories"}),
            ):
                if marks <= keys:
                    kinds[kind].append((layout, file.name))
                    break
    if not kinds["reviews"] and not kinds["metadata"]:
        return None
    for kind, found in kinds.items():
        if len(found) != 1:
            names = ", ".join(name for _, name in found) or "none"
            raise InputError(
                f"files of Amazon, but {kind} in {names}",
                file=files[0].parent,
                remedy="keep one file of reviews and one of metadata in the folder",
            )
    [(_, reviews)], [(layout, metadata)] = kinds["reviews"], kinds["metadata"]
    options = {"layout": layout, "reviews": reviews, "metadata": metadata}
    return {"source": "amazon", "modalities": ["image", "text", "category"], "options": options}


def _sequences(files: Sequence[Path]) -> dict[str, Any] | None:
    """A text file whose lines are words of different numbers, with attributes in a JSON file."""
    texts = [file for file in files if file.suffix == ".txt" and _looks_like_sequences(file)]
    if len(texts) != 1 or any(_is_table(file) for file in files):
        return None
    attributes = [file for file in files if file.suffix == ".json" and _looks_like_attributes(file)]
    others = [file.name for file in files if file.suffix == ".json" and file not in attributes]
    if others:
        raise InputError(
            f"{others[0]} is no JSON object whose values are lists of attributes",
            file=texts[0].parent,
            remedy='write {"ITEM": ["red", "wool"], ...}, or take it out of the folder',
        )
    if len(attributes) > 1:
        raise InputError(
            f"the attributes may be in {' or '.join(file.name for file in attributes)}",
            file=texts[0].parent,
            remedy="keep one of them in the folder",
        )
    options = {"path": texts[0].name} | ({"attributes": attributes[0].name} if attributes else {})
    return {"source": "sequences", "modalities": ["category"] if attributes else [], "options": options}


def _is_table(file: Path) -> bool:
    return is_text(file) or file.name.lower().endswith(_OTHER_TABLES)


def _looks_like_sequences(file: Path) -> bool:
    with file.open(encoding="utf-8", errors="replace") as stream:
        lines = [line.split() for line, _ in zip(stream, range(_SAMPLE), strict=False)]
    users = [line[0] for line in lines if line]
    return bool(users) and all(len(line) > 1 for line in lines) and len(set(users)) == len(users)


def _looks_like_attributes(file: Path) -> bool:
    try:
        found = json.loads(file.read_text(encoding="utf-8"))
    except (ValueError, UnicodeDecodeError):
        return False
    return isinstance(found, dict) and all(isinstance(value, list) for value in found.values())


def _tables(
    folder: Path, files: Sequence[Path], given: Mapping[str, str], separator: str | None
) -> dict[str, Any]:
    database = open_database(None)
    try:
        columns = {file: columns_of(database, file) for file in files if _is_table(file)}
        interactions = _interactions_file(folder, columns, given)
        options: dict[str, Any] = {"interactions": interactions.name}
        options |= _match(interactions, columns[interactions], _REQUIRED, given, required=_REQUIRED)
        options["unit"] = _unit(database, interactions, options["timestamp"])
        others = {file: names for file, names in columns.items() if file != interactions}
        items = _items_file(folder, others, given)
        unused = [key for key in given if key not in _REQUIRED]
        if items is None and unused:
            raise InputError(
                f"there is no table of items, of which --column {unused[0]}={given[unused[0]]} could be one",
                file=folder,
                remedy="--column id=NAME says which column of a table identifies items",
            )
        if items is None:
            return {"source": "tables", "modalities": [], "options": options}
        keys = tuple(key for key in _WORDS if key not in _REQUIRED)
        found = _match(items, others[items], keys, given, required=("id",))
        _require_same_items(database, interactions, options["item"], items, found["id"])
        if "categories" in found:
            options["separator"] = separator or _separator(database, items, found["categories"])
        modalities = [name for name, parts in _CONTENTS.items() if any(part in found for part in parts)]
        return {
            "source": "tables",
            "modalities": modalities,
            "options": options | {"items": items.name} | found,
        }
    finally:
        database.close()


def _plain(column: str) -> str:
    return re.sub(r"[^a-z]", "", column.partition(":")[0].lower())


def _known(key: str, columns: Sequence[str], given: Mapping[str, str]) -> list[str]:
    if key in given:
        return [column for column in columns if column == given[key]]
    return [column for column in columns if _plain(column) in _WORDS[key]]


def _interactions_file(folder: Path, columns: Mapping[Path, Sequence[str]], given: Mapping[str, str]) -> Path:
    found = [
        file for file, names in columns.items() if all(_known(k, names, given) for k in ("user", "item"))
    ]
    if len(found) == 1:
        return found[0]
    seen = (
        "; ".join(f"{file.name}: {', '.join(names)}" for file, names in columns.items()) or "no table at all"
    )
    what = "no table" if not found else f"{' and '.join(file.name for file in found)}, which both have"
    raise InputError(
        f"{what} {'with ' if not found else ''}a column for the user and one for the item ({seen})",
        file=folder,
        remedy="say which they are: --column user=NAME --column item=NAME"
        if not found
        else "keep one of them in the folder",
    )


def _items_file(folder: Path, columns: Mapping[Path, Sequence[str]], given: Mapping[str, str]) -> Path | None:
    found = [file for file, names in columns.items() if _known("id", names, given)]
    if len(found) > 1:
        raise InputError(
            f"the items may be in {' or '.join(file.name for file in found)}",
            file=folder,
            remedy="keep one of them in the folder",
        )
    return found[0] if found else None


def _match(
    file: Path, columns: Sequence[str], keys: Sequence[str], given: Mapping[str, str], required: Sequence[str]
) -> dict[str, str]:
    """The column of each key that has exactly one."""
    found: dict[str, str] = {}
    for key in keys:
        names = _known(key, columns, given)
        if len(names) > 1:
            # A column of just this name is meant; `id` beside `item_id` is not clear.
            names = [name for name in names if _plain(name) == key] or names
        if len(names) > 1:
            raise InputError(
                f"{' and '.join(names)} may each be the {key}",
                file=file,
                remedy=f"--column {key}=NAME says which",
            )
        if not names and (key in required or key in given):
            raise InputError(
                f"no column is known to be the {key}; there are {', '.join(columns)}",
                file=file,
                remedy=f"--column {key}=NAME says which",
            )
        if names:
            found[key] = names[0]
    return found


def _unit(database: duckdb.DuckDBPyConnection, file: Path, column: str) -> str:
    """The unit of a column of times, by the size of its numbers."""
    quoted = quoted_name(column)
    sample = f"(select {quoted} as t from {table_of(file)} where {quoted} is not null limit {_SAMPLE})"
    row = database.execute(
        f"select count(*), count(try_cast(t as double)), median(try_cast(t as double)),"
        f" count(try_cast(t as timestamptz)) from {sample}"
    ).fetchone()
    assert row is not None
    number, numbers, middle, dates = row
    if numbers == number and number:
        # 1973 to 5138 in each unit: no two overlap.
        for unit, least in (("ns", 1e17), ("us", 1e14), ("ms", 1e11), ("s", 1e8)):
            if middle >= least:
                _require_one_unit(database, file, column, least)
                return unit
    elif dates == number and number:
        return "date"
    example = database.execute(f"select t from {sample}").fetchone()
    seen = (
        "is empty" if example is None else f"holds neither times since 1973 nor dates, as in {example[0]!r}"
    )
    raise InputError(
        f"column {column!r} {seen}",
        file=file,
        remedy="write seconds since 1970, or dates as in 2016-07-31",
    )


def _require_one_unit(database: duckdb.DuckDBPyConnection, file: Path, column: str, least: float) -> None:
    """Refuse a column with times so small that they are in another unit, or none."""
    found = database.execute(
        f"select t from (select {quoted_name(column)} as t from {table_of(file)})"
        f" where try_cast(t as double) < {least} limit 1"
    ).fetchone()
    if found is not None:
        raise InputError(
            f"column {column!r} holds {found[0]!r}, which is no time since 1973 in the unit of most rows",
            file=file,
            remedy="write all times in one unit",
        )


def _separator(database: duckdb.DuckDBPyConnection, file: Path, column: str) -> str:
    """What stands between categories: of the known signs the first that occurs; RecBole's is the blank.

    Raises:
        InputError: it may be the comma.
    """
    if column.endswith(":token_seq"):
        return " "
    rows = database.execute(f"select {quoted_name(column)} from {table_of(file)} limit {_SAMPLE}").fetchall()
    texts = [row[0] for row in rows if isinstance(row[0], str)]
    found = next((sign for sign in _SEPARATORS if any(sign in text for text in texts)), None)
    commas = next((text for text in texts if "," in text), None)
    if found is None and commas is not None:
        raise InputError(
            f"column {column!r} holds {commas!r}: one category or several?",
            file=file,
            remedy="--separator , if commas stand between categories, --separator '|' if they belong to them",
        )
    return found or _SEPARATORS[0]


def _require_same_items(
    database: duckdb.DuckDBPyConnection, interactions: Path, item: str, items: Path, id_: str
) -> None:
    one, other = quoted_name(item), quoted_name(id_)
    row = database.execute(
        f"select count(*) from (select cast({one} as varchar) from {table_of(interactions)}"
        f" intersect select cast({other} as varchar) from {table_of(items)})"
    ).fetchone()
    if row is not None and not row[0]:
        raise InputError(
            f"none of the items in column {id_!r} stands in column {item!r} of {interactions.name}",
            file=items,
            remedy="--column id=NAME says where the identifiers are",
        )
