"""From raw interactions to numbered users and items and the leave-one-out split, in DuckDB.

Protocol (arXiv 2405.17959, section 4.1, and RecBole 1.2.1): per user in time order, the last item is the test
target, the one before it the validation target, the rest the training part. Equal timestamps keep file
order; repeated purchases stay. Users with fewer than three interactions cannot be split and are left out.

Steps and cut (`bench.suite.dataset_settings.CutSettings`) come first: what they leave out is as if the source
did not have it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from bench.data.database import open_database
from bench.data.facts import split_facts
from bench.data.sources.base import PATHS, URL, RawData, RawFiles
from bench.data.steps import Left, apply_steps
from bench.errors import DataError
from bench.suite.dataset_settings import CutSettings
from bench.wording import count

FEWEST_INTERACTIONS = 3

# `row` is the place in the file: SQL tables have no order of their own. `first` is where a user first stands.
_READ = """
create temp table interactions as
select "user", item, "timestamp", "row" from {rows}
"""
_DESCRIBED = """
create temp view described as
select id, title, text, categories, coalesce({paths}, [categories]) as paths, image, {url} as url, "row"
from {rows}
"""
_CUT = """
create temp table cut as
with seen as (select "user", min("row") as first from interactions group by "user"),
chosen as (
    select "user", first from seen
    qualify $users is null or row_number() over (order by first) <= $users
)
select "user", item, "timestamp", "row", first
from interactions join chosen using ("user")
qualify $last is null
    or row_number() over (partition by "user" order by "timestamp" desc, "row" desc) <= $last
"""
_KEPT = """
create temp table kept as
select
    "user", item, "timestamp", "row", first,
    row_number() over (partition by "user" order by "timestamp", "row") as place,
    count(*) over (partition by "user") as total
from cut
qualify total >= $fewest
"""
_USERS = """
create temp table users as
select cast(row_number() over (order by first) - 1 as bigint) as "user", "user" as id
from (select distinct "user", first from kept)
"""
_ITEMS = """
create temp table items as
select
    cast(row_number() over (order by described."row" nulls last, bought.first) as bigint) as item,
    bought.item as id,
    coalesce(title, '') as title,
    coalesce(text, '') as text,
    coalesce(categories, []::varchar[]) as categories,
    image
from (select item, min("row") as first from kept group by item) as bought
left join described on described.id = bought.item
"""
_ADDRESSES = """
select items.item, described.url
from items join described on described.id = items.id
where described.url is not null and items.image is null
order by items.item
"""
_PART = """
select users."user", items.item
from kept join users on users.id = kept."user" join items on items.id = kept.item
where {condition}
order by users."user", kept.place
"""
_FACTS = """
select
    (select count(*) from described) as items_described,
    (select count(*) from interactions) - (select count(*) from cut) as interactions_cut,
    (select count(distinct "user") from interactions) - (select count(distinct "user") from cut) as users_cut,
    (select count(*) from kept) as interactions,
    (select min("timestamp") from kept) as first_timestamp,
    (select max("timestamp") from kept) as last_timestamp,
    (select count(*) from items where id not in (select id from described)) as items_without_metadata
"""


@dataclass(frozen=True)
class Split:
    """The five tables of a prepared dataset (see `bench.data.prepared`), and counts for the audit.

    Attributes:
        users: user (0..U-1, in the order of their first interaction in the file, cut off or not), id.
        items: item (1..n, in the order of the source's item table, then of first interaction), id, title,
            text, categories, image (as the source names it).
        train: user, item; each user's interactions but the last two, by user and time.
        validation: user, item; the last but one.
        test: user, item; the last.
        addresses: item, url; where a picture that the source does not bring can be fetched.
        facts: counts of what was read, what steps, cut and too short histories took away, and the rest.
    """

    users: pa.Table
    items: pa.Table
    train: pa.Table
    validation: pa.Table
    test: pa.Table
    addresses: pa.Table
    facts: dict[str, Any]


def split(raw: RawData | RawFiles, cut: CutSettings | None = None, spill: Path | None = None) -> Split:
    """Number users and items and split every user's interactions.

    Args:
        raw: the source's tables.
        cut: the part of them that is used; None is all.
        spill: a folder for what exceeds the memory; None: nothing may.

    Raises:
        DataError: no user has three interactions or more.
    """
    database = open_database(spill)
    try:
        read_raw(database, raw)
        limits = CutSettings() if cut is None else cut
        left = apply_steps(database, limits.steps)
        database.execute(_CUT, {"users": limits.users, "last": limits.last})
        database.execute(_KEPT, {"fewest": FEWEST_INTERACTIONS})
        for statement in (_USERS, _ITEMS):
            database.execute(statement)
        parts = {
            name: database.sql(_PART.format(condition=condition)).to_arrow_table()
            for name, condition in (
                ("train", "place <= total - 2"),
                ("validation", "place = total - 1"),
                ("test", "place = total"),
            )
        }
        users = database.sql('select * from users order by "user"').to_arrow_table()
        items = database.sql("select * from items order by item").to_arrow_table()
        addresses = database.sql(_ADDRESSES).to_arrow_table()
        facts: dict[str, Any] = database.sql(_FACTS).to_arrow_table().to_pylist()[0] | split_facts(database)
    finally:
        database.close()
    read, filtered = left[0], left[-1]
    if not users.num_rows:
        raise DataError(_nobody(left, facts))
    facts |= {"interactions_read": read.interactions, "users_read": read.users, "items_bought": read.items}
    facts["cut"] = {"users": limits.users, "last": limits.last}
    facts["steps"] = [each.record() for each in left[1:]]
    facts["users_dropped"] = filtered.users - facts["users_cut"] - users.num_rows
    facts["interactions_dropped"] = filtered.interactions - facts["interactions_cut"] - facts["interactions"]
    return Split(users=users, items=items, addresses=addresses, facts=facts, **parts)


def read_raw(database: duckdb.DuckDBPyConnection, raw: RawData | RawFiles) -> None:
    """Make the table ``interactions`` and the view ``described`` of a source's tables."""
    database.execute(_READ.format(rows=_rows(database, "given_interactions", raw.interactions)))
    names = raw.items.column_names if isinstance(raw, RawData) else pq.read_schema(raw.items).names
    extra = {name: name if name in names else "null" for name in (PATHS.name, URL.name)}
    database.execute(_DESCRIBED.format(rows=_rows(database, "given_items", raw.items), **extra))


def _rows(database: duckdb.DuckDBPyConnection, name: str, table: pa.Table | Path) -> str:
    """What to select from: the table with its line numbers as "row"."""
    if isinstance(table, Path):
        database.from_parquet(str(table), file_row_number=True).create_view(name)
        return f'(select *, file_row_number as "row" from {name})'
    database.register(name, table.append_column("row", pa.array(np.arange(table.num_rows, dtype=np.int64))))
    return name


def _nobody(left: Sequence[Left], facts: Mapping[str, Any]) -> str:
    """Why there is no user to split, by the counts after every step."""
    story = "".join(
        f"; {count(each.interactions, 'interaction')} of {count(each.users, 'user')} after `{each.step}`"
        for each in left[1:]
    )
    return (
        f"none of the {left[-1].users - facts['users_cut']} users has {FEWEST_INTERACTIONS} interactions or"
        f" more, so that nobody can be split into training, validation and test (read:"
        f" {count(left[0].interactions, 'interaction')} of {count(left[0].users, 'user')}{story})"
    )
