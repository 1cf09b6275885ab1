"""`bench table`: a suite's numbers."""

from __future__ import annotations

import sys
from pathlib import Path

from rich.console import Console

from bench.analysis.notes import table_notes
from bench.analysis.rendering import grid, to_csv, to_json, to_latex, to_markdown, to_rich
from bench.analysis.tables import table_rows
from bench.results.index import read_index
from bench.results.query import cells_of


def results_of(suite: str) -> str:
    """The name under which a suite's results are kept: a suite file's own, else the word itself.

    Raises:
        InputError: the suite file is missing or wrong.
    """
    if Path(suite).suffix not in (".yaml", ".yml"):
        return suite
    from bench.suite.schema import load_suite

    return load_suite(Path(suite)).suite


def print_table(results: Path, suite: str, format: str) -> None:
    """Print a suite's table on standard output.

    Args:
        results: the results folder.
        suite: the name of the suite's results.
        format: rich, markdown, csv, latex or json.

    Raises:
        InputError: there are no results of this suite.
        DataError: its index is damaged.
    """
    index = read_index(results, suite)
    cells = cells_of(results, index)
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
