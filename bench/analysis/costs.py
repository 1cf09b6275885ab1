"""What a variant's quality costs: seconds of training and parameters, and which variants nobody outdoes."""

from __future__ import annotations

import statistics
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from bench.results.query import CellResult
from bench.results.records import RunRecord


@dataclass(frozen=True)
class CostRow:
    """One variant on one dataset, in one metric.

    Attributes:
        dataset: the dataset's label.
        metric: as in NDCG@10.
        variant: the variant's label.
        mean: the metric over the finished seeds.
        sd: over these seeds; None for one.
        seconds: of training with its validation, or of counting; median over the seeds.
        parameters: trained weights.
        seeds: the finished seeds.
        processors: what they were trained on, sorted.
        front_seconds: whether no other variant is at least as good in at most as many seconds, and better in
            one of the two.
        front_parameters: likewise in parameters.
    """

    dataset: str
    metric: str
    variant: str
    mean: float
    sd: float | None
    seconds: float
    parameters: int
    seeds: tuple[int, ...]
    processors: tuple[str, ...]
    front_seconds: bool = False
    front_parameters: bool = False


def cost_rows(cells: Iterable[CellResult], metrics: Sequence[str]) -> list[CostRow]:
    """A row per cell with a finished run, and metric."""
    groups: dict[tuple[str, str], list[CellResult]] = {}
    for cell in cells:
        if cell.status == "done" and cell.record is not None:
            groups.setdefault((cell.dataset, cell.model), []).append(cell)
    rows = [_row(group, metric) for group in groups.values() for metric in metrics]
    return [_with_fronts(row, rows) for row in rows]


def training_seconds(record: RunRecord) -> float:
    """Of all epochs with their validation; of a model that counts, all but ranking the test targets."""
    if record.training.stopped == "counted":
        return record.timings.wall_s - record.timings.test_s
    return record.timings.train_s


def _row(group: Sequence[CellResult], metric: str) -> CostRow:
    records = [cell.record for cell in group if cell.record is not None]
    values = [cell.metrics[metric] for cell in group]
    machines = {record.provenance.gpu or record.provenance.cpu for record in records}
    return CostRow(
        dataset=group[0].dataset,
        metric=metric,
        variant=group[0].model,
        mean=statistics.fmean(values),
        sd=statistics.stdev(values) if len(values) > 1 else None,
        seconds=statistics.median(map(training_seconds, records)),
        parameters=records[0].training.parameters,
        seeds=tuple(cell.seed for cell in group),
        processors=tuple(sorted(machines)),
    )


def _with_fronts(row: CostRow, rows: Sequence[CostRow]) -> CostRow:
    rivals = [each for each in rows if (each.dataset, each.metric) == (row.dataset, row.metric)]
    return replace(
        row,
        front_seconds=not any(_outdone(row.mean, row.seconds, r.mean, r.seconds) for r in rivals),
        front_parameters=not any(_outdone(row.mean, row.parameters, r.mean, r.parameters) for r in rivals),
    )


def _outdone(mean: float, cost: float, other: float, other_cost: float) -> bool:
    return other >= mean and other_cost <= cost and (other > mean or other_cost < cost)
