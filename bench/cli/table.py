"""`bench table`: a suite's numbers, and the verdicts on its claims of equality."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, get_args

from rich.console import Console

from bench.analysis.equivalence import EqualityRow, equality_rows
from bench.analysis.formats.blocks import Blocks
from bench.analysis.formats.rendering import TextFormat, to_csv, to_json, to_text
from bench.analysis.formats.terminal import blocks_to_rich
from bench.analysis.layouts import Layout, arranged
from bench.analysis.notes import table_notes
from bench.analysis.suite_table import suite_table
from bench.analysis.verdicts import verdict_table
from bench.errors import InputError
from bench.results.index import read_index
from bench.results.query import cells_of

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


def print_table(
    results: Path,
    suite: str,
    format: str,
    claims_only: bool = False,
    *,
    published: bool = False,
    layout: Layout = "models",
) -> int:
    """Print a suite's table on standard output, and below it the verdicts on its claims of equality.

    The exit code: 0, or 1 if a finished run of the index is gone or cannot be read.

    Args:
        results: the results folder.
        suite: the name of the suite's results.
        format: rich, markdown, html, latex, latex-standalone, csv or json; csv and json hold the table or,
            with ``claims_only``, the verdicts.
        claims_only: print the verdicts alone.
        published: print the values of the suite's paper beside ours.
        layout: of the formats for reading.

    Raises:
        InputError: there are no results of this suite, or published values are asked for where there are
            none.
        DataError: its index is damaged or unreadable.
    """
    if claims_only and published:
        raise InputError(
            "verdicts have no published values beside them", file="--published", remedy="leave out --claims"
        )
    index = read_index(results, suite)
    cells = cells_of(results, index)
    verdicts = equality_rows(index.equalities, cells)
    if claims_only:
        print_rows(verdicts, EqualityRow, verdict_table(verdicts), format, suite)
    else:
        found = suite_table(results, index, cells, published)
        if format in ("csv", "json"):
            print_data(found.rows, found.kind, format)
        else:
            table = arranged(found.rows, table_notes(index, cells, found.notes), layout)
            print_text(suite, [table, verdict_table(verdicts)] if verdicts else [table], format)
    return EXIT_UNREADABLE if any(c.status in ("lost", "damaged", "unreadable") for c in cells) else 0


def print_rows(
    rows: Sequence[DataclassInstance],
    kind: type[DataclassInstance],
    table: Blocks,
    format: str,
    title: str = "bench",
) -> None:
    """Print rows of one ``kind`` as ``csv`` or ``json``, or for reading their ``table``.

    Args:
        rows: with every digit.
        kind: their class, whose fields are the columns of ``csv``.
        table: the same for reading.
        format: as in `print_table`.
        title: of a page or document.
    """
    if format in ("csv", "json"):
        print_data(rows, kind, format)
    else:
        print_text(title, [table], format)


def print_data(rows: Sequence[DataclassInstance], kind: type[DataclassInstance], format: str) -> None:
    """Print rows as ``csv`` or ``json``."""
    sys.stdout.write(to_csv(rows, kind) if format == "csv" else to_json(rows))


def print_text(title: str, tables: Sequence[Blocks], format: str) -> None:
    """Print tables for reading, on a terminal or in another of the formats."""
    for known in get_args(TextFormat):
        if format == known:
            sys.stdout.write(to_text(title, tables, known))
            return
    console = Console()
    for place, table in enumerate(tables):
        if place:
            console.print()
        console.print(blocks_to_rich(table, console.width))
