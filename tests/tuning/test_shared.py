"""Slots are done once, whoever works on them; the dead are noticed; budgets end."""

from __future__ import annotations

import multiprocessing
import subprocess
import sys
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import optuna
import pytest
from optuna.trial import TrialState

from bench.suite.space import grid_points
from bench.tuning import trials as notes
from bench.tuning.export import study_record
from bench.tuning.owner import SILENT_S, this_process
from bench.tuning.records import never_done
from bench.tuning.shared import BEAT_EVERY_S, LostError, SharedStudy
from bench.tuning.storage import open_journal
from bench.tuning.studies import DEFAULT
from bench.tuning.trials import Spent, standing
from tests.tuning.conftest import GRID, TPE, plan_of

Open = Callable[..., SharedStudy]
ONE = Spent(1, 3, 0.5)


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def do_all(study: SharedStudy) -> list[int]:
    done = []
    while (claim := study.claim()) is not None:
        study.complete(claim, 0.1 * claim.slot.number, ONE)
        done.append(claim.slot.number)
    return done


def raw(study: SharedStudy, storage: optuna.storages.BaseStorage) -> optuna.Study:
    return optuna.load_study(study_name=study.plan.name, storage=storage)


def test_every_point_of_a_grid_is_done_once_the_default_first(study: Open) -> None:
    shared = study(GRID)
    first = shared.claim()
    assert first is not None
    assert (first.slot.number, first.slot.name) == (0, DEFAULT)
    assert first.point == {"multimodal_size": 4, "lambda": 10}
    shared.complete(first, 0.5, ONE)
    points = [first.point]
    while (claim := shared.claim()) is not None:
        points.append(claim.point)
        shared.complete(claim, 0.5, ONE)
    assert len(points) == 6
    assert all(point in points for point in grid_points(shared.plan.dimensions))
    assert shared.is_finished()


def test_a_default_beside_the_grid_is_a_trial_of_its_own(study: Open) -> None:
    shared = study(GRID.replace("lambda: 10}", "lambda: 7}"))
    claim = shared.claim()
    assert claim is not None
    assert claim.slot.name == DEFAULT and claim.point["lambda"] == 7
    assert shared.plan.slots == 7
    (trial,) = [each for each in shared.trials() if each.state == TrialState.RUNNING]
    assert trial.params == {}  # samplers and importance know nothing of what is outside the space


def test_two_that_share_a_study_do_each_slot_once(study: Open) -> None:
    a, b = study(GRID), study(GRID)
    done = []
    while (claims := [(each, each.claim()) for each in (a, b)]) and any(claim for _, claim in claims):
        for each, claim in claims:
            if claim is not None:
                each.complete(claim, 0.1, ONE)
                done.append(claim.slot.number)
    assert sorted(done) == list(range(6))


def test_of_two_trials_for_a_slot_the_later_one_is_dropped(
    study: Open, storage: optuna.storages.BaseStorage
) -> None:
    shared = study(GRID)
    for slot in [*range(6), *range(6)]:  # as processes do that look before the other has enqueued
        raw(shared, storage).enqueue_trial({}, user_attrs={notes.SLOT: slot})
    assert sorted(do_all(shared)) == list(range(6))
    states = Counter((each.state, each.user_attrs.get(notes.ENDED)) for each in raw(shared, storage).trials)
    assert states == {(TrialState.COMPLETE, None): 6, (TrialState.FAIL, "duplicate"): 6}
    assert shared.spent() == Spent(6, 18, 3.0)


def test_a_slot_that_failed_by_itself_is_not_tried_again(
    study: Open, storage: optuna.storages.BaseStorage
) -> None:
    shared = study(GRID)
    claim = shared.claim()
    assert claim is not None
    raw(shared, storage).enqueue_trial({}, user_attrs={notes.SLOT: 0})
    shared.fail(claim, "failed", "the loss is not finite", ONE)
    assert do_all(shared) == [1, 2, 3, 4, 5]
    assert standing(shared.trials())[0].state == TrialState.FAIL


def test_what_waits_is_one_trial(study: Open) -> None:
    """Four processes that begin together would enqueue every slot four times."""
    a, b = study(GRID), study(GRID)
    for _ in range(2):
        a.fill()
        b.fill()
    assert [(notes.slot_of(each), each.state) for each in a.trials()] == [(0, TrialState.WAITING)]
    claims = [each.claim() for each in (a, b, a)]
    assert [claim.slot.number for claim in claims if claim is not None] == [0, 1, 2]
    assert claims[0] is not None
    a.fill()
    a.fail(claims[0], "interrupted", "interrupted", ONE)
    b.fill()  # what is free comes before what waits
    assert [claim.slot.number for claim in (b.claim(), b.claim()) if claim is not None] == [0, 3]
    assert len(a.trials()) == 5


