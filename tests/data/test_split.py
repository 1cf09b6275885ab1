"""The leave-one-out split against cases worked by hand and a brute force in plain Python."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bench.data.sources.base import INTERACTIONS, ITEMS, RawData
from bench.data.split import Split, split
from bench.errors import DataError
from bench.suite.dataset_settings import CutSettings

Row = tuple[str, str, int]


def raw(rows: Iterable[Row], described: Iterable[str] = ()) -> RawData:
    interactions = [dict(zip(INTERACTIONS.names, row, strict=True)) for row in rows]
    items: list[dict[str, object]] = [
        {"id": name, "title": name.upper(), "text": "", "categories": [], "image": None} for name in described
    ]
    return RawData(
        pa.Table.from_pylist(interactions, schema=INTERACTIONS), pa.Table.from_pylist(items, schema=ITEMS)
    )


def named(parts: Split, table: pa.Table) -> dict[str, list[str]]:
    """The items of ``table`` per user, by the source's identifiers."""
    users, items = parts.read("users")["id"].to_pylist(), parts.read("items")["id"].to_pylist()
    found: dict[str, list[str]] = defaultdict(list)
    for user, item in zip(table["user"].to_pylist(), table["item"].to_pylist(), strict=True):
        found[users[user]].append(items[item - 1])
    return dict(found)


def test_the_last_is_the_test_target_and_the_one_before_it_validation() -> None:
    parts = split(raw([("u", "d", 4), ("u", "a", 1), ("u", "c", 3), ("u", "b", 2)]))
    assert named(parts, parts.read("train")) == {"u": ["a", "b"]}
    assert named(parts, parts.read("validation")) == {"u": ["c"]}
    assert named(parts, parts.read("test")) == {"u": ["d"]}


def test_equal_timestamps_keep_file_order() -> None:
    parts = split(raw([("u", "z", 5), ("u", "m", 5), ("u", "a", 5), ("u", "k", 5), ("u", "first", 1)]))
    assert named(parts, parts.read("train")) == {"u": ["first", "z", "m"]}
    assert named(parts, parts.read("validation")) == {"u": ["a"]}
    assert named(parts, parts.read("test")) == {"u": ["k"]}


def test_a_user_with_three_interactions_is_kept_and_one_with_two_is_counted_out() -> None:
    rows = [("two", "x", 1), ("three", "a", 1), ("two", "y", 2), ("three", "b", 2), ("three", "c", 3)]
    parts = split(raw(rows, described="abcxy"))
    assert parts.read("users")["id"].to_pylist() == ["three"]
    assert named(parts, parts.read("train")) == {"three": ["a"]}
    # x and y occur with a dropped user only.
    assert parts.read("items")["id"].to_pylist() == ["a", "b", "c"]
    assert (parts.facts["users_dropped"], parts.facts["interactions_dropped"]) == (1, 2)
    assert parts.facts["interactions"] - 3 * parts.read("users").num_rows == 0


def test_repeated_purchases_stay() -> None:
    parts = split(raw([("u", "a", 1), ("u", "a", 2), ("u", "a", 3), ("u", "a", 4)]))
    assert named(parts, parts.read("train")) == {"u": ["a", "a"]}
    assert named(parts, parts.read("test")) == {"u": ["a"]}
    assert parts.read("items").num_rows == 1


def test_an_item_that_occurs_only_as_a_test_target_is_in_the_catalogue() -> None:
    parts = split(
        raw([("u", "a", 1), ("u", "b", 2), ("u", "only-test", 3)], described=["only-test", "a", "b"])
    )
    assert parts.read("items")["id"].to_pylist() == ["only-test", "a", "b"]
    assert parts.read("test").to_pylist() == [{"user": 0, "item": 1}]


