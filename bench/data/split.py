"""From raw interactions to numbered users and items and the leave-one-out split, in DuckDB.

Protocol (arXiv 2405.17959, section 4.1, and RecBole 1.2.1): per user in time order, the last item is the test
target, the one before it the validation target, the rest the training part. Equal timestamps keep file
order; repeated purchases stay. Users with fewer than three interactions cannot be split and are left out.

A cut (`bench.suite.settings.CutSettings`) comes first: users and interactions beyond it are as if the source
did not have them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import duckdb
import numpy as np
import pyarrow as pa

from bench.data.sources.base import RawData
from bench.errors import DataError
from bench.suite.settings import CutSettings

FEWEST_INTERACTIONS = 3

# `row` is the place in the file: SQL tables have no order of their own. `first` is where a user first stands.
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
_PART = """
select users."user", items.item
from kept join users on users.id = kept."user" join items on items.id = kept.item
where {condition}
order by users."user", kept.place
"""
_FACTS = """
select
    (select count(*) from interactions) as interactions_read,
    (select count(distinct "user") from interactions) as users_read,
    (select count(distinct item) from interactions) as items_bought,
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
        facts: counts of what was read, what the cut and what too short histories took away, and the rest.
    """

    users: pa.Table
    items: pa.Table
    train: pa.Table
    validation: pa.Table
    test: pa.Table
    facts: dict[str, Any]


def split(raw: RawData, cut: CutSettings | None = None) -> Split:
    """Number users and items and split every user's interactions.

    Args:
        raw: the source's tables.
        cut: the part of them that is used; None is all.

    Raises:
        DataError: no user has three interactions or more.
    """
    database = duckdb.connect(":memory:", config={"threads": 1})
    try:
        database.register("interactions", _with_rows(raw.interactions))
        database.register("described", _with_rows(raw.items))
        limits = CutSettings() if cut is None else cut
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
        facts: dict[str, Any] = database.sql(_FACTS).to_arrow_table().to_pylist()[0]
    finally:
        database.close()
    if not users.num_rows:
        raise DataError(
            f"none of the {facts['users_read'] - facts['users_cut']} users has {FEWEST_INTERACTIONS}"
            " interactions or more, so that nobody can be split into training, validation and test"
        )
    facts["cut"] = {"users": limits.users, "last": limits.last}
    facts["users_dropped"] = facts["users_read"] - facts["users_cut"] - users.num_rows
    facts["interactions_dropped"] = (
        facts["interactions_read"] - facts["interactions_cut"] - facts["interactions"]
    )
    return Split(users=users, items=items, facts=facts, **parts)


def _with_rows(table: pa.Table) -> pa.Table:
    return table.append_column("row", pa.array(np.arange(table.num_rows, dtype=np.int64)))
