"""Parquet files that may exceed the memory: written and read many rows at a time."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

ROWS = 65_536  # of numbers, at a time
TEXTS = 8_192  # rows with texts


def write_batches(file: Path, batches: Iterable[pa.RecordBatch]) -> int:
    """Write at least one batch to a Parquet file; the number of rows."""
    remaining = iter(batches)
    first = next(remaining)
    rows = int(first.num_rows)
    with pq.ParquetWriter(file, first.schema) as writer:
        writer.write_batch(first)
        for batch in remaining:
            writer.write_batch(batch)
            rows += batch.num_rows
    return rows


def read_batches(file: Path, columns: list[str] | None = None) -> Iterator[pa.RecordBatch]:
    """A Parquet file, or some of its columns."""
    with pq.ParquetFile(file) as opened:
        numbers = all(map(pa.types.is_integer, opened.schema_arrow.types))
        yield from opened.iter_batches(batch_size=ROWS if numbers else TEXTS, columns=columns)
