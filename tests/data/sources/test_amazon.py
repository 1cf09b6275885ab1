"""The three layouts of Amazon's files, on data made here and on real ones, and what can be wrong in them."""

from __future__ import annotations

import gzip
import html
import json
import re
from collections import Counter
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from bench.data.datasets import prepare_dataset
from bench.data.prepared import load_catalogue
from bench.data.sources.amazon import Amazon, clean
from bench.data.sources.base import RawFiles
from bench.errors import BenchError, InputError
from bench.suite.dataset_settings import AmazonSettings

DAY = 86_400


def pack(file: Path, lines: Iterable[dict[str, Any] | str | bytes]) -> None:
    """Gzip lines: objects as JSON, strings and bytes as they are."""
    with gzip.open(file, "wb") as stream:
        for line in lines:
            text = json.dumps(line) if isinstance(line, dict) else line
            stream.write((text.encode() if isinstance(text, str) else text) + b"\n")


def review(user: str, item: str, time: int) -> dict[str, Any]:
    """A review as in 2014 and 2018."""
    return {
        "overall": 5.0,
        "reviewerID": user,
        "asin": item,
        "style": {"Size:": " 5"},
        "reviewText": 'It said "five\tstars"\\ \U0001f600',
        "unixReviewTime": time,
    }


def product(item: str, **fields: Any) -> dict[str, Any]:
    """A product as in 2018."""
    return {
        "category": ["Shop", "Women"],
        "description": ["Good."],
        "title": f"Title of {item}",
        "asin": item,
        "imageURL": [f"https://example.org/{item}_SR38.jpg"],
        "imageURLHighRes": [f"https://example.org/{item}.jpg"],
    } | fields


def collect(
    folder: Path, layout: str = "2018", **names: str
) -> tuple[RawFiles, list[dict[str, Any]], pa.Table]:
    """What the source makes of ``reviews.json.gz`` and ``meta.json.gz``: raw data, items, interactions."""
    work = folder / "work"
    work.mkdir()
    settings = AmazonSettings.model_validate(
        {"reviews": "reviews.json.gz", "metadata": "meta.json.gz", "layout": layout} | names
    )
    source = Amazon(settings, lambda name: folder / name)
    raw = source.collect(work)
    return (
        raw,
        source.tidy(pq.read_table(raw.items).to_batches()[0]).to_pylist(),
        pq.read_table(raw.interactions),
    )


@pytest.mark.parametrize("times", range(20))
def test_products_stay_in_the_order_of_the_file(tmp_path: Path, times: int) -> None:
    """A join gives rows in the order that its threads please: once in a dozen times it was another one."""
    pack(tmp_path / "reviews.json.gz", [review(f"u{n}", f"B{n % 4}", n) for n in range(20)])
    pack(tmp_path / "meta.json.gz", [product(name) for name in ("B3", "B1", "B9", "B0", "B3")])
    _, items, _ = collect(tmp_path)
    assert [item["id"] for item in items] == ["B3", "B1", "B0"]


def test_reviews_stay_in_the_order_of_the_file(tmp_path: Path) -> None:
    """More than DuckDB reads, and writes, at a time."""
    users = [f"u{n * 7919 % 200_000}" for n in range(200_000)]
    pack(tmp_path / "reviews.json.gz", [review(user, "B", 1) for user in users])
    pack(tmp_path / "meta.json.gz", [product("B")])
    _, _, interactions = collect(tmp_path)
    assert interactions["user"].to_pylist() == users


