"""The test metrics of a run: as recorded, or from its ranks where a later suite asks for others.

Metrics are no part of the fingerprint, so a suite may reuse a run that was made with other ones.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from bench.errors import DataError
from bench.evaluation.metrics import summarise
from bench.results.records import RunRecord, run_folder

RANKS = "ranks.parquet"


def test_metrics(results: Path, record: RunRecord, names: Sequence[str]) -> dict[str, float]:
    """The named metrics on the test targets, means over users.

    Raises:
        DataError: a metric was not recorded and the ranks cannot be read.
    """
    recorded = record.metrics.get("test", {})
    missing = tuple(name for name in names if name not in recorded)
    computed = _from_ranks(results, record, missing) if missing else {}
    return {name: recorded[name] if name in recorded else computed[name] for name in names}


def _from_ranks(results: Path, record: RunRecord, names: tuple[str, ...]) -> dict[str, float]:
    file = run_folder(results, record.fingerprint) / RANKS
    try:
        table = pq.read_table(file, columns=["split", "better", "ties"])
        table = table.filter(pc.equal(table["split"].cast(pa.string()), "test"))
        better, ties = (table[name].to_numpy().astype("int64") for name in ("better", "ties"))
    except (OSError, pa.ArrowException, KeyError) as error:
        raise DataError(f"{', '.join(names)} cannot be computed: {file} cannot be read") from error
    if len(better) == 0:
        raise DataError(f"{', '.join(names)} cannot be computed: {file} holds no test ranks")
    return summarise(names, better, ties, str(record.spec.evaluation.get("ties", "expected")))
