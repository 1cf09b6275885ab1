"""What a search may spend and has spent, and what it found, per model: before it and after it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from rich.console import Console
from rich.table import Table
from rich.text import Text

from bench.errors import InputError
from bench.execution.plan import Planner
from bench.suite.expansion import RunSpec
from bench.suite.schema import Suite
from bench.suite.search import is_trained
from bench.suite.space import grid_size, point_text
from bench.tuning.records import StudyRecord, Winner, never_done, read_search
from bench.tuning.studies import search_of, study_plan
from bench.wording import count, listed, seeds


def print_plan(
    suite: Suite,
    name: str,
    specs: Sequence[RunSpec],
    storage: str,
    results: Path,
    home: Path | None,
    jobs: int,
) -> None:
    """Say what a search would do; nothing is prepared, and the storage is not opened.

    Args:
        suite: with a search.
        name: of its results.
        specs: one per study.
        storage: its address, for people.
        results: the results folder.
        home: where prepared data lie.
        jobs: trials at a time.
    """
    console, search = Console(), search_of(suite)
    spent = _spent(results, name)
    table = _table("dataset", "model", "space", "points", "budget", "done")
    for planned in Planner(results, home, prepare=False).plan(specs):
        dataset, model = planned.spec.cell
        dimensions = search.spaces[model]
        size = grid_size(dimensions)
        budget = search.budget
        plan = study_plan(suite, name, planned)
        allowed = f"{budget.amount:g} {budget.kind}" if plan.slots is None else f"{plan.slots} trials"
        # Without its data, a study's name is not known, by which it would be found.
        known = planned.paths is not None
        done = count(int(spent.get(plan.name, 0)), "trial") if known else "unknown: data not prepared here"
        space = "\n".join(f"{each.key}: {each.shown()}" for each in dimensions)
        table.add_row(
            *map(Text, (dataset, model, space, "any" if size is None else str(size), allowed, done))
        )
    console.print(table)
    trainings = f"{count(len(search.seeds), 'training')} each ({seeds(list(search.seeds))})"
    _say(
        console, f"Trials: {search.sampler} sampler, {_pruner(search.pruner)}, {trainings}, {jobs} at a time."
    )
    _say(console, "The suite's own settings are tried first, as the trial `default`.")
    _say(console, f"Storage: {storage}")
    _unequal(console, suite)


def print_summary(suite: Suite, records: Sequence[StudyRecord]) -> None:
    """Print what each model may spend, has spent and found.

    Args:
        suite: with a search.
        records: of the studies, by dataset.
    """
    console = Console()
    monitor = records[0].monitor
    table = _table("dataset", "model", "budget", "spent", f"default {monitor}", "best", "gain")
    for each in records:
        table.add_row(*map(Text, (each.dataset, each.model, _budget(each), _cost(each), *_found(each))))
    console.print(table)
    for each in records:
        _say(console, f"{each.dataset} {each.model}: space: {_space(each)}")
        _say(console, f"{each.dataset} {each.model}: best so far, by trial: {_curve(each)}")
        _say(console, f"{each.dataset} {each.model}: best: {_settings(each.best)}")
        if each.never_done:
            _say(console, f"{each.dataset} {each.model}: {never_done(each)}")
    _unequal(console, suite)


def _spent(results: Path, name: str) -> dict[str, float]:
    """Trials that are done, by study."""
    try:
        return {study.study: study.spent["trials"] for study in read_search(results, name)[0]}
    except InputError:  # there was none
        return {}


def _table(*heads: str) -> Table:
    table = Table(box=None, padding=(0, 1), pad_edge=False)
    for head in heads:
        table.add_column(Text(head), overflow="fold")
    return table


def _say(console: Console, text: str) -> None:
    console.print(text, markup=False, highlight=False, soft_wrap=True)


def _budget(record: StudyRecord) -> str:
    return f"{record.amount:g} {record.budget}"


def _cost(record: StudyRecord) -> str:
    spent = record.spent
    states = ", ".join(f"{number} {state}" for state, number in record.states.items() if state != "done")
    trials = count(int(spent["trials"]), "trial") + (f" ({states})" if states else "")
    return f"{trials}, {count(int(spent['epochs']), 'epoch')}, {spent['seconds']:.0f} s"


def _found(record: StudyRecord) -> tuple[str, str, str]:
    """The default's value, the best one, and the gain."""
    default, best = record.default, record.best
    gain = ""
    if default is not None and best is not None and default.value > 0:
        gain = f"{100 * (best.value / default.value - 1):+.1f} %"
    return _value(default), _value(best), gain


def _value(winner: Winner | None) -> str:
    return "none" if winner is None else f"{winner.value:.4f}"


def _settings(winner: Winner | None) -> str:
    if winner is None:
        return "none was done"
    name = f", {winner.name}" if winner.name else ""
    return f"trial {winner.trial}{name}: {point_text(winner.settings)}"


def _space(record: StudyRecord) -> str:
    return "; ".join(f"{key}: {words}" for key, words in record.space.items())


def _curve(record: StudyRecord) -> str:
    """The trials that raised the best value."""
    steps, before = [], None
    for place, value in enumerate(record.curve):
        if value is not None and value != before:
            steps.append(f"{value:.4f} ({place})")
            before = value
    return ", ".join(steps) or "none was done"


def _pruner(kind: str) -> str:
    return "no pruning" if kind == "none" else f"{kind} pruning"


def _unequal(console: Console, suite: Suite) -> None:
    search = search_of(suite)
    if not search.unequal:
        return
    untuned = [each.label for each in suite.models if is_trained(each) and each.label not in search.spaces]
    others = f" ({listed(untuned)} not at all)" if untuned else ""
    _say(console, f"Budgets are unequal{others}: differences between models may come from the tuning alone.")
