"""How the runs of a suite stand: what is done, what is to do, what has gone stale or bad."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from bench.execution.added import added_specs
from bench.execution.plan import Planned, Planner
from bench.results.folder import RunPaths
from bench.results.index import Index, find_index
from bench.suite.expansion import expand
from bench.suite.schema import Suite

State = Literal["done", "running", "failed", "damaged", "unreadable", "stale", "missing"]

_AGAIN = "`bench run` computes it again"


@dataclass(frozen=True)
class CellState:
    """How one run of a suite stands; ``reason`` explains everything but done."""

    dataset: str
    model: str
    seed: int
    state: State
    fingerprint: str | None
    reason: str


def states(suite: Suite, name: str, results: Path, home: Path | None) -> list[CellState]:
    """The state of every run of a suite and of those added beside it; nothing is prepared or computed.

    Args:
        suite: the checked suite file.
        name: the folder of its results (the suite's name, with overrides if there are any).
        results: the results folder.
        home: where prepared data lie.

    Raises:
        DataError: the suite's index is damaged or unreadable.
    """
    index = find_index(results, name)
    added = [] if index is None else added_specs(suite, index)
    known = {} if index is None else {cell.key: cell.fingerprint for cell in index.cells}
    planner = Planner(results, home, prepare=False)
    found = [_state(planned, known, results) for planned in planner.plan([*expand(suite), *added])]
    return found if index is None else [*found, *_unknown(index, found, results)]


def _state(planned: Planned, known: Mapping[tuple[str, str, int], str | None], results: Path) -> CellState:
    spec = planned.spec
    cell = (*spec.cell, spec.seed)
    before = known.get(cell)
    if planned.paths is None:
        reason = planned.error or ""
        return _unchecked(cell, before, reason, results) or CellState(*cell, "missing", None, reason)
    mark = planned.paths.fingerprint
    now = planned.paths.condition()
    if now.state == "done":
        elsewhere = f"the table shows run {before}: `bench run` puts this one there"
        return CellState(*cell, "done", mark, "" if before in (mark, None) else elsewhere)
    if planned.paths.is_running():
        return CellState(*cell, "running", mark, "a process computes it now")
    failure = planned.paths.failure()
    if failure is not None:
        return CellState(*cell, "failed", mark, failure)
    if now.state == "damaged":
        return CellState(*cell, "damaged", mark, f"{now.reason}: {_AGAIN}")
    if now.state == "unreadable":
        return CellState(*cell, "unreadable", mark, now.reason)
    if before is not None and RunPaths(results, before).is_done():
        return CellState(
            *cell, "stale", before, f"would now be {mark}; `bench why {before}` says what changed"
        )
    return CellState(*cell, "missing", mark, "not run yet")


def _unchecked(
    cell: tuple[str, str, int], fingerprint: str | None, why: str, results: Path
) -> CellState | None:
    """The state of a run whose fingerprint of today is not known; None where there is no run."""
    if fingerprint is None:
        return None
    found = RunPaths(results, fingerprint).condition()
    if found.state == "done":
        return CellState(*cell, "done", fingerprint, f"not checked: {why}")
    return None if found.state == "absent" else CellState(*cell, found.state, fingerprint, found.reason)


def _unknown(index: Index, found: list[CellState], results: Path) -> list[CellState]:
    """The added cells whose settings of today are not known."""
    seen = {(state.dataset, state.model, state.seed) for state in found}
    left = [cell for cell in index.cells if cell.key not in seen and index.is_added(cell.dataset, cell.model)]
    why = "the suite of today does not tell its settings"
    shown = [_unchecked(cell.key, cell.fingerprint, why, results) for cell in left]
    return [state for state in shown if state is not None]
