"""What a split dataset is like, for its audit: lengths, popularity, repeats, ties in time, leaks.

Computed once, when the dataset is prepared, because times and the targets of all three parts are at hand
there and nowhere else. Nothing here reaches training.
"""

from __future__ import annotations

from typing import Any

import duckdb
import numpy as np
import numpy.typing as npt

QUANTILES = (0.0, 0.25, 0.5, 0.75, 0.9, 0.99, 1.0)
_RECALL_AT = 10

# `place` counts a user's interactions from 1; `part` is train, validation or test; `target` says what is one,
# and `rivals` how many interactions of the user and the part had the same time.
_REPEATS = """
with seen as (
    select *, min(place) over (partition by "user", item) as earliest from kept
)
select
    count(*) filter (place > earliest) as repeated_interactions,
    count(*) filter (part = 'test' and place > earliest) as repeated_test_targets
from seen
"""
# Where LastItem ranks the test target: 1 + the distinct items that occur after its last place in the history.
_LAST_ITEM = """
with newest as (
    select "user", item, max(place) as place from kept where part <> 'test' group by "user", item
),
target as (
    select kept."user", newest.place
    from kept join newest using ("user", item)
    where kept.part = 'test'
)
select count(*) from (
    select target."user"
    from target left join newest on newest."user" = target."user" and newest.place > target.place
    group by target."user"
    having count(newest.place) < {k}
)
"""
_TIES = """
with moments as (
    select *, count(*) over (partition by "user", "timestamp") as together,
        row_number() over (partition by "user", "timestamp", item order by "row") as copy
    from kept
),
ends as (
    select
        "user",
        max("timestamp") filter (part = 'test') as test,
        max("timestamp") filter (part = 'validation') as held,
        min("timestamp") filter (part = 'validation') as validation,
        max("timestamp") filter (part = 'train') as train
    from kept group by "user"
)
select
    (select count(*) from moments where together > 1) as interactions_with_a_time_shared,
    (select count(*) from moments where copy > 1) as duplicate_interactions,
    (
        select count(*) from ends
        where test = held or validation = train
            or "user" in (select "user" from kept where target and rivals > 1)
    ) as users_split_within_a_moment
"""
_UNTRAINED = """
with trained as (select distinct item from kept where part = 'train')
select
    count(*) filter (part = 'test') as untrained_test_targets,
    count(*) filter (part = 'validation') as untrained_validation_targets
from kept where target and item not in (select item from trained)
"""
_TITLES = """
select coalesce(sum(times), 0) from (
    select count(*) as times
    from items where trim(title) <> '' group by lower(trim(title)) having count(*) > 1
)
"""


def split_facts(database: duckdb.DuckDBPyConnection) -> dict[str, Any]:
    """Facts of the tables ``kept`` (user, item, timestamp, row, place, part, target, rivals) and ``items``.

    Returns:
        counts; ``lengths`` of users' histories and ``popularity`` of items by quantile; ``popularity_gini``,
        0 where all items are bought as often; ``last_item_recall_at_10`` of the user's own history, newest
        first; ``later_training_share``, the mean over users of the share of all training interactions that
        happened after the user's test target.
    """
    lengths = _column(database, 'select count(*) from kept group by "user"')
    popularity = _column(database, "select count(*) from kept group by item")
    (targets,) = _column(database, "select count(*) from kept where part = 'test'")
    return {
        **_row(database, _REPEATS),
        **_row(database, _TIES),
        **_row(database, _UNTRAINED),
        "items_with_a_title_shared": int(_column(database, _TITLES)[0]),
        "last_item_recall_at_10": float(
            _column(database, _LAST_ITEM.format(k=_RECALL_AT))[0] / max(targets, 1)
        ),
        "later_training_share": _later(database),
        "lengths": quantiles(lengths),
        "popularity": quantiles(popularity),
        "popularity_gini": gini(popularity),
    }


def quantiles(counts: npt.NDArray[np.int64]) -> dict[str, float]:
    """Quantiles and the mean of counts, by name."""
    if not len(counts):
        return {}
    found = {
        f"{q:g}": float(value) for q, value in zip(QUANTILES, np.quantile(counts, QUANTILES), strict=True)
    }
    return found | {"mean": float(counts.mean())}


def gini(counts: npt.NDArray[np.int64]) -> float:
    """Gini coefficient: 0 where all are equal, towards 1 where one has everything."""
    ordered = np.sort(counts)
    if not ordered.sum():
        return 0.0
    places = np.arange(1, len(ordered) + 1)
    return float((2 * places - len(ordered) - 1) @ ordered / (len(ordered) * ordered.sum()))


def _later(database: duckdb.DuckDBPyConnection) -> float:
    train = np.sort(_column(database, "select timestamp from kept where part = 'train'"))
    test = _column(database, "select timestamp from kept where part = 'test'")
    if not len(train) or not len(test):
        return 0.0
    return float(1 - np.searchsorted(train, test, side="right").mean() / len(train))


def _column(database: duckdb.DuckDBPyConnection, query: str) -> npt.NDArray[np.int64]:
    (values,) = database.sql(query).fetchnumpy().values()
    return np.asarray(values, dtype=np.int64)


def _row(database: duckdb.DuckDBPyConnection, query: str) -> dict[str, Any]:
    found: dict[str, Any] = database.sql(query).to_arrow_table().to_pylist()[0]
    return found
