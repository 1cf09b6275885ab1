"""The declared filters of a dataset (`bench.suite.steps`), in DuckDB, with counts after each."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import duckdb
import numpy as np
import pyarrow as pa

from bench.suite.steps import Counts, Level, Period, Step

_ROWS = 1_000_000  # at a time

# What a modality means for the source's item table. A picture is a file, or an address to fetch it from.
_HAS = {
    "image": "(image is not null or url is not null)",
    "text": "trim(text) <> ''",
    "category": "len(categories) > 0",
}


@dataclass(frozen=True)
class Left:
    """What a step leaves: numbers of interactions, and of the users and items that occur in them."""

    step: str
    interactions: int
    users: int
    items: int

    def record(self) -> dict[str, Any]:
        """Plain values for JSON."""
        return asdict(self)


def apply_steps(database: duckdb.DuckDBPyConnection, steps: Sequence[Step]) -> list[Left]:
    """Reduce the table ``interactions`` by each step in turn.

    Args:
        database: with the table ``interactions`` (user, item, timestamp, row) and the table or view
            ``described`` (item, text, categories, paths, image, url); users and items are numbers.
        steps: in order.

    Returns:
        what was read, and what each step left.
    """
    found = [_count(database, "read")]
    for step in steps:
        _STEPS[step.kind](database, getattr(step, step.kind))
        found.append(_count(database, step.words))
    return found


def _keep(database: duckdb.DuckDBPyConnection, query: str, values: dict[str, Any] | None = None) -> None:
    """Let ``interactions`` be what ``query`` selects of it."""
    database.execute(f"create temp table kept_interactions as {query}", values or {})
    database.execute("drop table interactions")
    database.execute("alter table kept_interactions rename to interactions")


def _count(database: duckdb.DuckDBPyConnection, step: str) -> Left:
    (counts,) = database.sql(
        'select count(*), count(distinct "user"), count(distinct item) from interactions'
    ).fetchall()
    return Left(step, *counts)


def _period(database: duckdb.DuckDBPyConnection, period: Period) -> None:
    start, stop = period.bounds
    _keep(
        database,
        'select * from interactions where ($start is null or "timestamp" >= $start)'
        ' and ($stop is null or "timestamp" < $stop)',
        {"start": start, "stop": stop},
    )


def _require(database: duckdb.DuckDBPyConnection, modalities: Sequence[str]) -> None:
    conditions = " and ".join(_HAS[modality] for modality in modalities)
    _keep(
        database,
        f"select * from interactions where item in (select item from described where {conditions})",
    )


def _category(database: duckdb.DuckDBPyConnection, level: Level) -> None:
    _keep(
        database,
        "select * from interactions where item in (select item from described"
        " where list_has_any(list_transform(paths, lambda path: path[$level]), $any))",
        {"level": level.level, "any": list(level.any)},
    )


def _minimum(database: duckdb.DuckDBPyConnection, counts: Counts) -> None:
    # Groups and their members, not windows, which would sort everything.
    conditions = [
        f'"{column}" in (select "{column}" from interactions group by "{column}"'
        f" having count(*) >= {int(least)})"
        for column, least in (("user", counts.users), ("item", counts.items))
        if least is not None
    ]
    _keep(database, f"select * from interactions where {' and '.join(conditions)}")


def _core(database: duckdb.DuckDBPyConnection, counts: Counts) -> None:
    # A dozen passes are usual, so they count in arrays of all users and items, a part of the rows at a time.
    fewest = {"user": counts.users or 0, "item": counts.items or 0}
    kept = {column: np.ones(_numbers(database, column), dtype=bool) for column in fewest}
    left, before = sum(map(np.sum, kept.values())), -1
    while left != before:
        found = {column: np.zeros(len(kept[column]), dtype=np.int64) for column in fewest}
        for batch in database.sql('select "user", item from interactions').to_arrow_reader(_ROWS):
            codes = {column: batch[column].to_numpy() for column in fewest}
            alive = kept["user"][codes["user"]] & kept["item"][codes["item"]]
            for column in fewest:
                np.add.at(found[column], codes[column][alive], 1)
        kept = {column: kept[column] & (found[column] >= least) for column, least in fewest.items()}
        left, before = sum(map(np.sum, kept.values())), left
    for column in fewest:
        database.register(f"core_{column}s", pa.table({column: np.flatnonzero(kept[column])}))
    _keep(
        database,
        'select * from interactions where "user" in (select "user" from core_users)'
        " and item in (select item from core_items)",
    )


def _numbers(database: duckdb.DuckDBPyConnection, column: str) -> int:
    """One more than the largest number of a user or item."""
    ((largest,),) = database.sql(f'select max("{column}") from interactions').fetchall()
    return 0 if largest is None else int(largest) + 1


def _duplicates(database: duckdb.DuckDBPyConnection, kept: str) -> None:
    same = '"user", item' + (', "timestamp"' if kept == "same-time" else "")
    order = '"timestamp" desc, "row" desc' if kept == "last" else '"timestamp", "row"'
    _keep(
        database,
        'select "user", item, "timestamp", "row" from interactions'
        f" qualify row_number() over (partition by {same} order by {order}) = 1",
    )


_STEPS: dict[str, Callable[[duckdb.DuckDBPyConnection, Any], None]] = {
    "period": _period,
    "require": _require,
    "category": _category,
    "minimum": _minimum,
    "core": _core,
    "duplicates": _duplicates,
}
