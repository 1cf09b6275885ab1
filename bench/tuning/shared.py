"""A study that several processes may work on at once: claiming trials, reporting, and noticing the dead.

There is no global lock. A trial is enqueued for a slot of the study and taken by setting its state from
waiting to running, which storages do atomically. Two processes may enqueue a trial for the same slot; whoever
takes the one with the higher number sees the other and drops it.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import optuna
from optuna.exceptions import UpdateFinishedTrialError
from optuna.storages import BaseStorage
from optuna.trial import FrozenTrial, TrialState

from bench.suite.space import Point
from bench.tuning import trials as notes
from bench.tuning.distributions import distributions, params_of
from bench.tuning.owner import Owner, Watch, this_process
from bench.tuning.proposals import propose
from bench.tuning.pruning import pruner_of
from bench.tuning.studies import DEFAULT, Slot, StudyPlan
from bench.tuning.trials import Ended, Spent, counts, slot_of, spent, standing

BEAT_EVERY_S = 10.0


class LostError(Exception):
    """Another process took this trial's owner for dead."""


@dataclass
class Claim:
    """A trial that this process does.

    Attributes:
        number: Optuna's.
        slot: its place in the study.
        point: what it tries; empty for the suite's own settings where these are not known.
        beat: when it last gave a sign of life.
    """

    number: int
    slot: Slot
    point: Point
    beat: float = field(default=0.0, compare=False)


