"""Which variants of a table may be the best: per dataset and metric, the highest mean and its group.

Every other variant is compared with the one that has the highest mean (`bench.analysis.crossed`), and those
that are not decided worse form its group. The reference is chosen by the data; docs/statistics.md says what
the group means all the same.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from bench.analysis.crossed import LEVEL, FloatArray, compare, holm
from bench.analysis.sides import Side, side_of, why_not
from bench.analysis.tables import RankGroup, TableRow
from bench.results.query import CellResult

_LEGEND = (
    "Bold: the highest mean. †: it and every variant that is not decided worse (users and seeds stand for"
    f" others of their kind; p at most {LEVEL:g}, Holm's correction within dataset and metric). The truly"
    f" best of the variants compared is among them with probability {1 - LEVEL:.0%} at least; that they are"
    " equal is not said."
)


def mark_groups(
    results: Path, cells: Sequence[CellResult], rows: Sequence[TableRow]
) -> tuple[list[TableRow], list[str]]:
    """The rows with their ``rank_group``, and what a reader must know of it, in sentences.

    Args:
        results: the results folder, for the places of every user.
        cells: every run of the suite.
        rows: of a table of these runs, without groups.

    Raises:
        DataError: the places of a finished run cannot be read.
    """
    groups: dict[tuple[str, str, str], RankGroup] = {}
    lacking: list[str] = []
    metrics = tuple(dict.fromkeys(row.metric for row in rows))
    for dataset in dict.fromkeys(row.dataset for row in rows):
        own = [row for row in rows if row.dataset == dataset]
        labels = tuple(dict.fromkeys(row.model for row in own if row.mean is not None))
        if len(labels) < 2:
            continue  # nothing to be better than
        sides = _read(results, [cell for cell in cells if cell.dataset == dataset], labels, metrics)
        found = {metric: _group(own, sides, metric) for metric in metrics}
        groups |= {(dataset, *key): word for each in found.values() for key, word in each.words.items()}
        lacking += _lacking(dataset, found)
    marked = [replace(row, rank_group=groups.get((row.dataset, row.model, row.metric))) for row in rows]
    return marked, [*([_LEGEND] if groups else []), *lacking]


@dataclass(frozen=True)
class _Group:
    """The word for each (variant, metric) that is marked; why none is; why variants were not compared."""

    words: Mapping[tuple[str, str], RankGroup]
    reason: str | None = None
    left_out: Mapping[str, str] = field(default_factory=dict)


def _lacking(dataset: str, groups: Mapping[str, _Group]) -> Iterator[str]:
    """What could not be said, in sentences."""
    without: dict[str, list[str]] = {}
    for metric, group in groups.items():
        if group.reason is not None:
            without.setdefault(group.reason, []).append(metric)
    for reason, metrics in without.items():
        where = "" if len(metrics) == len(groups) else f" in {', '.join(metrics)}"
        yield f"{dataset}: no best is marked{where}, for the highest mean is of {reason}."
    for label, reason in {pair: None for each in groups.values() for pair in each.left_out.items()}:
        yield f"{dataset}: {label} was not compared with the best: {reason}."


def _read(
    results: Path, cells: Sequence[CellResult], labels: Sequence[str], metrics: Sequence[str]
) -> dict[str, Side]:
    return {
        label: side_of(results, [cell for cell in cells if cell.model == label], metrics) for label in labels
    }


def _group(rows: Sequence[TableRow], sides: Mapping[str, Side], metric: str) -> _Group:
    means = {row.model: row.mean for row in rows if row.metric == metric and row.mean is not None}
    best = max(means, key=lambda label: means[label])
    reason = sides[best].lacks()
    if reason is not None:
        return _Group({}, reason)
    reasons = {label: why_not(sides[label], sides[best]) for label in means if label != best}
    left_out = {label: reason for label, reason in reasons.items() if reason is not None}
    values = {label: sides[label].values or {} for label in means if label not in left_out}
    samples = {label: values[label][metric] for label in values if label != best}
    if not samples:
        return _Group({}, None, left_out)
    group = not_worse(samples, values[best][metric])
    words: dict[tuple[str, str], RankGroup] = {(label, metric): "group" for label in group}
    return _Group({(best, metric): "best", **words}, None, left_out)


def not_worse(samples: Mapping[str, FloatArray], best: FloatArray) -> list[str]:
    """The variants that are not decided worse than the best, each [S, U] as in `compare`."""
    found = compare(samples, best)
    corrected = holm([estimate.p for estimate in found.values()])
    return [label for label, p in zip(found, corrected, strict=True) if p > LEVEL]
