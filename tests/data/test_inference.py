"""What a folder holds: inferred where it is clear, refused where it is not."""

from __future__ import annotations

import gzip
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from bench.data.inference import infer
from bench.errors import InputError

LOG = "user_id,item_id,timestamp\n" + "".join(f"u{n % 3},i{n % 4},{1_500_000_000 + n}\n" for n in range(12))


def write(folder: Path, **files: str) -> Path:
    for name, text in files.items():
        (folder / name.replace("__", ".")).write_text(text, encoding="utf-8")
    return folder


def test_a_log_alone(tmp_path: Path) -> None:
    found = infer(write(tmp_path, log__csv=LOG), {})
    assert found == {
        "source": "tables",
        "modalities": [],
        "options": {"interactions": "log.csv", "user": "user_id", "item": "item_id"}
        | {"timestamp": "timestamp", "unit": "s"},
    }


def test_items_with_contents(tmp_path: Path) -> None:
    items = "movieId,title,genres,poster\ni1,A,x;y,images/1.jpg\ni2,B,y,\n"
    found = infer(write(tmp_path, ratings__csv=LOG, movies__csv=items), {})
    assert found["modalities"] == ["image", "text", "category"]
    assert found["options"] | {"items": "movies.csv", "id": "movieId", "title": "title"} == found["options"]
    assert (
        found["options"] | {"categories": "genres", "separator": ";", "image": "poster"} == found["options"]
    )
    assert "text" not in found["options"]


@pytest.mark.parametrize(
    ("times", "unit"),
    [
        (["1500000000", "1500000001"], "s"),
        (["1500000000.5", "1500000001"], "s"),
        (["1500000000000", "1500000001000"], "ms"),
        (["1500000000000000"], "us"),
        (["1500000000000000000"], "ns"),
        (["2016-07-31", "2016-08-01T12:00:00Z"], "date"),
    ],
)
def test_units(tmp_path: Path, times: list[str], unit: str) -> None:
    rows = "".join(f"u,i,{time}\n" for time in times)
    found = infer(write(tmp_path, log__csv=f"user,item,time\n{rows}"), {})
    assert found["options"]["unit"] == unit


def test_parquet_with_typed_columns(tmp_path: Path) -> None:
    table = pa.table(
        {"userId": [1, 2], "movieId": [7, 8], "rating": [5.0, 4.0], "timestamp": [1_500_000_000] * 2}
    )
    pq.write_table(table, tmp_path / "ratings.parquet")
    assert infer(tmp_path, {})["options"]["item"] == "movieId"


def test_recboles_atomic_files(tmp_path: Path) -> None:
    log = LOG.replace(",", "\t").replace(
        "user_id\titem_id\ttimestamp", "user_id:token\titem_id:token\ttimestamp:float"
    )
    items = "item_id:token\tmovie_title:token_seq\tclass:token_seq\ni1\tA film\ta b\n"
    found = infer(write(tmp_path, x__inter=log, x__item=items), {})
    assert found["options"]["categories"] == "class:token_seq"
    assert found["options"]["separator"] == " "
    assert found["options"]["title"] == "movie_title:token_seq"


def test_sequences_with_attributes(tmp_path: Path) -> None:
    found = infer(write(tmp_path, shop__txt="1 5 6 7\n2 6 5\n", attributes__json='{"5": [1]}'), {})
    assert found == {
        "source": "sequences",
        "modalities": ["category"],
        "options": {"path": "shop.txt", "attributes": "attributes.json"},
    }
    (tmp_path / "attributes.json").unlink()
    assert infer(tmp_path, {})["modalities"] == []


AMAZON: dict[str, tuple[str, str]] = {
    "2018": (
        '{"reviewerID": "u", "asin": "i", "unixReviewTime": 1}',
        '{"category": [], "asin": "i", "imageURL": [], "imageURLHighRes": []}',
    ),
    "2014": (
        '{"reviewerID": "u", "asin": "i", "unixReviewTime": 1}',
        "{'asin': 'i', 'categories': [['a']], 'imUrl': 'x'}",
    ),
    "2023": (
        '{"user_id": "u", "asin": "v", "parent_asin": "i", "timestamp": 1}',
        '{"main_category": "a", "parent_asin": "i", "categories": [], "images": []}',
    ),
}


@pytest.mark.parametrize("layout", AMAZON)
def test_amazon(tmp_path: Path, layout: str) -> None:
    for name, line in zip(("Toys.json.gz", "meta_Toys.json.gz"), AMAZON[layout], strict=True):
        (tmp_path / name).write_bytes(gzip.compress(line.encode()))
    found = infer(tmp_path, {})
    assert found["source"] == "amazon"
    assert found["options"] == {"layout": layout, "reviews": "Toys.json.gz", "metadata": "meta_Toys.json.gz"}
    (tmp_path / "meta_Toys.json.gz").unlink()
    with pytest.raises(InputError, match="metadata in none"):
        infer(tmp_path, {})


