"""The metrics of a run: as recorded, or from its ranks where a later suite asks for others.

Metrics are no part of the fingerprint, so a suite may reuse a run that was made with other ones.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path
from typing import get_args

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from bench.errors import DataError
from bench.evaluation.metrics import FloatArray, IntArray, Metric, summarise
from bench.results.records import RunRecord, Split, UnreadableError, run_folder

RANKS = "ranks.parquet"

_SPLITS: tuple[Split, ...] = get_args(Split)
_PLACES = ("better", "ties")
_TARGETS = ("user", "item")

# Another version of numpy may add up in another order.
_TOLERANCE = 1e-9


def test_metrics(results: Path, record: RunRecord, names: Sequence[str]) -> dict[str, float]:
    """The named metrics on the test targets, means over users.

    Raises:
        DataError: a metric was not recorded and the ranks cannot be read.
    """
    recorded = record.metrics.get("test", {})
    missing = tuple(name for name in names if name not in recorded)
    computed = _computed(read_ranks(results, record.fingerprint)["test"], record, missing) if missing else {}
    return {name: recorded[name] if name in recorded else computed[name] for name in names}


def user_metrics(results: Path, record: RunRecord, names: Sequence[str]) -> dict[str, FloatArray]:
    """The named metrics of every user on the test targets, each [users], in the order of the users.

    Raises:
        DataError: the ranks cannot be read.
    """
    better, ties = _places(read_ranks(results, record.fingerprint)["test"])
    return {name: Metric.parse(name).per_user(better, ties, _ties(record)) for name in names}


def test_targets(results: Path, record: RunRecord) -> tuple[IntArray, IntArray]:
    """User and item of every test target, each [users], in the order of `user_metrics`.

    Raises:
        DataError: the ranks cannot be read.
    """
    ranks = read_ranks(results, record.fingerprint, _TARGETS)["test"]
    users, items = (ranks[name].to_numpy().astype(np.int64) for name in _TARGETS)
    return users, items


def disagreements(results: Path, record: RunRecord) -> list[tuple[Split, str, float, float]]:
    """The recorded metrics that the ranks do not give: split, metric, recorded value, value of the ranks.

    Raises:
        DataError: the ranks cannot be read.
    """
    ranks = read_ranks(results, record.fingerprint)
    return [
        (split, name, recorded[name], value)
        for split, recorded in record.metrics.items()
        for name, value in _computed(ranks[split], record, tuple(recorded)).items()
        if not math.isclose(recorded[name], value, rel_tol=_TOLERANCE, abs_tol=_TOLERANCE)
    ]


def read_ranks(results: Path, fingerprint: str, columns: Sequence[str] = _PLACES) -> dict[Split, pa.Table]:
    """Better items and ties per user, or other ``columns`` [users], of the validation and the test targets.

    Raises:
        UnreadableError: the system does not give the file.
        DataError: the file is gone or damaged, or lacks a split.
    """
    file = run_folder(results, fingerprint) / RANKS
    try:
        with file.open("rb"):
            pass  # what the system refuses has a number here
        # By its path and in this thread: a thread of Arrow's that still holds a file of Python's when Python
        # ends takes the process down (apache/arrow#34314).
        with pq.ParquetFile(file) as parquet:
            table = parquet.read(columns=["split", *columns], use_threads=False).combine_chunks()
        # By name, because Parquet passes over a column that is not there.
        split = table.select(["split", *columns])["split"].cast(pa.string())
        ranks = {name: table.filter(pc.equal(split, name)) for name in _SPLITS}
    except FileNotFoundError as error:
        raise DataError(f"{file} is missing") from error
    except (OSError, pa.ArrowException, KeyError) as error:
        if isinstance(error, OSError) and error.errno is not None:
            raise UnreadableError(f"{file} cannot be read: {error.strerror}") from error
        raise DataError(f"{file} is damaged: {_first_line(error)}") from error  # pyarrow's have no number
    for name, rows in ranks.items():
        if len(rows) == 0:
            raise DataError(f"{file} is damaged: it holds no {name} ranks")
    return ranks


def _computed(rows: pa.Table, record: RunRecord, names: tuple[str, ...]) -> dict[str, float]:
    return summarise(names, *_places(rows), _ties(record))


def _places(rows: pa.Table) -> tuple[IntArray, IntArray]:
    """Better items and ties, each [users]."""
    better, ties = (rows[name].to_numpy().astype(np.int64) for name in _PLACES)
    return better, ties


def _ties(record: RunRecord) -> str:
    return str(record.spec.evaluation.get("ties", "expected"))


def _first_line(error: Exception) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0]
