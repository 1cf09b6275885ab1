"""From raw interactions to numbered users and items and their split, in DuckDB.

Protocol (arXiv 2405.17959, section 4.1, and RecBole 1.2.1): per user in time order, the last item is the test
target, the one before it the validation target, the rest the training part. Equal timestamps keep file
order; repeated purchases stay. Users with fewer than three interactions cannot be split and are left out.

A split in time (`bench.suite.dataset_settings.TemporalSplit`) has two moments for all users: what came before
the first is the training part, a user's first interaction between them the validation target, and the first
from the second on the test target; later ones are left out. A user without a training part is left out, one
without a target trains only.

Steps and cut (`bench.suite.dataset_settings.CutSettings`) come first: what they leave out is as if the source
did not have it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from bench.data.database import open_database
from bench.data.facts import split_facts
from bench.data.parquet import ROWS, TEXTS
from bench.data.sources.base import PATHS, URL, RawData, RawFiles
from bench.data.steps import Left, apply_steps
from bench.errors import DataError
from bench.suite.dataset_settings import CutSettings, TemporalSplit
from bench.wording import count

FEWEST_INTERACTIONS = 3
_MOMENTS = ("validation", "test")

# `row` is the place in the file: SQL tables have no order of their own. `first` is where a user first stands.
# Identifiers become numbers at once: grouping and joining long texts takes several times longer.
_CODES = """
create temp table {column}_ids as
select cast(row_number() over () as integer) as {column}, id
from (select distinct "{column}" as id from {rows})
"""
_READ = """
create temp table interactions as
select user_ids."user", item_ids.item, "timestamp", "row"
from {rows} as given join user_ids on user_ids.id = given."user" join item_ids on item_ids.id = given.item
"""
_DESCRIBED = """
create temp view described as
select
    item, given.id, title, text, categories, coalesce({paths}, [categories]) as paths, image,
    {url} as url, "row"
from {rows} as given left join item_ids on item_ids.id = given.id
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
select *,
    case when place = total then 'test' when place = total - 1 then 'validation' else 'train' end as part,
    part <> 'train' as target, 1 as rivals
from (
    select
        "user", item, "timestamp", "row", first,
        row_number() over (partition by "user" order by "timestamp", "row") as place,
        count(*) over (partition by "user") as total
    from cut
)
where total >= $fewest
"""
_KEPT_IN_TIME = """
create temp table kept as
select *, part <> 'train' and nth = 1 as target
from (
    select *,
        row_number() over (partition by "user", part order by place) as nth,
        count(*) over (partition by "user", part, "timestamp") as rivals,
        count(*) filter (part = 'train') over (partition by "user") as trained
    from (
        select
            "user", item, "timestamp", "row", first,
            row_number() over (partition by "user" order by "timestamp", "row") as place,
            case when "timestamp" < $validation then 'train' when "timestamp" < $test then 'validation'
                else 'test' end as part
        from cut
    )
)
where trained > 0 and (part <> 'test' or nth = 1)
"""
_USERS = """
create temp table users as
select cast(row_number() over (order by first) - 1 as bigint) as "user", id, "user" as code
from (select distinct "user", first from kept) join user_ids using ("user")
"""
_ITEMS = """
create temp table items as
select
    cast(row_number() over (order by described."row" nulls last, bought.first) as bigint) as item,
    item_ids.id,
    coalesce(title, '') as title,
    coalesce(text, '') as text,
    coalesce(categories, []::varchar[]) as categories,
    coalesce(described.paths, []::varchar[][]) as paths,
    image,
    bought.item as code,
    url,
    described."row" is not null as described
from (select item, min("row") as first from kept group by item) as bought
join item_ids using (item)
left join described using (item)
"""
_CATALOGUE = """
select item, id, title, text, categories, image{paths}, case when image is null then url end as url
from items order by item
"""
_NAMES = 'select "user", id from users order by "user"'
_SHARED_IMAGES = """
select image, count(*) from items where image is not null group by image having count(*) > 1
"""
_PART = """
select users."user", items.item
from kept join users on users.code = kept."user" join items on items.code = kept.item
where kept.part = '{part}'
order by users."user", kept.place
"""
_FACTS = """
select
    (select count(*) from users) as users,
    (select count(*) from items) as items,
    (select count(*) from described) as items_described,
    (select count(*) from interactions) - (select count(*) from cut) as interactions_cut,
    (select count(distinct "user") from interactions) - (select count(distinct "user") from cut) as users_cut,
    (select count(*) from kept) as interactions,
    (select count(*) from kept where part = 'validation' and target) as validation_targets,
    (select count(*) from kept where part = 'test') as test_targets,
    (select min("timestamp") from kept) as first_timestamp,
    (select max("timestamp") from kept) as last_timestamp,
    (select count(*) from items where not described) as items_without_metadata