def claimed_elsewhere(file: Path, kind: str) -> None:
    """A process that takes a trial of the journal and dies."""
    code = (
        "import os, sys\n"
        "from pathlib import Path\n"
        "from tests.tuning.conftest import GRID, plan_of\n"
        "from bench.tuning.shared import SharedStudy\n"
        "from bench.tuning.storage import open_journal\n"
        "claim = SharedStudy(plan_of(GRID), open_journal(Path(sys.argv[1]))).claim()\n"
        "assert claim is not None and claim.slot.number == 0\n"
        f"os.kill(os.getpid(), {kind})\n"
    )
    done = subprocess.run([sys.executable, "-c", code, str(file)], cwd=Path(__file__).parents[2], check=False)
    assert done.returncode == -int(kind)


def test_a_trial_whose_process_died_is_failed_and_tried_again(tmp_path: Path) -> None:
    file = tmp_path / "journal.log"
    claimed_elsewhere(file, "9")
    shared = SharedStudy(plan_of(GRID), open_journal(file))
    (dead,) = shared.elsewhere()
    claim = shared.claim()
    assert claim is not None and claim.slot.number == 0 and claim.number != dead.number
    (failed,) = [each for each in shared.trials() if each.state == TrialState.FAIL]
    assert failed.number == dead.number
    assert failed.user_attrs[notes.REASON] == "its process died"
    assert (
        shared.spent() == Spent()
    )  # what was lost is not charged: an uninterrupted search has no such trial


def test_a_process_that_lives_is_not_taken_for_dead(study: Open) -> None:
    a, b = study(GRID), study(GRID)
    claim = a.claim()
    assert claim is not None
    assert b.fail_dead() == []
    assert a.report(claim, 1, 0.1)


def test_one_that_is_silent_for_a_minute_is_dead(study: Open, storage: optuna.storages.BaseStorage) -> None:
    clock = Clock()
    owner, observer = study(GRID, clock=clock), study(GRID, clock=clock)
    claim = owner.claim()
    assert claim is not None
    # On another machine, where nobody can see whether the process is there.
    trial = storage.get_trial_id_from_study_id_trial_number(
        storage.get_study_id_from_name(owner.plan.name), claim.number
    )
    storage.set_trial_user_attr(trial, notes.OWNER, this_process().as_dict() | {"host": "elsewhere"})
    assert observer.fail_dead() == []
    for _ in range(20):  # it beats
        clock.now += BEAT_EVERY_S
        owner.beat()
        assert observer.fail_dead() == []
    clock.now += SILENT_S - 1
    assert observer.fail_dead() == []
    clock.now += 1
    assert observer.fail_dead() == [claim.slot.number]
    with pytest.raises(LostError):  # it lives after all: its trial is another's now
        owner.report(claim, 1, 0.1)
    again = observer.claim()
    assert again is not None and again.slot == claim.slot


def die(study: Open, storage: optuna.storages.BaseStorage, epochs: int = 0) -> int:
    """A process takes a trial, does so many epochs of it and is gone; the slot."""
    clock = Clock()
    owner, observer = study(GRID, clock=clock), study(GRID, clock=clock)
    claim = owner.claim()
    assert claim is not None
    for epoch in range(1, epochs + 1):
        owner.report(claim, epoch, 0.1)
    trial = storage.get_trial_id_from_study_id_trial_number(
        storage.get_study_id_from_name(owner.plan.name), claim.number
    )
    storage.set_trial_user_attr(trial, notes.OWNER, this_process().as_dict() | {"host": "elsewhere"})
    observer.fail_dead()
    clock.now += SILENT_S
    assert observer.fail_dead() == [claim.slot.number]
    return claim.slot.number


def test_a_slot_is_given_up_where_ten_owners_died_before_its_first_epoch(
    study: Open, storage: optuna.storages.BaseStorage
) -> None:
    assert [die(study, storage) for _ in range(9)] == [0] * 9
    assert not study(GRID).gave_up(0)
    assert die(study, storage) == 0
    shared = study(GRID)
    assert shared.gave_up(0)
    assert do_all(shared) == [1, 2, 3, 4, 5]
    assert shared.is_finished()
    record = study_record(shared)
    assert record.never_done == 1
    assert never_done(record).startswith("1 point was never done: its training")


def test_a_slot_whose_owners_died_later_on_is_not_given_up(
    study: Open, storage: optuna.storages.BaseStorage
) -> None:
    """They are killed for whatever reason; the training sits in a process of its own."""
    assert [die(study, storage, epochs) for epochs in (0, 2, *[0] * 9)] == [0] * 11
    shared = study(GRID)
    assert do_all(shared) == [0, 1, 2, 3, 4, 5]
    assert study_record(shared).never_done == 0


