"""`bench compare`: which variants of a suite are better or worse than a baseline."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from bench.analysis.comparison import ComparisonRow, comparison_rows
from bench.analysis.comparison_table import comparison_table
from bench.cli.table import print_rows
from bench.errors import InputError
from bench.evaluation.metrics import Metric
from bench.results.index import Index, read_index
from bench.results.query import cells_of
from bench.suite.problems import suggest

USUAL_BASELINE = "SASRec"


def compare(
    results: Path,
    suite: str,
    *,
    baseline: str | None,
    metrics: Sequence[str],
    margin: float | None,
    format: str,
) -> None:
    """Print the comparison of every variant with a baseline.

    Args:
        results: the results folder.
        suite: the name of the suite's results.
        baseline: a variant's label; None: SASRec.
        metrics: to compare; empty: the suite's.
        margin: the largest difference that counts as none, as a share of the baseline's mean; None: the
            suite's.
        format: rich, markdown, html, latex, latex-standalone, csv or json.

    Raises:
        InputError: there are no results of this suite, or no such variant or metric.
        DataError: the results are damaged or unreadable.
    """
    index = read_index(results, suite)
    chosen = tuple(dict.fromkeys(metrics)) or index.metrics
    for metric in chosen:
        Metric.parse(metric)
    label = _baseline(index, baseline)
    bound = index.margin if margin is None else margin
    rows = comparison_rows(results, cells_of(results, index), chosen, label, bound)
    print_rows(rows, ComparisonRow, comparison_table(rows), format, suite)


def _baseline(index: Index, wanted: str | None) -> str:
    if (wanted or USUAL_BASELINE) in index.models:
        return wanted or USUAL_BASELINE
    if wanted is None:
        raise InputError(
            f"{index.suite} has no variant {USUAL_BASELINE!r} to compare with",
            file="--baseline",
            remedy=f"name one of {', '.join(index.models)}",
        )
    raise InputError(
        f"{index.suite} has no variant {wanted!r}", file="--baseline", remedy=suggest(wanted, index.models)
    )
