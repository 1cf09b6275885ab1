"""The content hash: the same bytes as plain JSON, however large the table, and sensitive to every value."""

from __future__ import annotations

import hashlib
import json
import tempfile
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.data import parquet
from bench.data.hashing import content_hash, json_lines

NUMBERS = st.lists(st.tuples(st.integers(-(2**63), 2**63 - 1), st.integers(0, 9)), max_size=20)


def written(table: pa.Table, folder: Path, name: str = "table") -> Path:
    file = folder / f"{name}.parquet"
    pq.write_table(table, file)
    return file


def plain(rows: list[tuple[Any, ...]]) -> bytes:
    return b"".join(json.dumps(list(row)).encode() + b"\n" for row in rows)


@given(rows=NUMBERS, batch=st.integers(1, 7), chunks=st.integers(1, 3))
def test_numbers_are_written_as_json_writes_them(
    rows: list[tuple[int, int]], batch: int, chunks: int
) -> None:
    schema = pa.schema([("user", pa.int64()), ("item", pa.int64())])
    whole = pa.Table.from_pylist([{"user": a, "item": b} for a, b in rows], schema=schema)
    table = pa.concat_tables([whole.slice(k, 5) for k in range(0, max(len(rows), 1), 5)])
    with pytest.MonkeyPatch.context() as patch, tempfile.TemporaryDirectory() as folder:
        patch.setattr(parquet, "ROWS", batch)
        assert b"".join(json_lines(written(table, Path(folder)))) == plain(rows)


def test_texts_lists_and_nothing_are_written_as_json_writes_them(tmp_path: Path) -> None:
    rows = [("é\n\"'", ["a", "b"], None, 1), ("", [], "x", 2)]
    names = ("title", "categories", "image", "item")
    table = pa.Table.from_pylist([dict(zip(names, row, strict=True)) for row in rows])
    assert b"".join(json_lines(written(table, tmp_path))) == plain(rows)


def test_the_hash_is_that_of_header_rows_and_pictures(tmp_path: Path) -> None:
    (tmp_path / "1.png").write_bytes(b"picture")
    items = pa.table({"item": [1, 2], "image": ["1.png", None]})
    train = pa.table({"user": [0, 0], "item": [2, 1]})
    by_hand = (
        b"items 2 ['item', 'image']\n" + b'[1, "1.png"]\n[2, null]\n'
        b"train 2 ['user', 'item']\n" + b"[0, 2]\n[0, 1]\n" + b"1.png 7\npicture"
    )
    files = {"items": written(items, tmp_path, "items"), "train": written(train, tmp_path, "train")}
    assert content_hash(files, tmp_path) == hashlib.sha256(by_hand).hexdigest()
