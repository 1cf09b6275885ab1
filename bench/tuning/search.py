"""A search at work: workers are given trials, their epochs are reported, and the books are kept."""

from __future__ import annotations

import math
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, Protocol

from bench.errors import BenchError, InputError
from bench.execution.plan import Planned, Planner
from bench.tuning.interrupts import Interrupts
from bench.tuning.pool import Worker, ready
from bench.tuning.scratch import scratch
from bench.tuning.shared import Claim, LostError, SharedStudy
from bench.tuning.trials import Spent

POLL_S = 1.0  # between two looks for trials that have come free
IN_A_ROW = 3  # crashes of a study: then it is the machine's doing rather than a trial's


class Observer(Protocol):
    """Told what happens to the trials of this process."""

    def began(self, study: SharedStudy, claim: Claim) -> None:
        """A worker took the trial."""

    def epoch(self, study: SharedStudy, claim: Claim, message: dict[str, Any]) -> None:
        """An epoch ended: training, epoch, value, best."""

    def ended(self, study: SharedStudy, claim: Claim) -> None:
        """The trial ended, one way or another."""

    def put_back(self, study: SharedStudy, claim: Claim, why: str) -> None:
        """This process leaves the trial unfinished, and it is done again or elsewhere."""

    def failed(self, study: SharedStudy, claim: Claim, error: str, trace: str) -> None:
        """The trial failed or crashed: why, and what its process printed of it."""

    def waiting(self, trials: int) -> None:
        """Nothing is left to begin, and so many trials are being done by other processes."""


@dataclass
class _Task:
    study: SharedStudy
    claim: Claim
    began: float = field(default_factory=time.monotonic)
    cost: Spent = field(default_factory=lambda: Spent(1))
    best: float = -math.inf