def test_2018(tmp_path: Path) -> None:
    odd = "A\t\"'/../\U0001f600"
    pack(
        tmp_path / "reviews.json.gz",
        [review("v", "B1", 2 * DAY), review(odd, "B2", DAY), review(odd, "B2", DAY)],
    )
    pack(
        tmp_path / "meta.json.gz",
        [
            product("B0"),
            product("B2", category=["Clothing, Shoes &amp; Jewelry", "Boys", "Boys", ""], imageURLHighRes=[]),
            product("B1", description=["<b>Fun</b> &amp;<br>", "games"], title="var aPageStart = getTime();"),
            product("B2", title="described again"),
        ],
    )
    raw, items, interactions = collect(tmp_path)
    assert interactions.to_pylist() == [  # as in the file, repeated purchases too
        {"user": "v", "item": "B1", "timestamp": 2 * DAY},
        {"user": odd, "item": "B2", "timestamp": DAY},
        {"user": odd, "item": "B2", "timestamp": DAY},
    ]
    assert items == [
        {
            "id": "B2",
            "title": "Title of B2",
            "text": "Good.",
            "categories": ["Clothing, Shoes & Jewelry", "Boys"],
            "image": None,
            "paths": [["Clothing, Shoes & Jewelry", "Boys", "Boys", ""]],
            "url": "https://example.org/B2_SR38.jpg",
        },
        {
            "id": "B1",
            "title": "",
            "text": "Fun & games",
            "categories": ["Shop", "Women"],
            "image": None,
            "paths": [["Shop", "Women"]],
            "url": "https://example.org/B1.jpg",
        },
    ]
    assert list(raw.files) == ["reviews.json.gz", "meta.json.gz"]


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"description": []}, {"text": ""}),
        ({"description": "one string"}, {"text": "one string"}),
        ({"description": None}, {"text": ""}),
        ({"description": ["", "<p> </p>", "&nbsp;"]}, {"text": ""}),
        ({"description": ["1 < 2 and <i>so on"]}, {"text": "1 so on"}),
        ({"description": {"odd": 1}}, {"text": ""}),
        ({"category": []}, {"categories": [], "paths": [[]]}),
        ({"category": None}, {"categories": []}),
        ({"imageURL": [], "imageURLHighRes": []}, {"url": None}),
        ({"imageURL": None, "imageURLHighRes": None}, {"url": None}),
        ({"imageURL": [""], "imageURLHighRes": [""]}, {"url": None}),
        ({"title": None}, {"title": ""}),
        ({"title": " A &quot;B&quot; "}, {"title": 'A "B"'}),
    ],
    ids=str,
)
def test_missing_and_odd_fields(tmp_path: Path, fields: dict[str, Any], expected: dict[str, Any]) -> None:
    pack(tmp_path / "reviews.json.gz", [review("u", "B1", 1)])
    pack(tmp_path / "meta.json.gz", [product("B1", **fields)])
    _, [item], _ = collect(tmp_path)
    assert {key: item[key] for key in expected} == expected


def test_absent_fields(tmp_path: Path) -> None:
    pack(tmp_path / "reviews.json.gz", [review("u", "B1", 1)])
    pack(tmp_path / "meta.json.gz", [{"asin": "B1"}])
    _, [item], _ = collect(tmp_path)
    assert item == {
        "id": "B1",
        "title": "",
        "text": "",
        "categories": [],
        "image": None,
        "paths": [],
        "url": None,
    } | {"paths": item["paths"]}


def test_2014_metadata_are_python_literals(tmp_path: Path) -> None:
    pack(tmp_path / "reviews.json.gz", [review("u", "B1", 1), review("u", "B2", 2)])
    pack(
        tmp_path / "meta.json.gz",
        [
            "{'asin': 'B1', 'title': \"It's\", 'categories': [['Shop', 'Women', 'Shoes'], ['Shop', 'Girls']],"
            " 'imUrl': 'http://example.org/1.jpg', 'description': 'Good \\xe9 &amp; fine', 'price': 9.99}",
            "{'asin': 'B2'}",
        ],
    )
    _, items, _ = collect(tmp_path, "2014")
    assert items[0] == {
        "id": "B1",
        "title": "It's",
        "text": "Good é & fine",
        "categories": ["Shop", "Women", "Shoes", "Girls"],
        "image": None,
        "paths": [["Shop", "Women", "Shoes"], ["Shop", "Girls"]],
        "url": "http://example.org/1.jpg",
    }
    assert (items[1]["title"], items[1]["text"], items[1]["categories"], items[1]["url"]) == (
        "",
        "",
        [],
        None,
    )