def test_items_are_numbered_as_described_then_as_bought_and_the_undescribed_are_empty() -> None:
    rows = [("u", "new", 1), ("u", "b", 2), ("u", "newer", 3), ("u", "a", 4)]
    parts = split(raw(rows, described=["b", "never-bought", "a"]))
    assert parts.read("items").select(["item", "id", "title"]).to_pylist() == [
        {"item": 1, "id": "b", "title": "B"},
        {"item": 2, "id": "a", "title": "A"},
        {"item": 3, "id": "new", "title": ""},
        {"item": 4, "id": "newer", "title": ""},
    ]
    assert parts.read("items")["categories"].to_pylist() == [[], [], [], []]
    assert parts.facts["items_without_metadata"] == 2


def test_without_a_user_of_three_interactions_there_is_no_dataset() -> None:
    with pytest.raises(DataError, match="none of the 2 users"):
        split(raw([("u", "a", 1), ("v", "b", 2), ("v", "c", 3)]))


def test_a_missing_value_and_an_item_described_twice_are_refused() -> None:
    with pytest.raises(DataError, match="lack 1 users"):
        RawData(
            pa.table({"user": [None], "item": ["a"], "timestamp": [1]}, schema=INTERACTIONS),
            pa.Table.from_pylist([], schema=ITEMS),
        )
    with pytest.raises(DataError, match="'a' 2 times"):
        raw([], described=["a", "b", "a"])


rows_strategy = st.lists(
    st.tuples(st.sampled_from(["u", "v", "w", "é|1"]), st.sampled_from("abcde"), st.integers(0, 4)),
    max_size=30,
)


@settings(max_examples=20, deadline=None)
@given(rows=rows_strategy, described=st.lists(st.sampled_from("edcbaxyz"), unique=True))
def test_the_split_equals_a_brute_force(rows: list[Row], described: list[str]) -> None:
    histories: dict[str, list[tuple[int, str]]] = {}
    for user, item, time in rows:
        histories.setdefault(user, []).append((time, item))
    kept = {
        user: [item for _, item in sorted(bought, key=lambda purchase: purchase[0])]  # sorted() is stable
        for user, bought in histories.items()
        if len(bought) >= 3
    }
    if not kept:
        with pytest.raises(DataError):
            split(raw(rows, described))
        return
    parts = split(raw(rows, described))
    assert parts.read("users")["id"].to_pylist() == list(kept)
    assert parts.read("users")["user"].to_pylist() == list(range(len(kept)))
    assert named(parts, parts.read("train")) == {user: items[:-2] for user, items in kept.items()}
    assert named(parts, parts.read("validation")) == {user: [items[-2]] for user, items in kept.items()}
    assert named(parts, parts.read("test")) == {user: [items[-1]] for user, items in kept.items()}
    assert parts.read("items")["item"].to_pylist() == list(range(1, parts.read("items").num_rows + 1))
    bought_items = {item for items in kept.values() for item in items}
    names = parts.read("items")["id"].to_pylist()
    assert set(names) == bought_items
    assert names[: len(bought_items & set(described))] == [name for name in described if name in bought_items]
    # N - 3U training targets: every item of a training part but its first.
    targets = sum(len(items) - 1 for items in named(parts, parts.read("train")).values())
    assert targets == parts.facts["interactions"] - 3 * len(kept)


SHOP = [
    *(("u", "a", 1), ("v", "p", 1), ("v", "q", 2), ("u", "d", 4), ("u", "c", 4)),
    *(("w", "a", 1), ("u", "b", 2), ("w", "b", 2), ("w", "c", 3), ("w", "e", 9), ("v", "a", 3)),
]


def test_the_last_interactions_of_each_user_are_cut_out_before_the_split() -> None:
    parts = split(raw(SHOP, described="abcdefpq"), CutSettings(last=3))
    # u in time order: a b d c (d and c at the same time, in file order); w: a b c e; v keeps its three.
    assert named(parts, parts.read("train")) == {"u": ["b"], "v": ["p"], "w": ["b"]}
    assert named(parts, parts.read("validation")) == {"u": ["d"], "v": ["q"], "w": ["c"]}
    assert named(parts, parts.read("test")) == {"u": ["c"], "v": ["a"], "w": ["e"]}
    assert parts.read("users")["id"].to_pylist() == ["u", "v", "w"]
    assert parts.facts["cut"] == {"users": None, "last": 3, "split": None}
    assert (parts.facts["users_cut"], parts.facts["interactions_cut"]) == (0, 2)
    assert (parts.facts["interactions_read"], parts.facts["interactions"]) == (11, 9)


