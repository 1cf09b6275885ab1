"""A suite's numbers: per dataset, model and metric the mean over seeds and its spread."""

from __future__ import annotations

import statistics
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from bench.results.query import CellResult

RowStatus = Literal["done", "partial", "failed", "missing"]
RankGroup = Literal["best", "group"]


@dataclass(frozen=True)
class TableRow:
    """One metric of one cell.

    Attributes:
        dataset: the dataset's label.
        model: the variant's label.
        metric: as in Recall@10.
        mean: over the seeds that are done; None where none is.
        sd: sample standard deviation over those seeds (n - 1); None for fewer than two.
        seeds: the seeds that are done, in the suite's order.
        values: the metric per seed, in the order of ``seeds``.
        failed: the seeds that were run and have no result.
        encoders: modality -> encoder, of the features that the model read.
        status: done (every seed), partial (some), failed (none, and one failed), missing (none run).
        rank_group: best (the highest mean of dataset and metric), group (not decided worse than it), None
            (worse, or not compared; see `bench.analysis.ties`).
    """

    dataset: str
    model: str
    metric: str
    mean: float | None
    sd: float | None
    seeds: tuple[int, ...]
    values: tuple[float, ...]
    failed: tuple[int, ...]
    encoders: dict[str, str]
    status: RowStatus
    rank_group: RankGroup | None = None


def table_rows(cells: Iterable[CellResult], metrics: Sequence[str]) -> list[TableRow]:
    """The rows of a table, metric by metric within each cell, cells in the order given."""
    grouped: dict[tuple[str, str], list[CellResult]] = {}
    for cell in cells:
        grouped.setdefault((cell.dataset, cell.model), []).append(cell)
    return [_row(group, metric) for group in grouped.values() for metric in metrics]


def _row(group: Sequence[CellResult], metric: str) -> TableRow:
    done = [cell for cell in group if cell.status == "done"]
    failed = tuple(cell.seed for cell in group if cell.status not in ("done", "missing"))
    values = tuple(cell.metrics[metric] for cell in done)
    return TableRow(
        dataset=group[0].dataset,
        model=group[0].model,
        metric=metric,
        mean=statistics.fmean(values) if values else None,
        sd=statistics.stdev(values) if len(values) > 1 else None,
        seeds=tuple(cell.seed for cell in done),
        values=values,
        failed=failed,
        encoders=_encoders(done),
        status=_status(len(done), len(failed), len(group)),
    )


def _encoders(done: Sequence[CellResult]) -> dict[str, str]:
    return {
        modality: facts.encoder
        for cell in done
        if cell.record is not None
        for modality, facts in cell.record.inputs.features.items()
    }


def _status(done: int, failed: int, seeds: int) -> RowStatus:
    if done == seeds:
        return "done"
    if done:
        return "partial"
    return "failed" if failed else "missing"
