"""A search as files to be read without Optuna: ``trials.csv`` and ``studies.json`` of a suite's results."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal

from filelock import FileLock
from pydantic import BaseModel, ConfigDict, ValidationError

from bench.errors import DataError, InputError
from bench.results.folder import write_atomically
from bench.results.index import command_for
from bench.wording import count

SEARCH = "search"  # folder below a suite's results
TRIALS, STUDIES = "trials.csv", "studies.json"

TrialWord = Literal["done", "pruned", "failed", "running"]
Cell = tuple[str, str]  # the labels of dataset and variant


class _Record(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")


class TrialRow(_Record):
    """One trial.

    Attributes:
        dataset: the dataset's label.
        model: the variant's label.
        trial: its number within the study, from 0; grids and samplers give the same in every order of work.
        name: ``default`` of the trial with the suite's own settings.
        state: `TrialWord`; what waits, or is tried again, is not listed.
        value: mean over seeds of the best validation value; of a pruned trial its best so far.
        best_so_far: the best value of this and the trials before that were done.
        epochs: in all trainings, an unfinished one too; of a failure one at least, and a second.
        seconds: by the clock, from when a worker took it until it ended.
        settings: by the keys of the space.
        validation: by epoch, of the first seed; epochs without a value are left out.
        reason: of a failure.
    """

    dataset: str
    model: str
    trial: int
    name: str
    state: TrialWord
    value: float | None
    best_so_far: float | None
    epochs: int
    seconds: float
    settings: dict[str, Any]
    validation: dict[int, float]
    reason: str

    @property
    def cell(self) -> Cell:
        """Whose trial it is."""
        return self.dataset, self.model


class Winner(_Record):
    """The trial with the highest value of those that were done, or the suite's own settings."""

    trial: int
    name: str
    value: float
    settings: dict[str, Any]


class StudyRecord(_Record):
    """One study, with what it may spend and has spent.

    Attributes:
        dataset: the dataset's label.
        model: the variant's label.
        study: its name in the storage.
        monitor: the metric that values are of.
        sampler: what proposes.
        pruner: what ends trials early.
        seeds: of the trainings.
        seed: of the sampler.
        unequal: not every model of the suite has the same budget.
        space: in words, by key.
        dimensions: the same in full.
        budget: its kind.
        amount: of it; of a grid its trials.
        spent: trials, epochs and seconds.
        never_done: trials that were given up, because they or their processes died again and again.
        states: number of trials by state.
        default: the suite's own settings; None until that trial is done.
        best: None until a trial is done.
        curve: best value so far, by trial that ended; None before the first was done.
        finished: nothing is left to do.
    """

    dataset: str
    model: str
    study: str
    monitor: str
    sampler: str
    pruner: str
    seeds: tuple[int, ...]
    seed: int
    unequal: bool
    space: dict[str, str]
    dimensions: list[dict[str, Any]]
    budget: str
    amount: float
    spent: dict[str, float]
    never_done: int = 0  # files from before do not have it
    states: dict[str, int]
    default: Winner | None
    best: Winner | None
    curve: tuple[float | None, ...]
    finished: bool

    @property
    def cell(self) -> Cell:
        """Whose study it is."""
        return self.dataset, self.model


def never_done(study: StudyRecord) -> str:
    """A sentence on the trials that were given up."""
    one = study.never_done == 1
    return (
        f"{count(study.never_done, 'point')} {'was' if one else 'were'} never done:"
        f" {'its' if one else 'their'} training, or the process in charge of it, died each time"
    )


class _Studies(_Record):
    format_version: Literal[1] = 1
    studies: list[StudyRecord]


def search_folder(results: Path, name: str) -> Path:
    """The folder of a suite's search; ``name`` is that of its results."""
    return results / name / SEARCH


def read_search(results: Path, name: str) -> tuple[list[StudyRecord], list[TrialRow]]:
    """What the searches of a suite found, as far as they are.

    Raises:
        InputError: there was none.
        DataError: the files are damaged.
    """
    folder = search_folder(results, name)
    if not (folder / STUDIES).exists():
        raise InputError(
            f"{results} has no search of suite {name!r}",
            remedy=f"{command_for('tune', results, name)} makes one",
        )
    return _read_studies(folder), _read_trials(folder)


def write_search(
    folder: Path, studies: Sequence[StudyRecord], rows: Sequence[TrialRow], order: Sequence[Cell]
) -> None:
    """Bring the files up to date, atomically; what they hold of other studies of the suite stays.

    Args:
        folder: of the suite's search.
        studies: to be written.
        rows: their trials.
        order: every dataset and variant that the suite tunes; others leave.

    Raises:
        DataError: the files there are damaged.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with FileLock(folder / ".files.lock"):
        ours = {study.cell for study in studies}
        kept = [each for each in _read_studies(folder) if each.cell not in ours and each.cell in order]
        others = {study.cell for study in kept}
        all_studies = sorted([*studies, *kept], key=lambda each: order.index(each.cell))
        older = [row for row in _read_trials(folder) if row.cell in others]
        all_rows = sorted([*rows, *older], key=lambda row: (order.index(row.cell), row.trial))
        write_atomically(folder / TRIALS, trials_csv(all_rows))
        text = _Studies(studies=all_studies).model_dump_json(indent=1)
        write_atomically(folder / STUDIES, text + "\n")


def trials_csv(rows: Sequence[TrialRow]) -> str:
    """One line per trial; settings and validation values are JSON."""
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow(TrialRow.model_fields)
    for row in rows:
        values = row.model_dump(mode="json")
        writer.writerow(
            json.dumps(value, ensure_ascii=False) if isinstance(value, dict) else value
            for value in values.values()
        )
    return buffer.getvalue()


def _read_trials(folder: Path) -> list[TrialRow]:
    file = folder / TRIALS
    if not file.exists():
        return []
    try:
        with file.open(encoding="utf-8", newline="") as handle:
            return [TrialRow.model_validate(_values(row)) for row in csv.DictReader(handle)]
    except (OSError, ValueError, TypeError) as error:  # pydantic's and json's errors are ValueErrors
        raise _damaged(file) from error


def _values(row: dict[str, str]) -> dict[str, Any]:
    read: dict[str, Any] = {key: row[key] for key in TrialRow.model_fields if key in row}
    for key in ("settings", "validation"):
        read[key] = json.loads(read[key])
    for key in ("value", "best_so_far"):
        read[key] = None if read[key] == "" else read[key]
    return read


def _read_studies(folder: Path) -> list[StudyRecord]:
    file = folder / STUDIES
    try:
        return _Studies.model_validate_json(file.read_bytes()).studies
    except FileNotFoundError:
        return []
    except (OSError, ValidationError) as error:
        raise _damaged(file) from error


def _damaged(file: Path) -> DataError:
    return DataError(f"{file} is damaged: delete it and `bench tune` again (trials that are done are kept)")