def test_what_crashed_is_tried_again_after_the_others(study: Open) -> None:
    shared = study(GRID)
    tried = []
    for _ in range(8):
        claim = shared.claim()
        assert claim is not None
        tried.append(claim.slot.number)
        if claim.slot.number == 1:
            shared.fail(claim, "crashed", "too little memory", ONE)
        else:
            shared.complete(claim, 0.1, ONE)
    assert tried == [0, 1, 2, 3, 4, 5, 1, 1]
    assert shared.claim() is None and shared.is_finished()
    record = study_record(shared)
    assert (record.never_done, record.states) == (1, {"done": 5, "failed": 1})


def test_what_crashed_costs_nothing_while_a_budget_of_epochs_goes_to_others(study: Open) -> None:
    shared = study(TPE.replace("trials: 13", "epochs: 8"))
    claims = []
    while (claim := shared.claim()) is not None:
        claims.append(claim.slot.number)
        if claims == [0, 1]:
            shared.fail(claim, "crashed", "too little memory", ONE)
        else:
            shared.complete(claim, 0.1, ONE)
    assert claims == [0, 1, 2, 3]
    assert shared.is_finished()


def test_what_was_interrupted_is_tried_again(study: Open) -> None:
    shared = study(GRID)
    for _ in range(4):  # as often as one likes
        claim = shared.claim()
        assert claim is not None and claim.slot.number == 0
        shared.fail(claim, "interrupted", "interrupted", ONE)
    assert do_all(shared) == [0, 1, 2, 3, 4, 5]


@pytest.mark.parametrize(
    ("budget", "trials"), [("epochs: 8", 3), ("seconds: 1.2", 3), ("epochs: 9", 3), ("trials: 4", 4)]
)
def test_budgets_end(study: Open, budget: str, trials: int) -> None:
    """A trial of 3 epochs and half a second begins while the budget is not spent."""
    shared = study(TPE.replace("trials: 13", budget))
    assert do_all(shared) == list(range(trials))
    assert shared.is_finished()
    assert shared.spent() == Spent(trials, 3 * trials, 0.5 * trials)


@pytest.mark.parametrize(("budget", "trials"), [("epochs: 5", 5), ("seconds: 2", 2)])
def test_budgets_end_where_every_trial_fails_at_once(study: Open, budget: str, trials: int) -> None:
    shared = study(TPE.replace("trials: 13", budget))
    done = 0
    while (claim := shared.claim()) is not None:
        shared.fail(claim, "failed", "no", Spent())
        done += 1
    assert done == trials


def test_a_budget_of_trials_can_be_raised_and_lowered(study: Open) -> None:
    assert do_all(study(TPE.replace("trials: 13", "trials: 3"))) == [0, 1, 2]
    assert do_all(study(TPE.replace("trials: 13", "trials: 5"))) == [3, 4]
    lowered = study(TPE.replace("trials: 13", "trials: 2"))
    assert do_all(lowered) == []
    assert [notes.slot_of(trial) for trial in lowered.trials()] == [0, 1]
    assert lowered.spent().trials == 2


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("[0.1, 0.5]", "[0.1, 0.4]"),
        ("trials: 13", "{trials: 13, seed: 1}"),
        ("trials: 13", "{trials: 13, seeds: [7]}"),
        ("trials: 13", "{trials: 13, sampler: random}"),
        ("trials: 13", "{trials: 13, pruner: median}"),
        ("trials: 13", "epochs: 13"),
    ],
)
def test_a_changed_search_is_another_study(old: str, new: str) -> None:
    if new.startswith("{"):
        new = "\n  ".join(part.strip() for part in new.strip("{}").split(", "))
    assert plan_of(TPE).name != plan_of(TPE.replace(old, new)).name
    assert plan_of(TPE).name == plan_of(TPE.replace("trials: 13", "trials: 40")).name


def _work(file: str, done: multiprocessing.Queue[tuple[int, int]], number: int) -> None:
    study = SharedStudy(plan_of(GRID.replace("[5, 10]", str(list(range(1, 11))))), open_journal(Path(file)))
    while (claim := study.claim()) is not None:
        study.report(claim, 1, 0.1)
        study.complete(claim, 0.1, ONE)
        done.put((number, claim.slot.number))


def test_processes_that_share_a_journal_do_each_slot_once(tmp_path: Path) -> None:
    context = multiprocessing.get_context("spawn")
    done = context.Queue()
    file = str(tmp_path / "journal.log")
    workers = [context.Process(target=_work, args=(file, done, number)) for number in range(3)]
    for each in workers:
        each.start()
    pairs = [done.get(timeout=120) for _ in range(30)]
    for each in workers:
        each.join(timeout=60)
        assert each.exitcode == 0
    assert done.empty()
    assert sorted(slot for _, slot in pairs) == list(range(30))