"""


class Split:
    """The tables of a prepared dataset (see `bench.data.prepared`), still in the database; to be closed.

    * ``users``: user (0..U-1, in the order of their first interaction in the file, cut off or not), id.
    * ``items``: item (1..n, in the order of the source's item table, then of first interaction), id, title,
      text, categories, image (as the source names it), paths if the source knows them, and url, where a
      picture that the source does not bring can be fetched.
    * ``train``: user, item; each user's interactions but the last two, by user and time.
    * ``validation``: user, item; the last but one. Of a split in time, all between the two moments: a user's
      first is the target, and all are history at the test.
    * ``test``: user, item; the last. Of a split in time, the first from the second moment on.

    Attributes:
        facts: counts of what was read, what steps, cut and too short histories took away, and the rest.
        shared_images: the names of pictures that several items have, and how many.
    """

    def __init__(
        self,
        database: duckdb.DuckDBPyConnection,
        queries: Mapping[str, str],
        facts: Mapping[str, Any],
    ) -> None:
        self.facts = facts
        self.shared_images: dict[str, int] = dict(database.sql(_SHARED_IMAGES).fetchall())
        self._database, self._queries = database, queries

    def __enter__(self) -> Split:
        return self

    def __exit__(self, *_: object) -> None:
        self._database.close()

    def batches(self, name: str) -> Iterator[pa.RecordBatch]:
        """A table, many rows at a time, one batch even where it has none; one table after another."""
        reader = self._database.sql(self._queries[name]).to_arrow_reader(TEXTS if name == "items" else ROWS)
        yield next(reader, pa.RecordBatch.from_pylist([], schema=reader.schema))
        yield from reader

    def read(self, name: str) -> pa.Table:
        """A table as a whole."""
        return pa.Table.from_batches(self.batches(name))


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
        facts = _split(database, raw, CutSettings() if cut is None else cut)
        paths = ", paths" if PATHS.name in _columns(raw.items) else ""
        parts = {name: _PART.format(part=name) for name in ("train", "validation", "test")}
        return Split(database, {"users": _NAMES, "items": _CATALOGUE.format(paths=paths), **parts}, facts)
    except BaseException:
        database.close()
        raise


def _split(
    database: duckdb.DuckDBPyConnection, raw: RawData | RawFiles, limits: CutSettings
) -> dict[str, Any]:
    """Make the tables ``kept``, ``users`` and ``items``; the facts."""
    if limits.split is not None and not raw.timed:
        raise DataError("the data have no times, so that there is no split in time; leave `split` out")
    read_raw(database, raw)
    left = apply_steps(database, limits.steps)
    database.execute(_CUT, {"users": limits.users, "last": limits.last})
    if limits.split is None:
        database.execute(_KEPT, {"fewest": FEWEST_INTERACTIONS})
    else:
        database.execute(_KEPT_IN_TIME, dict(zip(_MOMENTS, limits.split.bounds, strict=True)))
    for statement in (_USERS, _ITEMS):
        database.execute(statement)
    facts: dict[str, Any] = database.sql(_FACTS).to_arrow_table().to_pylist()[0] | split_facts(database)
    read, filtered = left[0], left[-1]
    if limits.split is not None:
        _require_targets(limits.split, facts)
    elif not facts["users"]:
        raise DataError(_nobody(left, facts))
    facts |= {
        "timed": raw.timed,
        "interactions_read": read.interactions,
        "users_read": read.users,
        "items_bought": read.items,
    }
    moments = None if limits.split is None else limits.split.model_dump(mode="json")
    facts["cut"] = {"users": limits.users, "last": limits.last, "split": moments}
    facts["steps"] = [each.record() for each in left[1:]]
    facts["users_dropped"] = filtered.users - facts["users_cut"] - facts["users"]
    facts["interactions_dropped"] = filtered.interactions - facts["interactions_cut"] - facts["interactions"]
    return facts


def _require_targets(moments: TemporalSplit, facts: Mapping[str, Any]) -> None:
    for name in _MOMENTS:
        if not facts[f"{name}_targets"]:
            left = "nothing is left"
            if facts["interactions"]:
                days = (_day(facts[f"{end}_timestamp"]) for end in ("first", "last"))
                left = f"what is left lasts from {' to '.join(days)}"
            raise DataError(
                f"the split in time at {moments.validation} and {moments.test} leaves no {name} target: no"
                f" user with interactions before the first has one then; {left}"
            )


def _day(seconds: int) -> str:
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%d}"


def read_raw(database: duckdb.DuckDBPyConnection, raw: RawData | RawFiles) -> None:
    """Make the tables and the view that steps and split work on of a source's tables.

    ``interactions`` (user, item, timestamp, row) has numbers for users and items, in no order that means
    anything; ``user_ids`` and ``item_ids`` say whose they are. ``described`` has the number where the item
    occurs in an interaction.
    """
    rows = _rows(database, "given_interactions", raw.interactions)
    for column in ("user", "item"):
        database.execute(_CODES.format(column=column, rows=rows))
    database.execute(_READ.format(rows=rows))
    names = _columns(raw.items)
    extra = {name: name if name in names else "null" for name in (PATHS.name, URL.name)}
    database.execute(_DESCRIBED.format(rows=_rows(database, "given_items", raw.items), **extra))


def _columns(items: pa.Table | Path) -> list[str]:
    names: list[str] = pq.read_schema(items).names if isinstance(items, Path) else items.column_names
    return names


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