def test_2023(tmp_path: Path) -> None:
    def rated(user: str, item: str, time: int) -> dict[str, Any]:
        return {"rating": 5.0, "user_id": user, "asin": "variant", "parent_asin": item, "timestamp": time}

    pack(
        tmp_path / "reviews.json.gz",
        [rated("u", "P1", 1_588_687_728_923), rated("u", "P2", 1_588_687_729_000)],
    )
    pack(
        tmp_path / "meta.json.gz",
        [
            {
                "parent_asin": "P1",
                "title": "A",
                "description": ["one", "two"],
                "categories": ["Games", "PC"],
                "images": [
                    {"large": "http://l1", "hi_res": "http://h1", "variant": "PT01"},
                    {"large": "http://l2", "hi_res": None, "variant": "MAIN"},
                ],
            },
            {"parent_asin": "P2", "title": "B", "description": [], "categories": [], "images": []},
        ],
    )
    _, items, interactions = collect(tmp_path, "2023")
    assert interactions["timestamp"].to_pylist() == [1_588_687_728, 1_588_687_729]
    assert [item["url"] for item in items] == ["http://l2", None]
    assert [item["text"] for item in items] == ["one two", ""]
    assert [item["categories"] for item in items] == [["Games", "PC"], []]


GOOD = [review("u", "B1", 1), review("v", "B1", 2)]


@pytest.mark.parametrize(
    ("line", "complaint"),
    [
        ('{"reviewerID": "A3", asin', "the line is no JSON: "),
        (b'{"reviewerID": "A\xff"}', "byte 18 of the line is no UTF-8"),
        ("[1, 2]", r"the line holds no JSON object: \[1, 2\]"),
        (review("u", "", 1), '`asin` is "", not an identifier'),
        (review("u", "B1", 1) | {"reviewerID": 7}, "`reviewerID` is 7, not an identifier"),
        ({"asin": "B1", "unixReviewTime": 1}, "`reviewerID` is missing, not an identifier"),
        (review("u", "B1", -5), "`unixReviewTime` is -5, which is no time between 1970 and 2100 in seconds"),
        (review("u", "B1", 1_588_687_728_923), "1588687728923, which is no time between"),
        (review("u", "B1", 10**30), "which is no time between"),
        (review("u", "B1", 0) | {"unixReviewTime": 1.5}, r"`unixReviewTime` is 1\.5, not a whole number"),
        (review("u", "B1", 0) | {"unixReviewTime": "1"}, '`unixReviewTime` is "1", not a whole number'),
        (review("u", "B1", 0) | {"unixReviewTime": True}, "`unixReviewTime` is true, not a whole number"),
    ],
    ids=range(12),
)
def test_a_wrong_line_is_named(tmp_path: Path, line: dict[str, Any] | str | bytes, complaint: str) -> None:
    pack(tmp_path / "reviews.json.gz", [*GOOD, "", line, *GOOD])
    pack(tmp_path / "meta.json.gz", [product("B1")])
    with pytest.raises(InputError, match=complaint) as raised:
        collect(tmp_path)
    assert (raised.value.file, raised.value.line) == (str(tmp_path / "reviews.json.gz"), 4)


@pytest.mark.parametrize(
    ("line", "layout", "complaint"),
    [
        ({"title": "nameless"}, "2018", "`asin` is missing"),
        ("{broken", "2018", "the line is no JSON"),
        ("__import__('os').system('true')", "2014", "the line is no Python literal"),
        ("['a list']", "2014", "the line holds no Python dict"),
        ("{'title': 'nameless'}", "2014", "`asin` is missing"),
    ],
)
def test_a_wrong_product_is_named(tmp_path: Path, line: Any, layout: str, complaint: str) -> None:
    pack(tmp_path / "reviews.json.gz", GOOD)
    pack(tmp_path / "meta.json.gz", [{"asin": "B1"}, line])
    with pytest.raises(InputError, match=complaint) as raised:
        collect(tmp_path, layout)
    assert (raised.value.file, raised.value.line) == (str(tmp_path / "meta.json.gz"), 2)


