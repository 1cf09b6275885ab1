"""`bench compare`: which variants of a suite are better or worse than a baseline."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from bench.analysis.baseline import baseline_of
from bench.analysis.comparison import ComparisonRow, comparison_rows
from bench.analysis.comparison_table import comparison_table
from bench.cli.table import print_rows
from bench.errors import InputError
from bench.evaluation.metrics import Metric
from bench.results.index import read_index
from bench.results.query import cells_of

if TYPE_CHECKING:
    from bench.analysis.slices import Slicing


def compare(
    results: Path,
    suite: str,
    *,
    baseline: str | None,
    metrics: Sequence[str],
    margin: float | None,
    format: str,
    slices: Sequence[str] = (),
    cold: int | None = None,
    home: Path | None = None,
) -> None:
    """Print the comparison of every variant with a baseline, and the suite's notes.

    Args:
        results: the results folder.
        suite: the name of the suite's results.
        baseline: a variant's label; None: the suite's, else SASRec.
        metrics: to compare; empty: the suite's.
        margin: the largest difference that counts as none, as a share of the baseline's mean; None: the
            suite's.
        format: rich, markdown, html, latex, latex-standalone, csv or json.
        slices: how to divide the test users, by ``popularity`` or ``history``; empty: not at all.
        cold: the most training interactions of a cold item; None: as `bench.analysis.slices` has it.
        home: where the prepared data lie that slices need (None: the default place).

    Raises:
        InputError: there are no results of this suite, or no such variant or metric; slices are asked for
            and the data of the runs are not prepared here.
        DataError: the results are damaged or unreadable.
    """
    index = read_index(results, suite)
    chosen = tuple(dict.fromkeys(metrics)) or index.metrics
    for metric in chosen:
        Metric.parse(metric)
    label = baseline_of(index, baseline)
    bound = index.margin if margin is None else margin
    slicing = slicing_of(slices, cold, home)
    rows = comparison_rows(results, cells_of(results, index), chosen, label, bound, slicing)
    table = comparison_table(rows)
    # What a suite says of itself, such as unequal tuning, bears on every difference.
    table = replace(table, notes=(*table.notes, *index.notes))
    print_rows(rows, ComparisonRow, table, format, suite)


def slicing_of(slices: Sequence[str], cold: int | None, home: Path | None) -> Slicing | None:
    """How to divide the test users; arguments as of `compare`.

    Raises:
        InputError: ``cold`` is given and users are not divided by popularity.
    """
    if cold is not None and "popularity" not in slices:
        raise InputError(
            f"{cold} says which items are cold, and users are not divided by that",
            file="--cold",
            remedy="add --slice popularity",
        )
    if not slices:
        return None
    # Only now: it opens datasets.
    from bench.analysis.slices import COLD, KINDS, Slicing

    kinds = tuple(kind for kind in KINDS if kind in slices)
    return Slicing(kinds, COLD if cold is None else cold, home)
