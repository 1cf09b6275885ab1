"""A whole suite: reuse what is done, compute the rest, keep the index up to date."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from bench.execution.plan import Planned, Planner, cell_digest
from bench.execution.pool import Observer, run_all
from bench.results.index import Index, IndexCell, update_index
from bench.suite.expansion import RunSpec, expand
from bench.suite.fingerprint import fingerprint
from bench.suite.schema import Suite


class SuiteObserver(Observer, Protocol):
    """Told how a suite comes along; runs are named by their place in the suite's list."""

    def preparing(self, what: str, done: int, total: int) -> None:
        """Data or features are being prepared: ``done`` of ``total`` parts of ``what``."""

    def planned(self, runs: Sequence[Planned], to_do: Sequence[int]) -> None:
        """The plan stands: all runs, and which of them are to be computed."""


@dataclass
class Outcome:
    """What a call did: how many runs were computed, reused, failed."""

    computed: int = 0
    reused: int = 0
    failures: dict[tuple[str, str, int], str] = field(default_factory=dict)


@dataclass(frozen=True)
class Request:
    """What to run and where things lie.

    Attributes:
        suite: the checked suite file.
        name: folder of the suite's results: its name, with overrides if there are any.
        specs: the runs asked for.
        results: the results folder.
        cache: where prepared data lie (None: the default place).
        jobs: runs at a time.
        fresh: compute also what is done.
        command: the command line, for provenance.
    """

    suite: Suite
    name: str
    specs: Sequence[RunSpec]
    results: Path
    cache: Path | None
    jobs: int
    fresh: bool
    command: str


def run_suite(request: Request, observer: SuiteObserver) -> Outcome:
    """Make every run of the request exist, or know why it does not.

    The index is brought up to date after every run, so that nothing finished is lost when the process is
    killed.
    """
    planned = Planner(request.results, request.cache, progress=observer.preparing).plan(request.specs)
    outcome = Outcome()
    keeper = _IndexKeeper(request, planned, outcome, observer)
    to_do = keeper.sort_out()
    observer.planned(planned, to_do)
    for number in keeper.impossible:
        observer.failed(number, planned[number].error or "")
    if to_do:
        run_all(
            [planned[n] for n in to_do],
            request.jobs,
            _Renumbered(keeper, to_do),
            cache=None if request.cache is None else str(request.cache),
            command=request.command,
            fresh=request.fresh,
        )
    return outcome


class _IndexKeeper:
    """Passes events on and writes what they mean into the index."""

    def __init__(
        self, request: Request, planned: list[Planned], outcome: Outcome, observer: SuiteObserver
    ) -> None:
        self._request = request
        self._planned = planned
        self._outcome = outcome
        self._observer = observer
        # The suite's order, then what was run beside it.
        suite_specs = expand(request.suite)
        self._listed = [*suite_specs, *request.specs]
        self._digests = {spec.cell: cell_digest(spec) for spec in {s.cell: s for s in self._listed}.values()}
        self._complete = {(*s.cell, s.seed) for s in suite_specs} <= {
            (*s.cell, s.seed) for s in request.specs
        }
        self._common = fingerprint(
            request.suite.model_dump(mode="json", include={"training", "evaluation", "features"})
        )
        self.impossible = [n for n, run in enumerate(planned) if run.paths is None]

    def sort_out(self) -> list[int]:
        """Enter what is done or impossible into the index; the numbers of the runs to compute.

        Two cells with the same fingerprint are one run: it is computed once.
        """
        to_do: list[int] = []
        cells: list[IndexCell] = []
        seen: set[str] = set()
        for number, run in enumerate(self._planned):
            if run.paths is None:
                cells.append(self._cell(number, run.error))
            elif run.paths.is_done() and not self._request.fresh:
                self._outcome.reused += 1
                cells.append(self._cell(number))
            elif run.paths.fingerprint not in seen:
                to_do.append(number)
                seen.add(run.paths.fingerprint)
        self._write(cells)
        return to_do

    def started(self, number: int) -> None:
        self._observer.started(number)

    def epoch(self, number: int, event: dict[str, Any]) -> None:
        self._observer.epoch(number, event)

    def finished(self, number: int, reused: bool) -> None:
        self._outcome.computed += not reused
        self._outcome.reused += reused
        self._write([self._cell(n) for n in self._same(number)])
        self._observer.finished(number, reused)

    def failed(self, number: int, error: str) -> None:
        self._write([self._cell(n, error) for n in self._same(number)])
        self._observer.failed(number, error)

    def _same(self, number: int) -> list[int]:
        paths = self._planned[number].paths
        return [n for n, run in enumerate(self._planned) if run.paths == paths]

    def _cell(self, number: int, error: str | None = None) -> IndexCell:
        run = self._planned[number]
        cell = (run.spec.dataset.label, run.spec.variant.label, run.spec.seed)
        if error is not None:
            self._outcome.failures[cell] = error
        return IndexCell(
            dataset=cell[0],
            model=cell[1],
            seed=cell[2],
            status="done" if error is None else "failed",
            fingerprint=run.paths.fingerprint if run.paths and error is None else None,
            error=error,
            digest=self._digests[run.spec.cell],
        )

    def _write(self, cells: list[IndexCell]) -> None:
        suite, listed = self._request.suite, self._listed
        update_index(
            self._request.results,
            Index(
                suite=self._request.name,
                metrics=suite.metrics,
                seeds=_distinct([s.seed for s in listed]),
                datasets=_distinct([s.dataset.label for s in listed]),
                models=_distinct([s.variant.label for s in listed]),
                unpublished=suite.unpublished,
                equalities=suite.equalities,
                common=self._common,
                cells=tuple(cells),
            ),
            self._digests,
            self._complete,
        )


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


def _distinct(values: list[Any]) -> tuple[Any, ...]:
    return tuple(dict.fromkeys(values))