def test_an_item_that_loses_all_its_interactions_leaves_the_catalogue() -> None:
    rows = [("u", "old", 1), ("u", "a", 2), ("u", "b", 3), ("u", "c", 4)]
    assert split(raw(rows, described=["old"])).read("items")["id"].to_pylist() == ["old", "a", "b", "c"]
    assert split(raw(rows, described=["old"]), CutSettings(last=3)).read("items")["id"].to_pylist() == [
        "a",
        "b",
        "c",
    ]


def test_the_first_users_of_the_file_stay() -> None:
    parts = split(raw(SHOP), CutSettings(users=2))
    assert named(parts, parts.read("test")) == {"u": ["c"], "v": ["a"]}
    # u stands first in the file though v's third interaction is older than what comes after it.
    assert parts.read("users")["id"].to_pylist() == ["u", "v"]
    assert parts.facts["cut"] == {"users": 2, "last": None, "split": None}
    assert (parts.facts["users_cut"], parts.facts["interactions_cut"]) == (1, 4)
    assert (parts.facts["users_dropped"], parts.facts["interactions_dropped"]) == (0, 0)
    assert parts.facts["users_read"] == 3


def test_users_are_counted_before_the_short_ones_are_left_out() -> None:
    rows = [("short", "a", 1), *(("u", item, place) for place, item in enumerate("abc"))]
    assert split(raw(rows), CutSettings(users=2)).facts["users_dropped"] == 1
    with pytest.raises(DataError, match="none of the 1 users"):
        split(raw(rows), CutSettings(users=1))


def test_cutting_off_a_users_first_interactions_does_not_renumber_users() -> None:
    rows = [("u", "a", 1), *(("v", item, 1) for item in "abc"), *(("u", item, 2) for item in "abc")]
    assert split(raw(rows), CutSettings(last=3)).read("users")["id"].to_pylist() == ["u", "v"]


@settings(max_examples=25, deadline=None)
@given(
    rows=rows_strategy,
    users=st.none() | st.integers(1, 5),
    last=st.none() | st.integers(3, 6),
    described=st.lists(st.sampled_from("edcbaxyz"), unique=True),
)
def test_a_cut_is_the_split_of_what_it_leaves(
    rows: list[Row], users: int | None, last: int | None, described: list[str]
) -> None:
    chosen = list(dict.fromkeys(user for user, _, _ in rows))[:users]
    kept: list[tuple[int, Row]] = []
    for user in chosen:
        of_user = [(k, row) for k, row in enumerate(rows) if row[0] == user]
        of_user.sort(key=lambda each: each[1][2])  # by time; sort() is stable
        kept += of_user if last is None else of_user[-last:]
    cut = CutSettings(users=users, last=last)
    left = [row for _, row in sorted(kept)]
    if not any(sum(row[0] == user for row in left) >= 3 for user in chosen):
        with pytest.raises(DataError):
            split(raw(rows, described), cut)
        return
    found, expected = split(raw(rows, described), cut), split(raw(left, described))
    for name in ("train", "validation", "test"):
        assert named(found, found.read(name)) == named(expected, expected.read(name))
    assert found.read("items").equals(expected.read("items"))
    long_enough = set(expected.read("users")["id"].to_pylist())
    assert found.read("users")["id"].to_pylist() == [user for user in chosen if user in long_enough]
    assert found.facts["interactions"] == expected.facts["interactions"]
    assert found.facts["users_cut"] == len({row[0] for row in rows}) - len(chosen)
    assert found.facts["interactions_cut"] == len(rows) - len(left)
    assert found.facts["users_dropped"] == expected.facts["users_dropped"]
