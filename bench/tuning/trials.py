"""What bench notes of a trial, beside what Optuna does: whose it is, what it is for, and how it ended."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Literal

from optuna.trial import FrozenTrial, TrialState

SLOT, NAME, SETTINGS = "slot", "name", "settings"
OWNER, HEARTBEAT = "owner", "heartbeat"
ENDED, REASON = "ended", "reason"
EPOCHS, SECONDS, BEST = "epochs", "seconds", "best"

# How a trial with state FAIL ended. A duplicate did nothing; what died or was interrupted is tried again.
Ended = Literal["failed", "duplicate", "died", "interrupted"]

MOST_ATTEMPTS = 3  # of a slot whose process died


@dataclass(frozen=True)
class Spent:
    """What trials cost."""

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


def given_up(trials: Iterable[FrozenTrial]) -> bool:
    """Whether a slot whose trials these are is not tried again: its process died too often."""
    return sum(ended(trial) == "died" for trial in trials) >= MOST_ATTEMPTS


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


def spent(trials: Iterable[FrozenTrial]) -> Spent:
    """What the trials of a study cost that have ended and count."""
    done = [trial for trial in standing(trials).values() if trial.state.is_finished()]
    return Spent(
        len(done), int(sum(_cost(each, EPOCHS) for each in done)), sum(_cost(each, SECONDS) for each in done)
    )


def _cost(trial: FrozenTrial, kind: str) -> float:
    """A failure costs an epoch, and a second, at least: a budget ends also where all trials fail at once."""
    least = 1.0 if trial.state == TrialState.FAIL else 0.0
    return max(least, float(trial.user_attrs.get(kind, 0)))


def settings_of(trial: FrozenTrial) -> dict[str, Any]:
    """The settings that a trial tried, by the keys of its space; none before it began."""
    return dict(trial.user_attrs.get(SETTINGS) or {})
