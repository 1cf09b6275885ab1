"""What a search found, trial by trial and setting by setting, from its files."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from bench.suite.entries import short
from bench.suite.space import Dimension, lies_on
from bench.tuning.records import StudyRecord, TrialRow

# Below so many trials that were done, and below so many per setting, importances are chance.
LEAST_TRIALS = 10
LEAST_PER_SETTING = 3


@dataclass(frozen=True)
class HistoryRow:
    """One trial in the order of the search.

    Attributes:
        dataset: the dataset's label.
        variant: the variant's label.
        metric: of ``value``, on the validation targets.
        trial: from 0.
        name: ``default`` of the suite's own settings.
        state: ``done``, ``pruned``, ``failed`` or ``running``.
        value: None of a failure; of a pruned trial its best so far.
        best: the best of those that were done until then; None before the first.
    """

    dataset: str
    variant: str
    metric: str
    trial: int
    name: str
    state: str
    value: float | None
    best: float | None


@dataclass(frozen=True)
class ImportanceRow:
    """How much of the variance of the values one setting explains.

    Attributes:
        dataset: the dataset's label.
        variant: the variant's label.
        metric: of the values.
        setting: by its key.
        importance: functional ANOVA's share, over settings 1; None where the trials are too few.
        trials: those that were done within the space.
    """

    dataset: str
    variant: str
    metric: str
    setting: str
    importance: float | None
    trials: int


@dataclass(frozen=True)
class SliceRow:
    """One setting of one trial beside the trial's value.

    Attributes:
        dataset: the dataset's label.
        variant: the variant's label.
        metric: of ``value``.
        setting: by its key.
        chosen: its value in the trial, as a suite writes it.
        place: where it lies: the number itself, or of a list its place in it, from 0.
        ticks: of a list its values in words; of a range none.
        log: whether the range is one of a logarithm.
        trial: from 0.
        state: ``done`` or ``pruned``.
        value: of the trial.
        share: of the best value of the study.
    """

    dataset: str
    variant: str
    metric: str
    setting: str
    chosen: str
    place: float
    ticks: tuple[str, ...]
    log: bool
    trial: int
    state: str
    value: float
    share: float


def history_rows(studies: Sequence[StudyRecord], trials: Sequence[TrialRow]) -> list[HistoryRow]:
    """Every trial of these studies, in their order."""
    return [
        HistoryRow(
            study.dataset,
            study.model,
            study.monitor,
            row.trial,
            row.name,
            row.state,
            row.value,
            row.best_so_far,
        )
        for study in studies
        for row in _of(study, trials)
    ]


def importance_rows(studies: Sequence[StudyRecord], trials: Sequence[TrialRow]) -> list[ImportanceRow]:
    """Every setting of every study; the same trials give the same numbers."""
    found = []
    for study in studies:
        dimensions = _dimensions(study)
        done = [
            row
            for row in _of(study, trials)
            if row.state == "done" and row.settings.keys() == study.space.keys()
            if lies_on(row.settings, dimensions)
        ]
        least = max(LEAST_TRIALS, LEAST_PER_SETTING * len(dimensions))
        shares = _importances(dimensions, done) if len(done) >= least else {}
        found += [
            ImportanceRow(study.dataset, study.model, study.monitor, key, shares.get(key), len(done))
            for key in study.space
        ]
    return found


def slice_rows(studies: Sequence[StudyRecord], trials: Sequence[TrialRow]) -> list[SliceRow]:
    """Every setting of every trial that has a value and lies in the space."""
    found = []
    for study in studies:
        if study.best is None or study.best.value <= 0:
            continue
        dimensions = _dimensions(study)
        for dimension in dimensions:
            ticks = tuple(_words(choice) for choice in dimension.choices)
            for row in _of(study, trials):
                if row.value is None or row.state == "running" or row.settings.keys() != study.space.keys():
                    continue
                chosen = row.settings[dimension.key]
                if not dimension.holds(chosen):
                    continue
                place = ticks.index(_words(dimension.tidy(chosen))) if ticks else float(chosen)
                found.append(
                    SliceRow(
                        *(study.dataset, study.model, study.monitor, dimension.key, _words(chosen)),
                        *(place, ticks, dimension.log, row.trial, row.state),
                        *(row.value, row.value / study.best.value),
                    )
                )
    return found


def _of(study: StudyRecord, trials: Sequence[TrialRow]) -> list[TrialRow]:
    return [row for row in trials if row.cell == study.cell]


def _dimensions(study: StudyRecord) -> list[Dimension]:
    return [Dimension.model_validate(each) for each in study.dimensions]


def _words(value: Any) -> str:
    """A value on an axis and in a file."""
    return f"{value:g}" if isinstance(value, float) else short(value)


def _importances(dimensions: Sequence[Dimension], done: Sequence[TrialRow]) -> dict[str, float]:
    """By functional ANOVA (Hutter et al. 2014) over a forest with a fixed seed."""
    import optuna
    from optuna.importance import FanovaImportanceEvaluator, get_param_importances

    from bench.tuning.distributions import distributions, params_of

    study = optuna.create_study(direction="maximize")
    space = distributions(dimensions)
    for row in done:
        study.add_trial(
            optuna.trial.create_trial(
                value=row.value, params=params_of(row.settings, dimensions), distributions=space
            )
        )
    evaluator = FanovaImportanceEvaluator(seed=0)
    return get_param_importances(study, evaluator=evaluator)
