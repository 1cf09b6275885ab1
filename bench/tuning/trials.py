"""What bench notes of a trial, beside what Optuna does: whose it is, what it is for, and how it ended."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import count
from typing import Any, Literal

from optuna.trial import FrozenTrial, TrialState

SLOT, NAME, SETTINGS = "slot", "name", "settings"
OWNER, HEARTBEAT = "owner", "heartbeat"
ENDED, REASON = "ended", "reason"
EPOCHS, SECONDS, BEST = "epochs", "seconds", "best"

# How a trial with state FAIL ended. A duplicate did nothing; all but it and what failed by itself are tried
# again: the owner died, the machine could not train it (crashed), or the owner was told to stop.
Ended = Literal["failed", "duplicate", "died", "crashed", "interrupted"]

MOST_CRASHES = 3  # of a slot
MOST_DEATHS = 10  # of the owners of a slot that never came to an epoch: somebody starts them again and again


@dataclass(frozen=True)
class Spent:
    """What trials cost: epochs begun, and seconds from the first message of a worker to its last."""

    trials: int = 0
    epochs: int = 0
    seconds: float = 0.0


def slot_of(trial: FrozenTrial) -> int | None:
    """The trial's slot; None of a trial that bench did not enqueue."""
    slot = trial.user_attrs.get(SLOT)
    return slot if isinstance(slot, int) else None


def ended(trial: FrozenTrial) -> Ended | None:
    """How a failed trial ended; None while it has not failed."""
    if trial.state != TrialState.FAIL:
        return None
    found: Ended = trial.user_attrs.get(ENDED, "failed")
    return found


def counts(trial: FrozenTrial) -> bool:
    """Whether the trial takes its slot: waiting, running or ended by itself, in whatever way."""
    return ended(trial) in (None, "failed")


def given_up(trials: Sequence[FrozenTrial]) -> bool:
    """Whether a slot whose trials these are is not tried again: it crashed, or its owner died, too often.

    Trainings are done by workers, so that the death of an owner is not the trial's doing, unless no attempt
    came to an epoch.
    """
    ends = Counter(map(ended, trials))
    begun = any(trial.intermediate_values for trial in trials)
    return ends["crashed"] >= MOST_CRASHES or (ends["died"] >= MOST_DEATHS and not begun)


def turn(slot: int, trials: Iterable[FrozenTrial]) -> tuple[int, int]:
    """The place of a slot among those to be done: in their order, but behind others if it crashed."""
    return sum(ended(trial) == "crashed" for trial in trials), slot


def in_turn(trials: Iterable[FrozenTrial]) -> list[FrozenTrial]:
    """The trials that wait, in the order in which they are to be done."""
    found = [
        (*turn(slot, own), trial.number, trial)
        for slot, own in by_slot(trials).items()
        for trial in own
        if trial.state == TrialState.WAITING
    ]
    return [trial for *_, trial in sorted(found, key=lambda each: each[:-1])]


def next_slot(trials: Iterable[FrozenTrial], slots: int | None) -> int | None:
    """The slot to enqueue a trial for; None where there is none, or one that waits comes before it.

    Slots are enqueued one by one: of processes that begin together each would enqueue all of them.

    Args:
        trials: of the study.
        slots: how many there are; None: as many as one likes.
    """
    known = by_slot(trials)
    waiting = [turn(n, own) for n, own in known.items() if any(t.state == TrialState.WAITING for t in own)]
    free = [turn(n, own) for n, own in known.items() if not any(map(counts, own)) and not given_up(own)]
    new = next(number for number in count() if number not in known)
    if slots is None or new < slots:
        free.append(turn(new, ()))
    first = min(free, default=None)
    return None if first is None or (waiting and min(waiting) < first) else first[1]


def by_slot(trials: Iterable[FrozenTrial]) -> dict[int, list[FrozenTrial]]:
    """The trials of each slot in the order of their numbers; slots in order."""
    found: dict[int, list[FrozenTrial]] = {}
    for trial in trials:
        slot = slot_of(trial)
        if slot is not None:
            found.setdefault(slot, []).append(trial)
    return {slot: sorted(found[slot], key=lambda trial: trial.number) for slot in sorted(found)}


def standing(trials: Iterable[FrozenTrial]) -> dict[int, FrozenTrial]:
    """The one trial that counts in each slot; of a slot that was given up the last."""
    found = {}
    for slot, own in by_slot(trials).items():
        counting = [trial for trial in own if counts(trial)]
        if counting:
            found[slot] = counting[0]
        elif given_up(own):
            found[slot] = own[-1]
    return found


def never_done(trials: Iterable[FrozenTrial]) -> int:
    """The number of slots that were given up."""
    return sum(ended(trial) in ("died", "crashed") for trial in standing(trials).values())


def spent(trials: Iterable[FrozenTrial]) -> Spent:
    """What the trials of a study cost that have ended and count."""
    costs = [charged(trial) for trial in standing(trials).values() if trial.state.is_finished()]
    return Spent(len(costs), sum(cost.epochs for cost in costs), sum(cost.seconds for cost in costs))


def charged(trial: FrozenTrial) -> Spent:
    """What a trial costs its study.

    A failure costs an epoch, and a second, at least: a budget ends also where all trials fail at once.
    """
    least = 1 if trial.state == TrialState.FAIL else 0
    epochs = trial.user_attrs.get(EPOCHS, len(trial.intermediate_values))
    return Spent(1, max(least, int(epochs)), max(float(least), float(trial.user_attrs.get(SECONDS, 0.0))))


def settings_of(trial: FrozenTrial) -> dict[str, Any]:
    """The settings that a trial tried, by the keys of its space; none before it began."""
    return dict(trial.user_attrs.get(SETTINGS) or {})
