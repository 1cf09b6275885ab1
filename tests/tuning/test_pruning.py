"""Trials are ended by their validation epochs, at the epoch where the rule says so."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import pytest

from bench.tuning.shared import Claim, SharedStudy
from bench.tuning.trials import Spent
from tests.tuning.conftest import TPE

Open = Callable[..., SharedStudy]
COST = Spent(1, 1, 0.1)


def begun(study: SharedStudy) -> Claim:
    claim = study.claim()
    assert claim is not None
    return claim


def whole(study: SharedStudy, values: Sequence[float]) -> None:
    claim = begun(study)
    for epoch, value in enumerate(values, 1):
        assert study.report(claim, epoch, value)
    study.complete(claim, max(values), COST)


def pruned_at(study: SharedStudy, values: Sequence[float]) -> int | None:
    claim = begun(study)
    for epoch, value in enumerate(values, 1):
        if not study.report(claim, epoch, value):
            study.prune(claim, max(values[:epoch]), COST)
            return epoch
    study.complete(claim, max(values), COST)
    return None


def test_the_median_pruner_compares_the_best_so_far_at_each_epoch(study: Open) -> None:
    shared = study(TPE.replace("trials: 13", "trials: 13\n  pruner: median"))
    for level in (0.1, 0.2, 0.3, 0.4):
        whole(shared, [level, level + 0.1, level + 0.2])
    assert pruned_at(shared, [0.0, 0.0, 0.0]) is None  # four complete trials are too few to judge by
    # Now the medians of 0, 0.1 .. 0.4 are 0.2, 0.3 and 0.4.
    assert pruned_at(shared, [0.21, 0.29, 0.5]) == 2
    assert pruned_at(shared, [0.35, 0.2, 0.2]) == 3  # 0.35 was enough at the second epoch
    assert pruned_at(shared, [0.19, 1.0, 1.0]) == 1
    assert pruned_at(shared, [0.4, 0.4, 0.4]) is None


def test_successive_halving_lets_a_third_go_on(study: Open) -> None:
    text = TPE.replace("trials: 13", "trials: 13\n  pruner: successive-halving")
    shared = study(text)  # of 3 epochs: rungs at 1 and 3
    assert pruned_at(shared, [0.5, 0.5, 0.5]) is None  # the first has nobody beside it
    assert pruned_at(shared, [0.4, 0.9, 0.9]) == 1
    assert pruned_at(shared, [0.6, 0.6, 0.6]) is None
    assert pruned_at(shared, [0.5, 0.9, 0.9]) == 1


def test_a_trial_that_beat_all_that_are_done_goes_on(study: Open) -> None:
    """Successive halving would end it for what running trials have; its value is at least what it reached."""
    shared = study(TPE.replace("trials: 13", "trials: 13\n  pruner: successive-halving"))
    whole(shared, [0.3, 0.3, 0.32])
    running = [begun(shared) for _ in range(3)]
    for claim, value in zip(running, (0.4, 0.5, 0.6), strict=True):
        assert shared.report(claim, 1, value)
    assert pruned_at(shared, [0.33, 0.1, 0.1]) is None
    assert pruned_at(shared, [0.31, 0.9, 0.9]) == 1
    assert pruned_at(shared, [0.33, 0.9, 0.9]) is None  # 0.33 is the best that was done


def test_nothing_is_ended_before_a_trial_was_done(study: Open) -> None:
    shared = study(TPE.replace("trials: 13", "trials: 13\n  pruner: successive-halving"))
    claims = [begun(shared) for _ in range(5)]
    assert all(shared.report(claim, 1, 0.1 * n) for n, claim in enumerate(reversed(claims)))


@pytest.mark.parametrize("pruner", ["median", "successive-halving"])
def test_the_default_is_never_ended(study: Open, pruner: str) -> None:
    """With several at a time others may be done before it."""
    shared = study(TPE.replace("trials: 13", f"trials: 13\n  pruner: {pruner}"))
    default = begun(shared)
    for _ in range(6):
        claim = begun(shared)
        for epoch in (1, 2, 3):
            shared.report(claim, epoch, 0.5)
        shared.complete(claim, 0.5, COST)
    assert all(shared.report(default, epoch, 0.0) for epoch in (1, 2, 3))
    assert pruned_at(shared, [0.0, 0.0, 0.0]) == 1


def test_a_trial_whose_process_died_does_not_count_at_its_rung(study: Open) -> None:
    text = TPE.replace("trials: 13", "trials: 13\n  pruner: successive-halving")
    shared = study(text)
    for value in (0.9, 0.8):
        claim = begun(shared)
        shared.report(claim, 1, value)
        shared.fail(claim, "interrupted", "interrupted", COST)
    # With the two that were interrupted this would be the third, and end.
    assert pruned_at(shared, [0.5, 0.5, 0.5]) is None


def test_without_a_pruner_every_trial_ends_by_itself(study: Open) -> None:
    shared = study(TPE)
    for _ in range(6):
        whole(shared, [0.9, 0.9, 0.9])
    assert pruned_at(shared, [0.0, 0.0, 0.0]) is None
