"""`bench table`: a suite's numbers, and the verdicts on its claims of equality."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console

from bench.analysis.blocks import Blocks, blocks_to_latex, blocks_to_markdown, blocks_to_rich
from bench.analysis.equivalence import EqualityRow, equality_rows
from bench.analysis.notes import table_notes
from bench.analysis.rendering import grid, to_csv, to_json, to_latex, to_markdown, to_rich
from bench.analysis.tables import table_rows
from bench.analysis.verdicts import verdict_table
from bench.results.index import Index, read_index
from bench.results.query import CellResult, cells_of

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

EXIT_UNREADABLE = 1


def results_of(suite: str) -> str:
    """The name under which a suite's results are kept: a suite file's own, else the word itself.

    Raises:
        InputError: the suite file is missing or wrong.
    """
    if Path(suite).suffix not in (".yaml", ".yml"):
        return suite
    from bench.suite.schema import load_suite

    return load_suite(Path(suite)).suite


def print_table(results: Path, suite: str, format: str, claims_only: bool = False) -> int:
    """Print a suite's table on standard output, and below it the verdicts on its claims of equality.

    The exit code: 0, or 1 if a finished run of the index is gone or cannot be read.

    Args:
        results: the results folder.
        suite: the name of the suite's results.
        format: rich, markdown, csv, latex or json; csv and json hold the table or, with ``claims_only``, the
            verdicts.
        claims_only: print the verdicts alone.

    Raises:
        InputError: there are no results of this suite.
        DataError: its index is damaged or unreadable.
    """
    index = read_index(results, suite)
    cells = cells_of(results, index)
    _print(suite, index, cells, format, claims_only)
    return EXIT_UNREADABLE if any(c.status in ("lost", "damaged", "unreadable") for c in cells) else 0


def _print(suite: str, index: Index, cells: Sequence[CellResult], format: str, claims_only: bool) -> None:
    verdicts = equality_rows(index.equalities, cells)
    if claims_only:
        _print_verdicts(verdicts, format)
        return
    rows = table_rows(cells, index.metrics)
    if format in ("csv", "json"):
        sys.stdout.write(to_csv(rows) if format == "csv" else to_json(rows))
        return
    table = grid(suite, rows, table_notes(index, cells))
    if format == "rich":
        console = Console()
        console.print(to_rich(table, console))
    else:
        sys.stdout.write(to_markdown(table) if format == "markdown" else to_latex(table))
    if verdicts:
        sys.stdout.write("\n")
        _print_verdicts(verdicts, format)


def _print_verdicts(verdicts: Sequence[EqualityRow], format: str) -> None:
    print_rows(verdicts, EqualityRow, verdict_table(verdicts), format)


def print_rows(
    rows: Sequence[DataclassInstance], kind: type[DataclassInstance], table: Blocks, format: str
) -> None:
    """Print rows of one ``kind`` as ``csv`` or ``json``, or for reading their ``table``.

    Args:
        rows: with every digit.
        kind: their class, whose fields are the columns of ``csv``.
        table: the same for reading.
        format: rich, markdown, csv, latex or json.
    """
    if format == "csv":
        sys.stdout.write(to_csv(rows, kind))
    elif format == "json":
        sys.stdout.write(to_json(rows))
    elif format == "rich":
        console = Console()
        console.print(blocks_to_rich(table, console.width))
    else:
        sys.stdout.write(blocks_to_markdown(table) if format == "markdown" else blocks_to_latex(table))
