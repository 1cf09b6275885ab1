"""`bench why`: what one run depends on, where it comes from, and how it differs from its like."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from rich.console import Console, RenderableType
from rich.table import Table
from rich.text import Text

from bench.errors import BenchError
from bench.results.index import Index, find_index
from bench.results.provenance import code_hash
from bench.results.query import find_run, runs_of_cell, suites_using
from bench.results.records import RunRecord
from bench.results.values import RANKS, disagreements
from bench.suite.fingerprint import differences


def print_why(name: str, results: Path, home: Path | None) -> None:
    """Print everything that explains a run.

    Raises:
        InputError: ``name`` means no run, or several.
        DataError: the run's record is damaged.
    """
    record = find_run(results, name)
    console = Console()
    console.print(_heading(record, suites_using(results, record.fingerprint)))
    console.print(_facts("The fingerprint covers", flatten(record.identity)))
    console.print(_facts("Provenance", _provenance(record)))
    console.print(Text(_metrics(record, results)))
    for other in runs_of_cell(results, record):
        title = f"Run {other.fingerprint} of the same cell, {other.provenance.finished}"
        console.print(_differences(title, record.identity, other.identity, ("this run", "that run")))
    for suite in suites_using(results, record.fingerprint) or [record.spec.suite]:
        console.print(_against_suite(record, suite, results, home))


def flatten(tree: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, str]]:
    """Nested settings as dotted keys and texts."""
    for key, value in tree.items():
        if isinstance(value, Mapping) and value:
            yield from flatten(value, f"{prefix}{key}.")
        else:
            yield f"{prefix}{key}", str(value)


def _heading(record: RunRecord, suites: Sequence[str]) -> Text:
    spec = record.spec
    used = f"used by {', '.join(suites)}" if suites else "used by no suite"
    return Text(
        f"Run {record.fingerprint}: {spec.variant.label} on {spec.dataset.label}, seed {spec.seed}; {used}",
        style="bold",
    )


def _facts(title: str, facts: Iterator[tuple[str, str]]) -> RenderableType:
    table = Table(title=Text(title), title_justify="left", show_header=False)
    for key, value in facts:
        table.add_row(Text(key), Text(value))
    return table


def _provenance(record: RunRecord) -> Iterator[tuple[str, str]]:
    made = record.provenance
    state = {True: ", with uncommitted changes", False: "", None: ""}[made.dirty]
    yield "commit", f"{made.commit}{state}" if made.commit else "not run from a git checkout"
    same = "the same as today's" if made.code_hash == code_hash() else f"today's is {code_hash()}"
    yield "code", f"{made.code_hash} ({same})"
    yield "packages", ", ".join(f"{name} {version}" for name, version in made.packages.items() if version)
    yield "python", made.python
    yield "machine", f"{made.platform}; {made.cpu}; {made.gpu or 'no GPU used'}; threads {made.threads}"
    yield "command", made.command
    yield "time", f"{made.started} to {made.finished}, {record.timings.cpu_s:.1f} s of CPU"


def _metrics(record: RunRecord, results: Path) -> str:
    """Whether the recorded metrics are those of the ranks."""
    names = ", ".join(f"{split} {name}" for split, values in record.metrics.items() for name in values)
    try:
        found = disagreements(results, record)
    except BenchError as error:
        return f"Metrics: as recorded, not checked: {error}."
    if not found:
        return f"Metrics: computed again from {RANKS}, the recorded ones agree ({names})."
    wrong = "; ".join(f"{split} {name} {was!r}, by the ranks {now!r}" for split, name, was, now in found)
    return f"Metrics: computed again from {RANKS}, the recorded ones DIFFER: {wrong}."


def _differences(
    title: str, ours: dict[str, Any], theirs: dict[str, Any], columns: tuple[str, str]
) -> RenderableType:
    found = differences(ours, theirs)
    if not found:
        return Text(f"{title}: no difference.")
    table = Table("setting", *columns, title=Text(title), title_justify="left")
    for key, old, new in found:
        table.add_row(Text(key), Text(str(old)), Text(str(new)))
    return table


def _against_suite(record: RunRecord, name: str, results: Path, home: Path | None) -> RenderableType:
    """How the run differs from what a suite file asks for today, where that file can be read.

    Args:
        record: the run.
        name: of the results of a suite, with its overrides if there are any.
        results: the results folder.
        home: where prepared data lie.
    """
    from bench.cli.suites import suite_behind
    from bench.execution.added import added_specs
    from bench.execution.plan import Planner
    from bench.suite.expansion import expand

    title = f"Suite {name} as it is now"
    try:
        file, suite = suite_behind(results, name)
    except BenchError as error:
        return Text(f"{title}: not compared, {error}")
    title = f"{title} ({file})"
    index = find_index(results, name)
    specs = [*expand(suite), *([] if index is None else added_specs(suite, index))]
    cell = _cell(record, index)
    wanted = [s for s in specs if (*s.cell, s.seed) == cell]
    if not wanted:
        return Text(f"{title}: it does not ask for this cell.")
    planned = Planner(results, home, prepare=False).plan(wanted)[0]
    if planned.error is not None:
        return Text(f"{title}: not compared, {planned.error}")
    return _differences(title, record.identity, planned.identity, ("this run", "suite now"))


def _cell(record: RunRecord, index: Index | None) -> tuple[str, str, int]:
    """The cell that a run stands behind: by the labels of the suite, which may not be those of its record."""
    for cell in () if index is None else index.cells:
        if cell.fingerprint == record.fingerprint:
            return cell.key
    return record.spec.dataset.label, record.spec.variant.label, record.spec.seed
