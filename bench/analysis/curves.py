"""Losses and validation values, epoch by epoch."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from bench.results.history import read_history
from bench.results.query import CellResult


@dataclass(frozen=True)
class CurveRow:
    """One epoch of one run.

    Attributes:
        dataset: the dataset's label.
        variant: the variant's label.
        seed: the seed.
        epoch: from 1.
        loss: mean over the epoch's targets, auxiliary losses included.
        validation: the monitored metric; None where the epoch was not validated.
        monitor: the metric's name.
        best: whether the run kept this epoch's weights.
        stopped: of the last epoch, why it was the last: ``patience`` (no better validation for so many
            epochs) or ``epochs`` (all that the suite allows); else None.
    """

    dataset: str
    variant: str
    seed: int
    epoch: int
    loss: float
    validation: float | None
    monitor: str
    best: bool
    stopped: str | None


def curve_rows(results: Path, cells: Iterable[CellResult]) -> list[CurveRow]:
    """Every epoch of every finished run; models that count have none.

    Raises:
        DataError: the history of a finished run cannot be read.
    """
    rows = []
    for cell in cells:
        if cell.record is None or cell.status != "done":
            continue
        record = cell.record
        history = read_history(results, record.fingerprint)
        for place, each in enumerate(history):
            rows.append(
                CurveRow(
                    *(cell.dataset, cell.model, cell.seed),
                    *(each.epoch, each.loss, each.validation),
                    str(record.spec.training.get("monitor", "")),
                    each.epoch == record.training.best_epoch,
                    record.training.stopped if place == len(history) - 1 else None,
                )
            )
    return rows
