"""The comparison in a report: with whom, and why there is none where there is none."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from bench.analysis.baseline import baseline_of
from bench.analysis.comparison import ComparisonRow, comparison_rows
from bench.errors import InputError
from bench.results.index import Index
from bench.results.query import CellResult


@dataclass(frozen=True)
class Compared:
    """Every variant beside the baseline; ``reason`` says why there is no row, where there is none."""

    rows: Sequence[ComparisonRow] = ()
    reason: str = ""


def compared(results: Path, index: Index, cells: Sequence[CellResult], wanted: str | None) -> Compared:
    """The comparison with the baseline ``wanted``, else with the suite's or the usual one where there is one.

    Raises:
        InputError: there is no variant ``wanted``.
        DataError: the places of a finished run cannot be read.
    """
    try:
        label = baseline_of(index, wanted)
    except InputError as error:
        if wanted is not None:
            raise
        return Compared(reason=f"no baseline: {error.message}; `--baseline LABEL` names one")
    rows = comparison_rows(results, cells, index.metrics, label, index.margin)
    return Compared(rows, "" if rows else f"there is no variant beside {label}")
