"""What a variant's quality costs: seconds of training and parameters, and which variants nobody outdoes.

Wall seconds of runs that shared their cores tell how busy the machine was. On a CPU a run is therefore
charged what it computed: its CPU seconds per thread. On a GPU wall seconds count, as most of the work is not
the CPU's.
"""

from __future__ import annotations

import statistics
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from bench.results.query import CellResult
from bench.results.records import RunRecord

Clock = Literal["CPU", "wall"]


@dataclass(frozen=True)
class CostRow:
    """One variant on one dataset, in one metric.

    Attributes:
        dataset: the dataset's label.
        metric: as in NDCG@10.
        variant: the variant's label.
        mean: the metric over the finished seeds.
        sd: over these seeds; None for one.
        clock: what ``seconds`` are: ``CPU`` seconds per thread; ``wall`` seconds where a run on this dataset
            used a GPU.
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
    clock: Clock
    seconds: float
    parameters: int
    seeds: tuple[int, ...]
    processors: tuple[str, ...]
    front_seconds: bool = False
    front_parameters: bool = False


def cost_rows(cells: Iterable[CellResult], metrics: Sequence[str]) -> list[CostRow]:
    """A row per cell with a finished run, and metric."""
    groups: dict[tuple[str, str], list[CellResult]] = {}
    clocks: dict[str, Clock] = {}
    for cell in cells:
        if cell.status == "done" and cell.record is not None:
            groups.setdefault((cell.dataset, cell.model), []).append(cell)
            if cell.record.provenance.gpu is not None:  # variants of a dataset are on one axis
                clocks[cell.dataset] = "wall"
    rows = [
        _row(group, metric, clocks.get(group[0].dataset, "CPU"))
        for group in groups.values()
        for metric in metrics
    ]
    return [_with_fronts(row, rows) for row in rows]


def training_seconds(record: RunRecord) -> float:
    """Wall seconds of all epochs with their validation; of a model that counts, all but ranking the test."""
    if record.training.stopped == "counted":
        return record.timings.wall_s - record.timings.test_s
    return record.timings.train_s


def cpu_seconds(record: RunRecord) -> float:
    """CPU seconds of training per thread: the run's, by the share of its wall time that training took."""
    if record.timings.wall_s == 0:
        return 0.0
    share = training_seconds(record) / record.timings.wall_s
    return share * record.timings.cpu_s / record.provenance.threads


def _row(group: Sequence[CellResult], metric: str, clock: Clock) -> CostRow:
    records = [cell.record for cell in group if cell.record is not None]
    values = [cell.metrics[metric] for cell in group]
    machines = {record.provenance.gpu or record.provenance.cpu for record in records}
    return CostRow(
        dataset=group[0].dataset,
        metric=metric,
        variant=group[0].model,
        mean=statistics.fmean(values),
        sd=statistics.stdev(values) if len(values) > 1 else None,
        clock=clock,
        seconds=statistics.median(map(cpu_seconds if clock == "CPU" else training_seconds, records)),
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