def test_what_the_user_says_wins(tmp_path: Path) -> None:
    log = LOG.replace("user_id,item_id", "buyer,thing")
    with pytest.raises(
        InputError, match=r"no table with a column for the user.*log\.csv: buyer, thing, timestamp"
    ):
        infer(write(tmp_path, log__csv=log), {})
    found = infer(tmp_path, {"user": "buyer", "item": "thing"})
    assert (found["options"]["user"], found["options"]["item"]) == ("buyer", "thing")


UNSURE: dict[str, tuple[dict[str, str], dict[str, str], str]] = {
    "two logs": ({"a__csv": LOG, "b__csv": LOG}, {}, "a.csv and b.csv, which both have"),
    "nothing": ({"notes__md": "hello"}, {}, "no table at all"),
    "two users": (
        {"a__csv": "userid,uid,item,time\nu,v,i,1500000000\n"},
        {},
        "userid and uid may each be the user",
    ),
    "no time": ({"a__csv": "user,item\nu,i\n"}, {}, "no column is known to be the timestamp"),
    "no such column": ({"a__csv": LOG}, {"timestamp": "when"}, "no column is known to be the timestamp"),
    "odd times": (
        {"a__csv": "user,item,time\nu,i,soon\n"},
        {},
        "neither times since 1973 nor dates, as in 'soon'",
    ),
    "small times": ({"a__csv": "user,item,time\nu,i,17\n"}, {}, "neither times since 1973"),
    "other items": (
        {"a__csv": LOG, "b__csv": "item_id,title\nx,y\n"},
        {},
        "none of the items in column 'item_id'",
    ),
    "two item tables": (
        {"a__csv": LOG, "b__csv": "item_id,title\ni1,y\n", "c__csv": "item_id,genres\ni1,y\n"},
        {},
        "the items may be in b.csv or c.csv",
    ),
}


@pytest.mark.parametrize(("files", "given", "complaint"), UNSURE.values(), ids=UNSURE.keys())
def test_what_is_not_clear_is_refused(
    tmp_path: Path, files: dict[str, str], given: dict[str, str], complaint: str
) -> None:
    with pytest.raises(InputError, match=complaint):
        infer(write(tmp_path, **files), given)


def test_a_folder_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="there is no such folder"):
        infer(tmp_path / "nowhere", {})


@pytest.mark.requires("data")
@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("ml-100k-multimodal", {"source": "tables", "modalities": ["image", "text", "category"]}),
        ("amazon-2014-beauty", {"source": "sequences", "modalities": ["category"]}),
        ("amazon-2018-gift-cards", {"source": "amazon", "modalities": ["image", "text", "category"]}),
    ],
)
def test_real_folders(shared_data: Path, name: str, expected: dict[str, Any]) -> None:
    found = infer(shared_data / name, {})
    assert found | expected == found


def test_times_of_several_units_are_refused(tmp_path: Path) -> None:
    rows = "".join(f"u,i,{1_500_000_000_000 + n}\n" for n in range(40)) + "u,i,1500000000\n"
    with pytest.raises(InputError, match="'1500000000', which is no time since 1973 in the unit of most"):
        infer(write(tmp_path, log__csv=f"user,item,time\n{rows}"), {})


def test_commas_in_categories_may_mean_two_things(tmp_path: Path) -> None:
    folder = write(tmp_path, log__csv=LOG, items__csv='item_id,genres\ni1,"Action,Comedy"\ni2,Drama\n')
    with pytest.raises(InputError, match="one category or several"):
        infer(folder, {})
    assert infer(folder, {}, separator=",")["options"]["separator"] == ","


def test_a_column_of_items_needs_a_table_of_items(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no table of items"):
        infer(write(tmp_path, log__csv=LOG), {"title": "nonsense"})


def test_attributes_that_are_none_are_not_passed_over(tmp_path: Path) -> None:
    (tmp_path / "s.txt").write_text("u a b c d\nv a b d\n", encoding="utf-8")
    (tmp_path / "a.json").write_text('{"a": ["x"], "b": "y"}', encoding="utf-8")
    with pytest.raises(InputError, match=r"a\.json is no JSON object whose values are lists"):
        infer(tmp_path, {})


@pytest.mark.parametrize("name", ["LOG.CSV", "log.csv.gz"])
def test_tables_by_other_names(tmp_path: Path, name: str) -> None:
    content = LOG.encode()
    (tmp_path / name).write_bytes(gzip.compress(content) if name.endswith(".gz") else content)
    assert infer(tmp_path, {})["options"]["interactions"] == name
