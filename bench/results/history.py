"""`history.csv` of a run: loss and validation epoch by epoch."""

from __future__ import annotations

import csv
import math
from dataclasses import dataclass
from pathlib import Path

from bench.errors import DataError
from bench.results.records import UnreadableError, run_folder

HISTORY = "history.csv"


@dataclass(frozen=True)
class EpochRow:
    """One epoch, from 1: the mean loss, and the monitored metric where the epoch was validated."""

    epoch: int
    loss: float
    validation: float | None


def read_history(results: Path, fingerprint: str) -> list[EpochRow]:
    """The epochs of a finished run, none for a model that counts.

    Raises:
        UnreadableError: the system does not give the file.
        DataError: it is gone or damaged.
    """
    file = run_folder(results, fingerprint) / HISTORY
    try:
        with file.open(encoding="utf-8", newline="") as lines:
            next(reader := csv.reader(lines))
            return [_epoch(*line[:3]) for line in reader]
    except FileNotFoundError as error:
        raise DataError(f"{file} is missing") from error
    except OSError as error:
        raise UnreadableError(f"{file} cannot be read: {error.strerror}") from error
    except (StopIteration, ValueError, TypeError, csv.Error) as error:
        raise DataError(f"{file} is damaged") from error


def _epoch(number: str, loss: str, validation: str) -> EpochRow:
    value = float(validation) if validation else math.nan
    return EpochRow(int(number), float(loss), None if math.isnan(value) else value)
