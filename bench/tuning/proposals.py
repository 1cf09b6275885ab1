"""What a sampler proposes next: a function of the search's seed, the slot and the trials so far.

Optuna's samplers draw from a generator that every process begins anew, so that a resumed study would draw
again what it drew first. Here each slot has a generator of its own, and the trials so far are shown to the
sampler in the order of their slots.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import numpy as np
import optuna
from optuna.samplers import BaseSampler, RandomSampler, TPESampler
from optuna.trial import FrozenTrial, TrialState, create_trial

from bench.suite.space import Dimension, Point
from bench.tuning.distributions import distributions, point_of
from bench.tuning.trials import slot_of

_LEARNT_FROM = (TrialState.COMPLETE, TrialState.PRUNED, TrialState.RUNNING)


def propose(
    sampler: Literal["random", "tpe"],
    dimensions: Sequence[Dimension],
    seed: int,
    slot: int,
    trials: Sequence[FrozenTrial],
) -> Point:
    """The point to try in a slot.

    Args:
        sampler: its kind.
        dimensions: of the space.
        seed: of the search.
        slot: the trial's number within the study.
        trials: of the study; what failed and what has no place in the space is passed over.
    """
    drawn = int(np.random.SeedSequence([seed, slot]).generate_state(1)[0])
    asked: BaseSampler = RandomSampler(seed=drawn) if sampler == "random" else TPESampler(seed=drawn)
    study = optuna.create_study(sampler=asked, direction="maximize")
    space = distributions(dimensions)
    seen = [each for each in trials if each.state in _LEARNT_FROM and each.params.keys() == space.keys()]
    for each in sorted(seen, key=lambda trial: slot_of(trial) or 0):
        study.add_trial(
            create_trial(
                state=each.state,
                value=each.value,
                params=each.params,
                distributions=each.distributions,
                intermediate_values=each.intermediate_values,
            )
        )
    return point_of(study.ask(space).params, dimensions)
