"""`bench status`: how each run of a suite stands."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console, Group, RenderableType
from rich.table import Table
from rich.text import Text

from bench.execution.plan import CellState, State, states
from bench.results.index import results_name
from bench.suite.overrides import overrides_slug
from bench.suite.schema import find_suite, load_suite

_STYLES: dict[State, str] = {
    "done": "green",
    "running": "cyan",
    "failed": "red",
    "stale": "yellow",
    "missing": "dim",
}


def print_status(suite_name: str, overrides: Sequence[str], results: Path, cache: Path | None) -> None:
    """Print a line per run and the count of each state.

    Raises:
        InputError: the suite is missing or wrong.
    """
    suite = load_suite(find_suite(suite_name), overrides)
    name = results_name(suite.suite, overrides_slug(list(overrides)))
    Console().print(render(states(suite, name, results, cache)))


def render(found: Sequence[CellState]) -> RenderableType:
    """A table per dataset (models x seeds), the reasons, and the count of each state."""
    parts: list[RenderableType] = []
    for dataset in dict.fromkeys(cell.dataset for cell in found):
        parts += [
            Text(dataset, style="bold"),
            _block([cell for cell in found if cell.dataset == dataset]),
        ]
    counts = Counter(cell.state for cell in found)
    totals = ", ".join(f"{counts[state]} {state}" for state in _STYLES if counts[state])
    return Group(*parts, *map(Text, _reasons(found)), Text(f"{len(found)} runs: {totals or 'none'}"))


def _block(cells: Sequence[CellState]) -> Table:
    seeds = list(dict.fromkeys(cell.seed for cell in cells))
    states = {(cell.model, cell.seed): cell.state for cell in cells}
    table = Table("model", *(f"seed {seed}" for seed in seeds))
    for model in dict.fromkeys(cell.model for cell in cells):
        row = [states.get((model, seed)) for seed in seeds]
        table.add_row(Text(model), *(Text(s, style=_STYLES[s]) if s else Text() for s in row))
    return table


def _reasons(found: Sequence[CellState]) -> list[str]:
    """A line per reason: many runs often share one."""
    groups: dict[tuple[str, str, str], list[CellState]] = {}
    for cell in found:
        if cell.reason:
            groups.setdefault((cell.state, cell.dataset, cell.reason), []).append(cell)
    lines = []
    for (state, dataset, reason), cells in groups.items():
        who = f"{cells[0].model} seed {cells[0].seed}" if len(cells) == 1 else f"{len(cells)} runs"
        lines.append(f"{state}, {dataset}, {who}: {reason}")
    return lines
