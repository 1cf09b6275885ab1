"""What identifies a prepared dataset: the values of its tables and the bytes of its pictures."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from bench.data.parquet import read_batches


def file_hash(file: Path) -> str:
    """SHA-256 of a file's bytes: hex."""
    with file.open("rb") as handle:
        return hashlib.file_digest(handle, "sha256").hexdigest()


def content_hash(tables: Mapping[str, Path], folder: Path) -> str:
    """SHA-256 over the values of the tables, in their order, and the bytes of the pictures: hex.

    It hashes values, each row as a list in JSON, and not the Parquet files themselves: their bytes change
    with the version of the library that wrote them.

    Args:
        tables: Parquet files by name; ``items`` is among them, its ``image`` names pictures.
        folder: of the pictures.
    """
    digest = hashlib.sha256()
    for name, file in tables.items():
        found = pq.read_metadata(file)
        digest.update(f"{name} {found.num_rows} {found.schema.to_arrow_schema().names}\n".encode())
        for lines in json_lines(file):
            digest.update(lines)
    for image in picture_names(tables["items"]):
        picture = (folder / image).read_bytes()
        digest.update(f"{image} {len(picture)}\n".encode() + picture)
    return digest.hexdigest()


def picture_names(items: Path) -> Iterator[str]:
    """The pictures that a file of items names, in its order."""
    for batch in read_batches(items, ["image"]):
        yield from (name for name in batch["image"].to_pylist() if name is not None)


def json_lines(file: Path) -> Iterator[bytes]:
    """Each row of a Parquet file as a list in JSON on a line of its own, many rows at a time."""
    for batch in read_batches(file):
        numbers = all(pa.types.is_integer(column.type) and not column.null_count for column in batch.columns)
        yield _of_numbers(batch) if numbers else _of_anything(batch)


def _of_anything(batch: pa.RecordBatch) -> bytes:
    return "".join(json.dumps(list(row.values())) + "\n" for row in batch.to_pylist()).encode()


def _of_numbers(batch: pa.RecordBatch) -> bytes:
    """The same for whole numbers, ten times faster: interactions are many."""
    joined = pc.binary_join_element_wise(*(column.cast(pa.string()) for column in batch.columns), ", ")
    lines = pc.binary_join_element_wise("[", joined, "]\n", "")
    _, offsets, content = lines.buffers()
    places = np.frombuffer(offsets, dtype=np.int32)
    found: bytes = content.to_pybytes()[places[lines.offset] : places[lines.offset + len(lines)]]
    return found
