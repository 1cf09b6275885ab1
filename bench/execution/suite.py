"""A whole suite: reuse what is done, compute the rest, keep the index up to date."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

from bench.execution.listing import Listing
from bench.execution.plan import Planned, Planner
from bench.execution.pool import Observer, run_all
from bench.execution.request import Outcome, Request
from bench.results.condition import Condition
from bench.results.index import IndexCell


class SuiteObserver(Observer, Protocol):
    """Told how a suite comes along; runs are named by their place in the suite's list."""

    def preparing(self, what: str, done: int, total: int) -> None:
        """Data or features are being prepared: ``done`` of ``total`` parts of ``what``."""

    def planned(self, runs: Sequence[Planned], to_do: Sequence[int], reused: int) -> None:
        """The plan stands: all runs, which of them are to be computed, and how many need not be."""

    def damaged(self, number: int, reason: str) -> None:
        """The run exists but cannot be used, and is computed again."""


def run_suite(request: Request, observer: SuiteObserver) -> Outcome:
    """Make every run of the request exist, or know why it does not.

    The index is brought up to date after every run, so that nothing finished is lost when the process is
    killed.

    Raises:
        DataError: the suite's index is damaged or unreadable.
    """
    listing = Listing(request)
    planned = Planner(request.results, request.home, progress=observer.preparing).plan(request.specs)
    outcome = Outcome()
    keeper = _IndexKeeper(request, planned, listing, outcome, observer)
    to_do = keeper.sort_out()
    observer.planned(planned, to_do, len(planned) - len(to_do) - len(keeper.impossible))
    for number, reason in keeper.damaged.items():
        observer.damaged(number, reason)
    for number, error in keeper.impossible.items():
        observer.failed(number, error)
    if to_do:
        run_all(
            [planned[n] for n in to_do],
            request.jobs,
            _Renumbered(keeper, to_do),
            home=None if request.home is None else str(request.home),
            command=request.command,
            fresh=request.fresh,
        )
    return outcome


class _IndexKeeper:
    """Passes events on and writes what they mean into the index.

    Attributes:
        impossible: the runs that cannot be made or used, with the reason.
        damaged: those that are computed again because they cannot be used, with the reason.
    """

    def __init__(
        self,
        request: Request,
        planned: list[Planned],
        listing: Listing,
        outcome: Outcome,
        observer: SuiteObserver,
    ) -> None:
        self._fresh = request.fresh
        self._planned = planned
        self._listing = listing
        self._outcome = outcome
        self._observer = observer
        self.impossible: dict[int, str] = {}
        self.damaged: dict[int, str] = {}

    def sort_out(self) -> list[int]:
        """Enter what is done or impossible into the index; the numbers of the runs to compute.

        Two cells with the same fingerprint are one run: it is computed once.
        """
        to_do: list[int] = []
        cells = self._listing.existing()
        seen: set[str] = set()
        for number, run in enumerate(self._planned):
            found = self._condition(run)
            if run.paths is None:
                self.impossible[number] = found.reason
                cells.append(self._cell(number, found.reason))
            elif found.state == "unreadable":  # the index names it all the same: it may be whole
                self.impossible[number] = found.reason
                cells.append(self._cell(number))
                self._outcome.failures[*run.spec.cell, run.spec.seed] = found.reason
            elif found.state == "done":
                self._outcome.reused += 1
                cells.append(self._cell(number))
            elif run.paths.fingerprint not in seen:
                to_do.append(number)
                seen.add(run.paths.fingerprint)
                if found.state == "damaged":
                    self.damaged[number] = found.reason
        self._listing.write(cells)
        return to_do

    def started(self, number: int) -> None:
        self._observer.started(number)

    def epoch(self, number: int, event: dict[str, Any]) -> None:
        self._observer.epoch(number, event)

    def finished(self, number: int, reused: bool) -> None:
        self._outcome.computed += not reused
        self._outcome.reused += reused
        self._listing.write([self._cell(n) for n in self._same(number)])
        self._observer.finished(number, reused)

    def failed(self, number: int, error: str) -> None:
        self._listing.write([self._cell(n, error) for n in self._same(number)])
        self._observer.failed(number, error)

    def _condition(self, run: Planned) -> Condition:
        if run.paths is None:
            return Condition("absent", run.error or "")
        return Condition("absent") if self._fresh else run.paths.condition()

    def _same(self, number: int) -> list[int]:
        paths = self._planned[number].paths
        return [n for n, run in enumerate(self._planned) if run.paths == paths]

    def _cell(self, number: int, error: str | None = None) -> IndexCell:
        run = self._planned[number]
        if error is not None:
            self._outcome.failures[*run.spec.cell, run.spec.seed] = error
            return self._listing.failed(run.spec, error)
        assert run.paths is not None  # a run that is done has a place
        return self._listing.done(run.spec, run.paths.fingerprint)


class _Renumbered:
    """Events of the runs to compute, under their numbers in the whole list."""

    def __init__(self, keeper: _IndexKeeper, to_do: list[int]) -> None:
        self._keeper = keeper
        self._to_do = to_do

    def started(self, number: int) -> None:
        self._keeper.started(self._to_do[number])

    def epoch(self, number: int, event: dict[str, Any]) -> None:
        self._keeper.epoch(self._to_do[number], event)

    def finished(self, number: int, reused: bool) -> None:
        self._keeper.finished(self._to_do[number], reused)

    def failed(self, number: int, error: str) -> None:
        self._keeper.failed(self._to_do[number], error)
