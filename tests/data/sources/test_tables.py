"""Tables of the user's own in every format, and what can be wrong in them."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from pydantic import ValidationError

from bench.data.sources.base import RawData
from bench.data.sources.tables import Tables
from bench.errors import BenchError, DataError, InputError
from bench.suite.dataset_settings import TablesSettings

ROWS = [("u 1", "a,b", 5), ('"v"', "ü\U0001f600", 3), ("u 1", "../c", 5)]
ITEMS: list[dict[str, Any]] = [
    {"key": "../c", "name": "C", "plot": "Long\nstory", "tags": "x|y|x", "pic": "images/c.png"},
    {"key": "a,b", "name": "A", "plot": "", "tags": "", "pic": "https://example.org/a.jpg"},
    {"key": "ü\U0001f600", "name": None, "plot": None, "tags": None, "pic": None},
]
COLUMNS = {"user": "who", "item": "what", "timestamp": "when"}
CONTENTS = {"id": "key", "title": "name", "text": "plot", "categories": "tags", "image": "pic"}


def collect(folder: Path, **options: Any) -> RawData:
    (folder / "work").mkdir()
    settings = TablesSettings.model_validate({"interactions": "log.csv"} | COLUMNS | options)
    return Tables(settings, lambda name: folder / name).collect(folder / "work")


def as_table(rows: list[tuple[Any, ...]], *names: str) -> pa.Table:
    return pa.Table.from_pylist([dict(zip(names, row, strict=True)) for row in rows])


def csv_text(rows: list[tuple[Any, ...]], *names: str) -> str:
    def cell(value: Any) -> str:
        return "" if value is None else '"' + str(value).replace('"', '""') + '"'

    return "\n".join(",".join(map(cell, row)) for row in [names, *rows]) + "\n"


@pytest.mark.parametrize("kind", ["csv", "parquet"])
@pytest.mark.parametrize("items", ["csv", "parquet", "jsonl"])
def test_every_format_gives_the_same(tmp_path: Path, kind: str, items: str) -> None:
    names = tuple(COLUMNS.values())
    log, described = tmp_path / f"log.{kind}", tmp_path / f"things.{items}"
    if kind == "csv":
        log.write_text(csv_text(ROWS, *names), encoding="utf-8")
    else:
        pq.write_table(as_table(ROWS, *names), log)
    if items == "csv":
        described.write_text(csv_text([tuple(i.values()) for i in ITEMS], *ITEMS[0]), encoding="utf-8")
    elif items == "parquet":
        pq.write_table(pa.Table.from_pylist(ITEMS), described)
    else:
        described.write_text("\n".join(map(json.dumps, ITEMS)), encoding="utf-8")
    (tmp_path / "images").mkdir()
    (tmp_path / "images" / "c.png").write_bytes(b"picture")
    raw = collect(tmp_path, interactions=log.name, items=described.name, **CONTENTS)
    assert [tuple(row.values()) for row in raw.interactions.to_pylist()] == ROWS
    assert raw.items.to_pylist() == [
        {"id": "../c", "title": "C", "text": "Long\nstory", "categories": ["x", "y"]}
        | {"image": "images/c.png", "url": None},
        {"id": "a,b", "title": "A", "text": "", "categories": []}
        | {"image": None, "url": "https://example.org/a.jpg"},
        {"id": "ü\U0001f600", "title": "", "text": "", "categories": [], "image": None, "url": None},
    ]
    assert (tmp_path / "work" / "images" / "c.png").read_bytes() == b"picture"
    assert set(raw.files) == {log.name, described.name}


def test_categories_may_be_lists(tmp_path: Path) -> None:
    (tmp_path / "log.csv").write_text("who,what,when\nu,7,1\n", encoding="utf-8")
    (tmp_path / "things.jsonl").write_text('{"key": 7, "tags": ["a|b", " c ", ""]}', encoding="utf-8")
    raw = collect(tmp_path, items="things.jsonl", id="key", categories="tags")
    assert raw.items["categories"].to_pylist() == [["a|b", "c"]]
    assert raw.items["id"].to_pylist() == ["7"]


@pytest.mark.parametrize(
    ("unit", "written", "seconds"),
    [
        ("s", "881250949", 881_250_949),
        ("s", "881250949.75", 881_250_949),
        ("ms", "1588687728923", 1_588_687_728),
        ("us", "1588687728923000", 1_588_687_728),
        ("ns", "1588687728923000123", 1_588_687_728),
        ("date", "2016-07-31", 1_469_923_200),
        ("date", "2016-07-31T12:30:00", 1_469_968_200),
        ("date", "2016-07-31 12:30:00+02:00", 1_469_961_000),
    ],
)
def test_times(tmp_path: Path, unit: str, written: str, seconds: int) -> None:
    (tmp_path / "log.csv").write_text(f"who,what,when\nu,i,{written}\n", encoding="utf-8")
    assert collect(tmp_path, unit=unit).interactions["timestamp"].to_pylist() == [seconds]


def test_without_times_the_order_is_the_time(tmp_path: Path) -> None:
    (tmp_path / "log.csv").write_text("who,what\nu,b\nu,a\n", encoding="utf-8")
    assert collect(tmp_path, timestamp=None).interactions["timestamp"].to_pylist() == [1, 2]


HEAD = 'who,what,when\nu,"a\nb",1\n'


@pytest.mark.parametrize(
    ("row", "unit", "complaint"),
    [
        (",i,1", "s", "column 'who' holds nothing, not an identifier"),
        ("u,,1", "s", "column 'what' holds nothing, not an identifier"),
        ("u,i,", "s", "column 'when' holds nothing, no time between 1970 and 2100 in s"),
        ("u,i,-1", "s", "column 'when' holds '-1', no time"),
        ("u,i,1588687728923", "s", "column 'when' holds '1588687728923', no time"),
        ("u,i,yesterday", "s", "column 'when' holds 'yesterday', no time"),
        ("u,i,yesterday", "date", "column 'when' holds 'yesterday', no date"),
    ],
)
def test_a_wrong_cell_is_named(tmp_path: Path, row: str, unit: str, complaint: str) -> None:
    good = HEAD if unit == "s" else HEAD.replace(",1\n", ",2016-01-01\n")
    (tmp_path / "log.csv").write_text(f"{good}{row}\nu,i,2\n", encoding="utf-8")
    with pytest.raises(InputError, match=complaint) as raised:
        collect(tmp_path, unit=unit)
    assert (raised.value.file, raised.value.line) == (str(tmp_path / "log.csv"), 4)


def test_a_missing_column_is_named(tmp_path: Path) -> None:
    (tmp_path / "log.csv").write_text("who,what,time\nu,i,1\n", encoding="utf-8")
    with pytest.raises(InputError, match=r"no column 'when' for `timestamp` \(it has who, what, time\)"):
        collect(tmp_path)


@pytest.mark.parametrize(
    ("content", "line", "complaint"),
    [
        (b"who,what,when\nu,i\n", 2, "the row has 2 cells, and the header 3"),
        (b"who,what,when\nu,i,1\nv,j,2,5\n", 3, "the row has 4 cells"),
        # Two exports in one file: the first must not be taken for lines to skip.
        (b"who,what,when\n" + b"u,i,1\n" * 20 + b"who,what,when,stars\n" + b"u,i,1,5\n" * 30, 22, "4 cells"),
        (b"who,what,when\nu,i,1\nu,\xff\xfe,1\n", 3, "byte 0xff is not UTF-8"),
        ("who,what,when\nu,i,1\n".encode("utf-16"), 1, "UTF-16"),
        (b'who,what,when\nu,i,1\nu,"i,1\nv,j,2\n', 3, "the row that begins here cannot be read"),
        (b"who,what,when\nu,i,1\r\nv,j,2\n", 2, "ends otherwise"),
        # A cell longer than Python's csv takes by itself is not what is wrong here.
        (b"who,what,when\n" + b"u" * 200_000 + b",i,1\nv,j\n", 3, "the row has 2 cells"),
        (b"who,who,when\nu,i,1\n", 1, "column 'who' stands there twice"),
        (b"", None, "it is empty"),
    ],
)
def test_what_is_no_table_is_said(tmp_path: Path, content: bytes, line: int | None, complaint: str) -> None:
    (tmp_path / "log.csv").write_bytes(content)
    with pytest.raises(InputError, match=complaint) as raised:
        collect(tmp_path)
    assert (raised.value.file, raised.value.line) == (str(tmp_path / "log.csv"), line)


@pytest.mark.parametrize("kind", ["plain", "packed"])
def test_a_packed_table_is_read_and_its_end_missed(tmp_path: Path, kind: str) -> None:
    content = gzip.compress(b"who,what,when\n" + b"u,i,1\n" * 50_000)
    (tmp_path / "log.csv.gz").write_bytes(content if kind == "plain" else content[:-9])
    if kind == "plain":
        assert collect(tmp_path, interactions="log.csv.gz").interactions.num_rows == 50_000
        return
    with pytest.raises(InputError, match="cut off or damaged"):
        collect(tmp_path, interactions="log.csv.gz")


def test_the_index_that_pandas_writes_is_a_column_of_no_importance(tmp_path: Path) -> None:
    (tmp_path / "log.csv").write_text(",who, what,when\n0,u,i,1\n", encoding="utf-8")
    assert collect(tmp_path).interactions.to_pylist() == [{"user": "u", "item": "i", "timestamp": 1}]


def test_decimal_numbers_are_no_identifiers(tmp_path: Path) -> None:
    table = pa.table({"who": [7.0, 7.0], "what": ["i", "j"], "when": [1, 2]})
    pq.write_table(table, tmp_path / "log.parquet")
    with pytest.raises(InputError, match="decimal numbers"):
        collect(tmp_path, interactions="log.parquet")


def test_an_item_described_twice_names_both_lines(tmp_path: Path) -> None:
    (tmp_path / "log.csv").write_text("who,what,when\nu,i,1\n", encoding="utf-8")
    (tmp_path / "things.csv").write_text('key,plot\ni,"a\nb"\nj,x\ni,again\n', encoding="utf-8")
    with pytest.raises(InputError, match="item 'i' is described twice, first on line 2") as raised:
        collect(tmp_path, items="things.csv", id="key")
    assert raised.value.line == 5


def test_a_picture_does_not_leave_the_folder(tmp_path: Path) -> None:
    (tmp_path / "log.csv").write_text("who,what,when\nu,i,1\n", encoding="utf-8")
    (tmp_path / "things.csv").write_text("key,pic\ni,../../etc/passwd\n", encoding="utf-8")
    with pytest.raises(DataError, match="leads out of"):
        collect(tmp_path, items="things.csv", id="key", image="pic")


def test_a_table_of_another_kind_is_refused(tmp_path: Path) -> None:
    (tmp_path / "log.xlsx").write_bytes(b"PK")
    with pytest.raises(BenchError, match=r"none of \.csv, \.tsv, \.parquet and \.jsonl"):
        collect(tmp_path, interactions="log.xlsx")


def test_recboles_atomic_files(tmp_path: Path) -> None:
    (tmp_path / "x.inter").write_text(
        "user_id:token\titem_id:token\ttimestamp:float\nu\ti\t5\n", encoding="utf-8"
    )
    (tmp_path / "x.item").write_text("item_id:token\tclass:token_seq\ni\ta b\n", encoding="utf-8")
    raw = collect(
        tmp_path,
        **{"interactions": "x.inter", "user": "user_id:token", "item": "item_id:token", "items": "x.item"},
        **{"timestamp": "timestamp:float", "id": "item_id:token", "categories": "class:token_seq"},
        separator=" ",
    )
    assert raw.interactions.to_pylist() == [{"user": "u", "item": "i", "timestamp": 5}]
    assert raw.items["categories"].to_pylist() == [["a", "b"]]


def test_items_need_identifiers() -> None:
    with pytest.raises(ValidationError, match="items needs id"):
        TablesSettings.model_validate({"interactions": "a.csv", "items": "b.csv", "id": None})