class Search:
    """Studies, and the workers that do their trials.

    Args:
        studies: of the search, done one after the other as far as there are workers.
        planner: of runs; prepares what a trial needs.
        jobs: trials at a time.
        home: where prepared data lie (None: the default place).
        observer: told what happens.
        interrupts: when Ctrl-C is let through.
        keep: called after every trial that ended.

    Attributes:
        set_aside: the studies that this machine seems unable to train, by name, with the last error.
    """

    def __init__(
        self,
        studies: Sequence[SharedStudy],
        planner: Planner,
        jobs: int,
        home: Path | None,
        observer: Observer,
        interrupts: Interrupts,
        keep: Callable[[], object],
    ) -> None:
        self._studies = studies
        self._planner = planner
        self._jobs = jobs
        self._home = home
        self._observer = observer
        self._interrupts = interrupts
        self.set_aside: dict[str, str] = {}
        self._crashes: Counter[str] = Counter()
        self._keep = keep
        self._workers: list[Worker[_Task]] = []
        self._looked = -math.inf
        self._scratch = Path()

    def run(self) -> None:
        """Do every trial that is to be done, and wait for those that other processes do.

        On KeyboardInterrupt the running trials are told so, and can be taken by the next process.
        """
        with scratch() as self._scratch:
            try:
                while not self._is_finished():
                    self._assign()
                    self._listen()
                    for study in self._studies:
                        study.beat()
            except KeyboardInterrupt:
                self._interrupt()
                raise
            finally:
                for each in self._workers:
                    each.end()

    def _is_finished(self) -> bool:
        if any(each.task is not None for each in self._workers):
            return False
        return all(study.is_finished() for study in self._open())

    def _open(self) -> list[SharedStudy]:
        return [study for study in self._studies if study.plan.name not in self.set_aside]

    def _assign(self) -> None:
        """Give idle workers trials, as long as there are any."""
        now = time.monotonic()
        idle = [each for each in self._workers if each.task is None]
        if (len(self._workers) == self._jobs and not idle) or now - self._looked < POLL_S:
            return
        while idle or len(self._workers) < self._jobs:
            task, planned = self._next()
            if task is None:
                self._looked = now
                elsewhere = sum(len(study.elsewhere()) for study in self._open())
                if elsewhere and not any(each.task is not None for each in self._workers):
                    self._observer.waiting(elsewhere)
                return
            if not idle:
                self._workers.append(Worker())
                idle = self._workers[-1:]
            idle.pop().begin(task, self._order(planned))
            self._observer.began(task.study, task.claim)

    def _next(self) -> tuple[_Task | None, list[Planned]]:
        """The next trial and its trainings; one whose settings or data are impossible fails at once."""
        for study in self._open():
            while (claim := study.claim()) is not None:
                task = _Task(study, claim)
                try:
                    planned = self._planner.plan(study.plan.specs(claim.slot, claim.point))
                    impossible = [each.error for each in planned if each.paths is None]
                    if not impossible:
                        return task, planned
                    self._fail(task, "failed", str(impossible[0]))
                except InputError as error:
                    self._fail(task, "failed", error.message)
                except BenchError as error:
                    self._fail(task, "failed", str(error))
        return None, []

    def _order(self, planned: Sequence[Planned]) -> dict[str, Any]:
        dataset = planned[0].dataset
        assert dataset is not None
        return {
            "specs": [each.spec.model_dump(mode="json") for each in planned],
            "dataset": {"folder": str(dataset.folder), "label": dataset.label},
            "device": planned[0].device,
            "home": None if self._home is None else str(self._home),
            "scratch": str(self._scratch),
        }

    def _listen(self) -> None:
        with self._interrupts.allowed():
            busy = any(each.task is not None for each in self._workers)
            heard = ready(self._workers, POLL_S if busy else POLL_S / 4)
        for each in heard:
            task = each.task
            assert task is not None
            message = each.receive()
            try:
                self._heard(each, task, message)
            except LostError:
                # Another process took us for dead, and does this trial; so the worker need not.
                if message["kind"] == "epoch":
                    each.restart()
                each.task = None
                self._observer.put_back(task.study, task.claim, "another process took it over")

    def _heard(self, each: Worker[_Task], task: _Task, message: dict[str, Any]) -> None:
        if message["kind"] == "begun":  # until then its process started, which costs no model anything
            task.began = time.monotonic()
            return
        task.cost = Spent(1, message.get("epochs", task.cost.epochs), time.monotonic() - task.began)
        if message["kind"] == "epoch":
            each.answer(self._epoch(task, message))
            return
        each.task = None
        self._looked = -math.inf
        study, claim = task.study, task.claim
        if message["kind"] in ("failed", "crashed"):
            self._fail(task, message["kind"], message["error"], message["trace"])
            return
        if message["kind"] == "done":
            study.complete(claim, message["value"], task.cost)
        else:
            study.prune(claim, task.best, task.cost)
        self._crashes[study.plan.name] = 0
        self._observer.ended(study, claim)
        self._keep()

    def _epoch(self, task: _Task, message: dict[str, Any]) -> bool:
        """Report an epoch; whether the trial goes on."""
        if message["best"] is not None:
            task.best = message["best"]
        go_on = True
        if message["value"] is not None and message["training"] == 0:
            go_on = task.study.report(task.claim, message["epoch"], message["value"])
        self._observer.epoch(task.study, task.claim, message)
        return go_on

    def _fail(self, task: _Task, how: Literal["failed", "crashed"], error: str, trace: str = "") -> None:
        study, claim = task.study, task.claim
        self._observer.failed(study, claim, error, trace)
        study.fail(claim, how, error, task.cost)
        if how == "crashed" and not study.gave_up(claim.slot.number):
            self._observer.put_back(study, claim, error)
        else:
            self._observer.ended(study, claim)
        name = study.plan.name
        self._crashes[name] = self._crashes[name] + 1 if how == "crashed" else 0
        if self._crashes[name] >= IN_A_ROW and not study.is_finished():
            self.set_aside[name] = error
        self._keep()

    def _interrupt(self) -> None:
        for each in self._workers:
            if each.task is not None:
                task = each.task
                try:
                    task.study.fail(task.claim, "interrupted", "interrupted", task.cost)
                except LostError:
                    continue
                self._observer.put_back(task.study, task.claim, "interrupted")
        for study in self._studies:
            study.fill()
        self._keep()
