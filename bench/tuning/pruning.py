"""When a trial is ended early: by the validation values of its epochs beside those of the others."""

from __future__ import annotations

import math
from collections.abc import Container
from typing import Any, Literal, cast

from optuna.pruners import BasePruner, MedianPruner, SuccessiveHalvingPruner
from optuna.study import Study
from optuna.trial import FrozenTrial, TrialState

from bench.suite.settings import TrainingSettings

# Raised when a pruner's trials are ended otherwise, so that older studies of it are not gone on with.
VERSIONS = {"successive-halving": 2}

FACTOR = 3  # of successive halving: one trial in three goes on at each rung
RUNGS = 3


def pruner_of(
    kind: Literal["none", "median", "successive-halving"], training: TrainingSettings
) -> BasePruner | None:
    """The pruner of a study; steps are epochs.

    The median pruner has Optuna's defaults: after five complete trials, one whose best value so far is below
    the median of the others at the same epoch. Successive halving has rungs at a 27th, a 9th and a third of
    the epochs.

    Args:
        kind: of pruner.
        training: of the suite's own settings.
    """
    if kind == "none":
        return None
    if kind == "median":
        return _WithoutFailures(MedianPruner())
    first = max(training.validate_every, math.ceil(training.epochs / FACTOR**RUNGS))
    return _WithoutFailures(SuccessiveHalvingPruner(min_resource=first, reduction_factor=FACTOR))


class _WithoutFailures(BasePruner):
    """Asks another pruner, and shows it no failed trials.

    Successive halving counts every trial that reached a rung: one whose process died there, and that was
    tried again, would count twice.
    """

    def __init__(self, inner: BasePruner) -> None:
        self._inner = inner

    def prune(self, study: Study, trial: FrozenTrial) -> bool:
        return self._inner.prune(cast(Study, _View(study)), trial)


class _View:
    """A study as it would be had no trial failed."""

    def __init__(self, study: Study) -> None:
        self._study_behind = study

    def get_trials(
        self, deepcopy: bool = True, states: Container[TrialState] | None = None
    ) -> list[FrozenTrial]:
        found = self._study_behind.get_trials(deepcopy=deepcopy, states=states)
        return [trial for trial in found if trial.state != TrialState.FAIL]

    def __getattr__(self, name: str) -> Any:
        return getattr(self._study_behind, name)
