"""A suite's table: its numbers, which of them may be the best, and what a paper has in their place."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from bench.analysis.beside import BesideRow, beside
from bench.analysis.tables import TableRow, table_rows
from bench.analysis.ties import mark_groups
from bench.results.index import Index
from bench.results.query import CellResult


@dataclass(frozen=True)
class SuiteTable:
    """Rows of one class, and what their readers must know of groups and published values, in sentences."""

    rows: Sequence[TableRow]
    kind: type[TableRow]
    notes: Sequence[str]


def suite_table(
    results: Path, index: Index, cells: Sequence[CellResult], published: bool = False
) -> SuiteTable:
    """The table of these runs.

    Args:
        results: the results folder, for the places of every user.
        index: the suite's.
        cells: its runs.
        published: with the values of the suite's paper.

    Raises:
        InputError: published values are asked for and the suite names no paper.
        DataError: the places of a finished run cannot be read.
    """
    rows, notes = mark_groups(results, cells, table_rows(cells, index.metrics))
    if not published:
        return SuiteTable(rows, TableRow, notes)
    beside_rows, about = beside(index, rows)
    return SuiteTable(beside_rows, BesideRow, [*notes, *about])
