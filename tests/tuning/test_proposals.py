"""What is proposed depends on the seed, the slot and what is known, and on nothing else."""

from __future__ import annotations

from typing import Literal

import pytest
from optuna.trial import FrozenTrial, TrialState, create_trial

from bench.suite.space import Dimension, Point
from bench.tuning.distributions import distributions, params_of, point_of
from bench.tuning.proposals import propose
from bench.tuning.trials import SLOT

SPACE = (
    Dimension(key="rate", kind="float", low=1e-4, high=1e-1, log=True),
    Dimension(key="dropout", kind="float", low=0.1, high=0.5, step=0.1),
    Dimension(key="size", kind="int", low=8, high=64, step=8),
    Dimension(key="flag", kind="choice", choices=(True, 1, "1", None, [1, 2])),
)


def trial(slot: int, point: Point, value: float, state: TrialState = TrialState.COMPLETE) -> FrozenTrial:
    return create_trial(
        state=state,
        value=None if state in (TrialState.FAIL, TrialState.RUNNING) else value,
        params=params_of(point, SPACE) if point else {},
        distributions=distributions(SPACE) if point else {},
        user_attrs={SLOT: slot},
    )


def goodness(point: Point) -> float:
    """Best at the smallest rate and the largest size."""
    return float(point["size"]) / 64 - float(point["rate"])


def history(sampler: Literal["random", "tpe"], trials: int, seed: int = 0) -> list[FrozenTrial]:
    found: list[FrozenTrial] = []
    for slot in range(trials):
        point = propose(sampler, SPACE, seed, slot, found)
        found.append(trial(slot, point, goodness(point)))
    return found


@pytest.mark.parametrize("sampler", ["random", "tpe"])
def test_proposals_lie_in_the_space_as_it_is_written(sampler: Literal["random", "tpe"]) -> None:
    for each in history(sampler, 15):
        point = point_of(each.params, SPACE)
        assert all(dimension.holds(point[dimension.key]) for dimension in SPACE)
        assert point["dropout"] in (0.1, 0.2, 0.3, 0.4, 0.5)  # to the last digit
        assert isinstance(point["size"], int)
        assert any(point["flag"] is choice or point["flag"] == [1, 2] for choice in (True, 1, "1", None))


@pytest.mark.parametrize("sampler", ["random", "tpe"])
def test_the_same_seed_proposes_the_same_again(sampler: Literal["random", "tpe"]) -> None:
    one, two = history(sampler, 14), history(sampler, 14)
    assert [each.params for each in one] == [each.params for each in two]
    assert [each.params for each in history(sampler, 14, seed=1)] != [each.params for each in one]
    assert len({str(each.params) for each in one}) == 14  # no slot repeats another's draws


def test_a_search_in_pieces_proposes_what_a_whole_one_does() -> None:
    """Trials that failed for want of a process, in whatever order the storage holds them, change nothing."""
    whole = history("tpe", 14)
    died = [trial(5, point_of(whole[3].params, SPACE), 0.0, TrialState.FAIL)]
    default = [trial(0, {}, 0.9)]  # a default outside the space, of which samplers know nothing
    again = propose("tpe", SPACE, 0, 13, [*reversed(whole[:13]), *died, *default])
    assert again == point_of(whole[13].params, SPACE)


def test_tpe_learns() -> None:
    later = [goodness(point_of(each.params, SPACE)) for each in history("tpe", 40)[25:]]
    drawn = [goodness(point_of(each.params, SPACE)) for each in history("random", 40)[25:]]
    assert sum(later) / len(later) > sum(drawn) / len(drawn) + 0.1


def test_trials_that_run_are_known() -> None:
    past = history("tpe", 12)
    running = [trial(20 + n, point_of(past[-1].params, SPACE), 0.0, TrialState.RUNNING) for n in range(6)]
    assert propose("tpe", SPACE, 0, 30, past) != propose("tpe", SPACE, 0, 30, [*past, *running])