@pytest.mark.parametrize("what", ["cut off", "its end missing", "not gzip"])
def test_a_damaged_gzip_file_is_said(tmp_path: Path, what: str) -> None:
    pack(tmp_path / "reviews.json.gz", [review(f"u{n}", f"B{n * 7919 % 1000}", n) for n in range(5000)])
    pack(tmp_path / "meta.json.gz", [product("B1")])
    file = tmp_path / "reviews.json.gz"
    content = file.read_bytes()
    file.write_bytes(
        {"cut off": content[: len(content) // 2], "its end missing": content[:-8]}.get(what, b"hello\n")
    )
    with pytest.raises(
        InputError, match="it is no gzip file" if what == "not gzip" else "cut off or damaged"
    ):
        collect(tmp_path)


def test_nothing_half_written_is_left(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BENCH_DATA", str(tmp_path))
    pack(tmp_path / "reviews.json.gz", [*GOOD, "{"])
    pack(tmp_path / "meta.json.gz", [product("B1")])
    options = {"reviews": "reviews.json.gz", "metadata": "meta.json.gz", "layout": "2018"}
    with pytest.raises(BenchError):
        prepare_dataset("amazon", "shop", options, tmp_path / "home")
    assert [path.name for path in (tmp_path / "home" / "datasets").iterdir() if path.is_dir()] == []


def test_preparing_twice_gives_the_same_bytes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BENCH_DATA", str(tmp_path))
    pack(tmp_path / "reviews.json.gz", [review(f"u{n % 7}", f"B{n * 31 % 11}", n % 5) for n in range(400)])
    pack(tmp_path / "meta.json.gz", [product(f"B{n}") for n in range(11)])
    options = {"reviews": "reviews.json.gz", "metadata": "meta.json.gz", "layout": 2018}
    folders = [prepare_dataset("amazon", "shop", options, tmp_path / name).folder for name in ("one", "two")]
    files = [{file.name: file.read_bytes() for file in folder.iterdir()} for folder in folders]
    assert files[0] == files[1]
    assert set(files[0]) >= {"dataset.json", "items.parquet", "train.parquet"}


def test_clean_leaves_words() -> None:
    assert clean(" <b>Fun</b> &amp;<br/>games&nbsp;&#39;n&#39; more ") == "Fun & games 'n' more"


@pytest.mark.requires("data")
def test_gift_cards_against_a_count_in_plain_python(
    shared_data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = shared_data / "amazon-2018-gift-cards"
    monkeypatch.setenv("BENCH_DATA", str(folder))
    reviews, metadata = (
        [json.loads(line) for line in gzip.decompress((folder / name).read_bytes()).decode().splitlines()]
        for name in ("Gift_Cards_5.json.gz", "meta_Gift_Cards.json.gz")
    )
    steps: list[dict[str, Any]] = [
        {"period": {"from": "2016-01-01", "to": "2018-01-01"}},
        {"require": ["text", "category"]},
        {"minimum": {"users": 5}},
    ]
    dataset = prepare_dataset(
        "amazon",
        "gift cards",
        {
            "reviews": "Gift_Cards_5.json.gz",
            "metadata": "meta_Gift_Cards.json.gz",
            "layout": "2018",
            "steps": steps,
        },
        tmp_path,
    )
    start, stop = (datetime(year, 1, 1, tzinfo=UTC).timestamp() for year in (2016, 2018))
    products: dict[str, dict[str, Any]] = {}
    for each in metadata:
        products.setdefault(each["asin"], each)
    full = {
        name
        for name, each in products.items()
        if html.unescape(re.sub("<[^>]*>", "", " ".join(each["description"]))).strip() and each["category"]
    }
    dated = [r for r in reviews if start <= r["unixReviewTime"] < stop]
    required = [r for r in dated if r["asin"] in full]
    busy = {user for user, times in Counter(r["reviewerID"] for r in required).items() if times >= 5}
    kept = [r for r in required if r["reviewerID"] in busy]
    assert [(step["interactions"], step["users"], step["items"]) for step in dataset.audit["steps"]] == [
        (len(rows), len({r["reviewerID"] for r in rows}), len({r["asin"] for r in rows}))
        for rows in (dated, required, kept)
    ]
    assert dataset.audit["interactions_read"] == len(reviews) == 2972
    assert (dataset.n_users, dataset.n_interactions) == (len(busy), len(kept))
    catalogue = load_catalogue(dataset)
    for name, title, labels in zip(catalogue.ids, catalogue.titles, catalogue.categories, strict=True):
        assert title == " ".join(html.unescape(products[name]["title"]).split())
        assert list(labels) == list(dict.fromkeys(products[name]["category"]))
