"""`bench status`: how each run of a suite stands."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console, Group, RenderableType
from rich.table import Column, Table
from rich.text import Text

from bench.cli.suites import open_suite
from bench.execution.states import CellState, State, states
from bench.results.names import results_name
from bench.results.records import FINGERPRINT
from bench.suite.overrides import overrides_slug
from bench.wording import count, ranges

_STYLES: dict[State, str] = {
    "done": "green",
    "running": "cyan",
    "failed": "red",
    "damaged": "red",
    "unreadable": "red",
    "stale": "yellow",
    "missing": "dim",
}


def print_status(suite_name: str, overrides: Sequence[str], results: Path, home: Path | None) -> None:
    """Print a line per run and the count of each state.

    Raises:
        InputError: the suite is missing or wrong.
        DataError: its index is damaged or unreadable.
    """
    _, suite = open_suite("status", suite_name, overrides, results)
    name = results_name(suite.suite, overrides_slug(list(overrides)))
    Console().print(render(states(suite, name, results, home)))


def render(found: Sequence[CellState]) -> RenderableType:
    """A table per dataset (models x states), the reasons, and the count of each state."""
    parts: list[RenderableType] = []
    for dataset in dict.fromkeys(cell.dataset for cell in found):
        parts += [
            Text(dataset, style="bold"),
            _block([cell for cell in found if cell.dataset == dataset]),
        ]
    counts = Counter(cell.state for cell in found)
    totals = ", ".join(f"{counts[state]} {state}" for state in _STYLES if counts[state])
    return Group(*parts, *map(Text, _reasons(found)), Text(f"{count(len(found), 'run')}: {totals or 'none'}"))


def _block(cells: Sequence[CellState]) -> Table:
    """A row per model and a column per state that occurs, with the seeds of its runs."""
    present = {cell.state for cell in cells}
    columns = [state for state in _STYLES if state in present]
    table = Table("model", *(Column(Text(state, style=_STYLES[state])) for state in columns))
    for model in dict.fromkeys(cell.model for cell in cells):
        own = [cell for cell in cells if cell.model == model]
        table.add_row(
            Text(model), *(ranges([cell.seed for cell in own if cell.state == state]) for state in columns)
        )
    return table


def _reasons(found: Sequence[CellState]) -> list[str]:
    """A line per reason: many runs often share one, or differ in the names of runs alone."""
    groups: dict[tuple[str, str, str], list[CellState]] = {}
    for cell in found:
        if cell.reason:
            reason = FINGERPRINT.sub("", cell.reason)
            groups.setdefault((cell.state, cell.dataset, reason), []).append(cell)
    return [
        f"{state}, {dataset}, {_who(cells)}: {cells[0].reason}"
        for (state, dataset, _), cells in groups.items()
    ]


def _who(cells: Sequence[CellState]) -> str:
    first = f"{cells[0].model} seed {cells[0].seed}"
    if len(cells) == 1:
        return first
    alike = len({cell.reason for cell in cells}) == 1
    return f"{len(cells)} runs{'' if alike else f', the first {first}'}"
