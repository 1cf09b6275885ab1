"""The declared filters against plain Python, and by hand."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from bench.data.sources.base import INTERACTIONS, ITEMS, PATHS, URL, RawData
from bench.data.split import Split, split
from bench.errors import DataError
from bench.suite.dataset_settings import CutSettings
from bench.suite.steps import Step

Row = tuple[str, str, int]

SHOP: dict[str, dict[str, Any]] = {
    "a": {"text": "words", "url": "http://a", "paths": [["Shop", "Women", "Shoes"]]},
    "b": {"text": " ", "image": "b.png", "paths": [["Shop", "Girls"], ["Shop", "Women"]]},
    "c": {"text": "more", "paths": [["Shop", "Boys"]]},
    "d": {"text": "words", "url": "http://d", "paths": []},
}


def raw(rows: Iterable[Row]) -> RawData:
    interactions = [dict(zip(INTERACTIONS.names, row, strict=True)) for row in rows]
    items = [
        {"id": name, "title": name, "categories": sorted({label for path in item["paths"] for label in path})}
        | {"text": "", "image": None, "url": None}
        | item
        for name, item in SHOP.items()
    ]
    schema = pa.schema([*ITEMS, PATHS, URL])
    return RawData(
        pa.Table.from_pylist(interactions, schema=INTERACTIONS), pa.Table.from_pylist(items, schema=schema)
    )


def steps(*written: dict[str, Any]) -> CutSettings:
    return CutSettings.model_validate({"steps": list(written)})


def left(parts: Split) -> Counter[tuple[str, str]]:
    """How often each user has each item, over all three parts."""
    users, items = parts.read("users")["id"].to_pylist(), parts.read("items")["id"].to_pylist()
    return Counter(
        (users[row["user"]], items[row["item"] - 1])
        for table in map(parts.read, ("train", "validation", "test"))
        for row in table.to_pylist()
    )


def counted(rows: list[Row], users: int | None, items: int | None) -> list[Row]:
    per_user, per_item = Counter(u for u, _, _ in rows), Counter(i for _, i, _ in rows)
    return [r for r in rows if per_user[r[0]] >= (users or 0) and per_item[r[1]] >= (items or 0)]


def core(rows: list[Row], users: int | None, items: int | None) -> list[Row]:
    while (fewer := counted(rows, users, items)) != rows:
        rows = fewer
    return rows


def deduplicated(rows: list[Row], kind: str) -> list[Row]:
    order = sorted(range(len(rows)), key=lambda n: (rows[n][2], n), reverse=kind == "last")
    kept: dict[Any, int] = {}
    for n in order:
        user, item, time = rows[n]
        kept.setdefault((user, item, time if kind == "same-time" else None), n)
    return [rows[n] for n in sorted(kept.values())]


CASES: dict[str, tuple[dict[str, Any], Callable[[list[Row]], list[Row]]]] = {
    "from": ({"period": {"from": "1970-01-02"}}, lambda rows: [r for r in rows if r[2] >= 86_400]),
    "to": ({"period": {"to": "1970-01-02"}}, lambda rows: [r for r in rows if r[2] < 86_400]),
    "image": ({"require": ["image"]}, lambda rows: [r for r in rows if r[1] in "abd"]),
    "text": ({"require": ["text"]}, lambda rows: [r for r in rows if r[1] in "acd"]),
    "all": (
        {"require": ["image", "text", "category"]},
        lambda rows: [r for r in rows if r[1] == "a"],
    ),
    "one level": (
        {"category": {"level": 2, "any": ["Women"]}},
        lambda rows: [r for r in rows if r[1] in "ab"],
    ),
    "two of it": (
        {"category": {"level": 2, "any": ["Boys", "Girls"]}},
        lambda rows: [r for r in rows if r[1] in "bc"],
    ),
    "another level": (
        {"category": {"level": 3, "any": ["Women", "Shoes"]}},
        lambda rows: [r for r in rows if r[1] == "a"],
    ),
    "users": ({"minimum": {"users": 4}}, lambda rows: counted(rows, 4, None)),
    "items": ({"minimum": {"items": 3}}, lambda rows: counted(rows, None, 3)),
    "both": ({"minimum": {"users": 3, "items": 3}}, lambda rows: counted(rows, 3, 3)),
    "core": ({"core": {"users": 3, "items": 3}}, lambda rows: core(rows, 3, 3)),
    "core of users": ({"core": {"users": 4}}, lambda rows: core(rows, 4, None)),
    "first": ({"duplicates": "first"}, lambda rows: deduplicated(rows, "first")),
    "last": ({"duplicates": "last"}, lambda rows: deduplicated(rows, "last")),
    "same time": ({"duplicates": "same-time"}, lambda rows: deduplicated(rows, "same-time")),
}

LOGS = st.lists(
    st.tuples(
        st.sampled_from("uvwx"), st.sampled_from("abcd?"), st.sampled_from([0, 86_399, 86_400, 90_000])
    ),
    min_size=1,
    max_size=30,
)


def expected(rows: list[Row]) -> Counter[tuple[str, str]]:
    per_user = Counter(user for user, _, _ in rows)
    return Counter((user, item) for user, item, _ in rows if per_user[user] >= 3)


@pytest.mark.parametrize(("step", "brute_force"), CASES.values(), ids=CASES.keys())
@settings(max_examples=12, deadline=None)
@given(rows=LOGS)
def test_a_step_is_what_plain_python_makes_of_it(
    step: dict[str, Any], brute_force: Callable[[list[Row]], list[Row]], rows: list[Row]
) -> None:
    wanted = expected(brute_force(rows))
    if not wanted:
        with pytest.raises(DataError, match=f"after `{next(iter(step))}"):
            split(raw(rows), steps(step))
        return
    assert left(split(raw(rows), steps(step))) == wanted


def test_the_first_of_a_user_is_not_the_last() -> None:
    rows = [("u", "a", 1), ("u", "b", 2), ("u", "c", 3), ("u", "a", 4)]
    for kind, order in (("first", ["a", "b", "c"]), ("last", ["b", "c", "a"])):
        parts = split(raw(rows), steps({"duplicates": kind}))
        names = parts.read("items")["id"].to_pylist()
        found = [names[t["item"][0].as_py() - 1] for t in map(parts.read, ("train", "validation", "test"))]
        assert found == order


def test_the_order_of_steps_decides_and_every_count_is_kept() -> None:
    rows = [("u", item, time) for time, item in enumerate("aaab")] + [
        ("v", "a", 9),
        ("v", "c", 9),
        ("v", "a", 10),
    ]
    text_first = split(raw(rows), steps({"require": ["text"]}, {"minimum": {"users": 3}}))
    users_first = split(raw(rows), steps({"minimum": {"users": 4}}, {"require": ["text"]}))
    assert [tuple(step.values()) for step in text_first.facts["steps"]] == [
        ("require: [text]", 6, 2, 2),
        ("minimum: {users: 3}", 6, 2, 2),
    ]
    assert [tuple(step.values()) for step in users_first.facts["steps"]] == [
        ("minimum: {users: 4}", 4, 1, 2),
        ("require: [text]", 3, 1, 1),
    ]
    assert (text_first.facts["interactions_read"], text_first.facts["users_read"]) == (7, 2)


def test_steps_come_before_the_cut() -> None:
    rows = [("u", "b", 1), *(("v", "a", time) for time in range(5))]
    parts = split(
        raw(rows), CutSettings.model_validate({"steps": [{"require": ["text"]}], "users": 1, "last": 4})
    )
    assert left(parts) == Counter({("v", "a"): 4})


def test_pictures_to_fetch_are_those_of_the_catalogue() -> None:
    parts = split(raw([("u", item, time) for time, item in enumerate("abc")]))
    assert parts.read("items").select(["id", "url"]).to_pylist() == [
        {"id": "a", "url": "http://a"},
        {"id": "b", "url": None},
        {"id": "c", "url": None},
    ]


def test_days_are_utc() -> None:
    (step,) = steps({"period": {"from": "2016-01-01", "to": "2018-01-01"}}).steps
    assert step.period is not None
    assert step.period.bounds == tuple(
        int(datetime(year, 1, 1, tzinfo=UTC).timestamp()) for year in (2016, 2018)
    )


@pytest.mark.parametrize(
    ("step", "complaint"),
    [
        ({}, "exactly one of period, require, .*, not none"),
        ({"minimum": {"users": 5}, "core": {"users": 5}}, "not minimum, core"),
        ({"minimum": {}}, "needs `users`, `items` or both"),
        ({"minimum": {"users": 0}}, "greater than or equal to 1"),
        ({"period": {"from": "2018-01-01", "to": "2016-01-01"}}, "is empty"),
        ({"period": {"from": "never"}}, "valid date"),
        ({"period": {}}, "needs `from`, `to` or both"),
        ({"require": ["sound"]}, "'image', 'text' or 'category'"),
        ({"category": {"level": 0, "any": ["Women"]}}, "greater than or equal to 1"),
        ({"duplicates": "none"}, "'first', 'last' or 'same-time'"),
        ({"minumum": {"users": 5}}, "Extra inputs"),
    ],
)
def test_a_wrong_step_is_refused(step: dict[str, Any], complaint: str) -> None:
    with pytest.raises(ValidationError, match=complaint):
        Step.model_validate(step)


def test_steps_are_written_as_they_are_read() -> None:
    written: list[dict[str, Any]] = [
        {"period": {"from": "2016-01-01", "to": None}},
        {"require": ["image", "text"]},
        {"category": {"level": 2, "any": ["Boys", "Girls"]}},
        {"core": {"users": 5, "items": None}},
    ]
    found = steps(*written)
    assert [step.words for step in found.steps] == [
        "period: {from: 2016-01-01}",
        "require: [image, text]",
        "category: {level: 2, any: [Boys, Girls]}",
        "core: {users: 5}",
    ]
    assert CutSettings.model_validate(found.model_dump(mode="json")) == found
    assert "steps" not in CutSettings().model_dump()