class SharedStudy:
    """One study in a storage.

    Args:
        plan: of the study.
        storage: where it is kept.
        clock: seconds that only grow.
    """

    def __init__(
        self, plan: StudyPlan, storage: BaseStorage, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self.plan = plan
        self._storage = storage
        self._clock = clock
        self._me: Owner = this_process()
        self._mine: dict[int, Claim] = {}
        self._watch = Watch(clock)
        self._study = optuna.create_study(
            storage=storage, study_name=plan.name, direction="maximize", load_if_exists=True
        )
        self._id = storage.get_study_id_from_name(plan.name)
        self._pruner = pruner_of(plan.search.pruner, plan.base.training)

    def trials(self) -> list[FrozenTrial]:
        """Those that bench enqueued, as they are now; of slots beyond a budget that was lowered none."""
        most = self.plan.slots
        found = self._study.get_trials(deepcopy=False)
        return [
            trial for trial in found if (slot := slot_of(trial)) is not None and (most is None or slot < most)
        ]

    def claim(self) -> Claim | None:
        """Take the waiting trial whose turn it is; None where there is nothing to take now."""
        self.fail_dead()
        while not self.is_spent():
            self.fill()
            waiting = notes.in_turn(self.trials())
            if not waiting:
                break
            for trial in waiting:
                claim = self._begin(trial) if self._take(trial.number) else None
                if claim is not None:
                    return claim
        return None

    def fill(self) -> None:
        """Enqueue a trial for the slot whose turn it is, if it has none and the budget allows it."""
        number = None if self.is_spent() else notes.next_slot(self.trials(), self.plan.slots)
        if number is None:
            return
        slot, params = self.plan.slot(number), {}
        if slot.point is not None and slot.inside:
            params = params_of(slot.point, self.plan.dimensions)
        attributes = {notes.SLOT: number} | ({notes.NAME: slot.name} if slot.name else {})
        self._study.enqueue_trial(params, user_attrs=attributes)

    def is_spent(self) -> bool:
        """Whether nothing more may be begun, by a budget of epochs or seconds."""
        budget = self.plan.search.budget
        if self.plan.slots is not None or budget.amount is None:
            return False
        done = spent(self.trials())
        return (done.epochs if budget.kind == "epochs" else done.seconds) >= budget.amount

    def is_finished(self) -> bool:
        """Whether nothing is left to do, here or elsewhere."""
        found = standing(self.trials()).values()
        if self.plan.slots is None:  # what waits was enqueued before the budget was spent
            return self.is_spent() and all(trial.state != TrialState.RUNNING for trial in found)
        return len(found) == self.plan.slots and all(trial.state.is_finished() for trial in found)

    def spent(self) -> Spent:
        """What its trials have cost."""
        return spent(self.trials())

    def gave_up(self, slot: int) -> bool:
        """Whether a slot is not tried again: its trials died or crashed too often."""
        return notes.given_up(notes.by_slot(self.trials()).get(slot, []))

    def elsewhere(self) -> list[FrozenTrial]:
        """Trials that other processes do."""
        running = (trial for trial in self.trials() if trial.state == TrialState.RUNNING)
        return [trial for trial in running if trial.number not in self._mine]

    def report(self, claim: Claim, epoch: int, value: float) -> bool:
        """Note an epoch's validation value; whether the trial may go on.

        Raises:
            LostError: another process took this one for dead.
        """
        trial = self._trial_id(claim.number)
        with _unless_lost():
            self._storage.set_trial_intermediate_value(trial, epoch, value)
        if self._pruner is None:
            return True
        known = self._storage.get_trial(trial)
        # Asked in any case: successive halving notes who reached a rung, and with what.
        go_on = not self._pruner.prune(self._study, known)
        # All are compared with the default. And a trial is worth what it has reached, at least: one that
        # may have won already goes on.
        return go_on or claim.slot.name == DEFAULT or max(known.intermediate_values.values()) >= self._best()

    def _best(self) -> float:
        """The highest value of the trials that were done; -inf before the first."""
        done = (trial for trial in self.trials() if trial.state == TrialState.COMPLETE)
        return max((trial.value for trial in done if trial.value is not None), default=-math.inf)

    def beat(self) -> None:
        """Give a sign of life for every trial of this process that is due.

        A trial that another process has taken over is noticed when it is reported.
        """
        now = self._clock()
        for claim in self._mine.values():
            if now - claim.beat >= BEAT_EVERY_S:
                claim.beat = now
                try:
                    self._note(claim.number, {notes.HEARTBEAT: now})
                except LostError:
                    continue

    def complete(self, claim: Claim, value: float, cost: Spent) -> None:
        """The trial has a value; errors as `report`."""
        self._end(claim, TrialState.COMPLETE, value, cost, {notes.BEST: value})

    def prune(self, claim: Claim, best: float, cost: Spent) -> None:
        """The trial was ended early, with so much as its best value so far; errors as `report`."""
        self._end(claim, TrialState.PRUNED, None, cost, {notes.BEST: best})

    def fail(self, claim: Claim, how: Ended, reason: str, cost: Spent) -> None:
        """The trial has no value; errors as `report`."""
        self._end(claim, TrialState.FAIL, None, cost, {notes.ENDED: how, notes.REASON: reason})

    def fail_dead(self) -> list[int]:
        """Fail the running trials whose process has died; the slots of these."""
        failed = []
        for trial in self.elsewhere():
            attributes = trial.user_attrs
            silent = self._watch.is_silent(trial.number, attributes.get(notes.HEARTBEAT))
            if not (silent or self._me.is_gone(attributes.get(notes.OWNER))):
                continue
            ends: dict[str, Any] = {notes.ENDED: "died", notes.REASON: "its process died"}
            try:
                self._note(trial.number, ends)
                self._state(trial.number, TrialState.FAIL)
            except LostError:
                continue  # it was quicker, or another process that noticed
            failed.append(slot_of(trial) or 0)
        return failed

    def _take(self, number: int) -> bool:
        try:
            return self._storage.set_trial_state_values(self._trial_id(number), TrialState.RUNNING)
        except UpdateFinishedTrialError:
            return False

    def _begin(self, trial: FrozenTrial) -> Claim | None:
        """Note who does the trial and what it tries; None where its slot has another trial."""
        number, slot = trial.number, self.plan.slot(slot_of(trial) or 0)
        now = self._clock()
        claim = Claim(number, slot, {}, now)
        self._mine[number] = claim
        try:
            self._note(number, {notes.OWNER: self._me.as_dict(), notes.HEARTBEAT: now})
            found = self.trials()
            same = (each for each in found if slot_of(each) == slot.number and each.number < number)
            if any(map(counts, same)):
                self.fail(claim, "duplicate", "duplicate", Spent())
                return None
            claim.point = self._point(slot, found)
            self._note(number, {notes.SETTINGS: dict(claim.point)})
            if slot.inside:
                self._keep_params(number, claim.point)
        except LostError:
            self._mine.pop(number, None)
            return None
        return claim

    def _point(self, slot: Slot, found: list[FrozenTrial]) -> Point:
        search = self.plan.search
        if slot.point is not None or slot.name:
            return slot.point or {}
        assert search.sampler != "grid"  # every point of which is known
        others = [trial for trial in found if slot_of(trial) != slot.number]
        return propose(search.sampler, self.plan.dimensions, search.seed, slot.number, others)

    def _keep_params(self, number: int, point: Point) -> None:
        params = params_of(point, self.plan.dimensions)
        for key, kind in distributions(self.plan.dimensions).items():
            value = kind.to_internal_repr(params[key])
            with _unless_lost():
                self._storage.set_trial_param(self._trial_id(number), key, value, kind)

    def _end(
        self, claim: Claim, state: TrialState, value: float | None, cost: Spent, more: dict[str, Any]
    ) -> None:
        self._mine.pop(claim.number, None)
        self._note(claim.number, {notes.EPOCHS: cost.epochs, notes.SECONDS: cost.seconds} | more)
        if state == TrialState.PRUNED:  # as Optuna does: the last value that was reported
            reported = self._storage.get_trial(self._trial_id(claim.number)).intermediate_values
            value = reported[max(reported)]
        self._state(claim.number, state, None if value is None else [value])

    def _note(self, number: int, attributes: dict[str, Any]) -> None:
        for key, value in attributes.items():
            with _unless_lost():
                self._storage.set_trial_user_attr(self._trial_id(number), key, value)

    def _state(self, number: int, state: TrialState, values: list[float] | None = None) -> None:
        with _unless_lost():
            self._storage.set_trial_state_values(self._trial_id(number), state, values)

    def _trial_id(self, number: int) -> int:
        return self._storage.get_trial_id_from_study_id_trial_number(self._id, number)


@contextmanager
def _unless_lost() -> Iterator[None]:
    try:
        yield
    except UpdateFinishedTrialError as error:
        raise LostError from error
