"""`bench run --dry-run`: what is done, what would be computed, how long that takes, what is missing here."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

from rich.console import Console

from bench.analysis.formats.blocks import Blocks
from bench.analysis.formats.terminal import blocks_to_rich
from bench.cli.data import progress_bars
from bench.cli.progress import LineObserver
from bench.execution.forecast import CATALOGUES, Forecast
from bench.execution.lacks import Lack, lacks
from bench.execution.outlook import Outlook, State, outlooks
from bench.execution.rehearsal import STEPS, with_rehearsals
from bench.results.provenance import cpu_model
from bench.suite.expansion import RunSpec
from bench.wording import count, duration

LISTED = 20  # runs that are named one by one without being asked for
_SHORT = 80  # characters of a reason that stands beside each run

_STATES: dict[State, str] = {
    "done": "done",
    "unchecked": "to check",
    "to compute": "to compute",
    "blocked": "blocked",
    "unreadable": "unreadable",
}


def print_plan(
    specs: Sequence[RunSpec], results: Path, home: Path | None, jobs: int, fresh: bool, verbose: bool
) -> None:
    """Print what `bench run` would do with ``specs``.

    Args:
        specs: the runs asked for.
        results: the results folder.
        home: bench's home.
        jobs: runs at a time.
        fresh: compute also what is done.
        verbose: name every run, however many there are.
    """
    console = Console()
    say = LineObserver(console).say
    with progress_bars() as progress:
        runs = with_rehearsals(outlooks(specs, results, home, fresh), home, progress)
    if len(runs) > LISTED:
        console.print(blocks_to_rich(_table(runs), console.width))
    listed = verbose or len(runs) <= LISTED
    for run in runs if listed else ():
        say(_line(run))
    for line in [*_reasons(runs, listed), *_missing(lacks(runs, home)), *_times(runs, jobs)]:
        say(line)
    say(f"{count(len(runs), 'run')}: {_counts(runs)}. Nothing was run.")


def _table(runs: Sequence[Outlook]) -> Blocks:
    """A block per dataset, a line per variant."""
    states = [state for state in _STATES if any(run.state == state for run in runs)]
    timed = any(_is_to_do(run) for run in runs)
    heads = [_STATES[state] for state in states]
    columns = ("variant", *heads, *(("each", "together", "told from") if timed else ()))
    blocks: dict[str, list[tuple[str, ...]]] = {}
    for dataset, variant in dict.fromkeys(run.spec.cell for run in runs):
        own = [run for run in runs if run.spec.cell == (dataset, variant)]
        counts = [sum(run.state == state for run in own) for state in states]
        line = (variant, *(str(number) if number else "" for number in counts))
        blocks.setdefault(dataset, []).append((*line, *_forecast_columns(own)) if timed else line)
    return Blocks(columns, ("variant", "told from"), blocks, ())


def _forecast_columns(cell: Sequence[Outlook]) -> tuple[str, str, str]:
    """Of the runs to compute, each of which has the same forecast."""
    waiting = [run for run in cell if _is_to_do(run)]
    if not waiting:
        return "", "", ""
    forecast = waiting[0].forecast
    if forecast is None:
        return "unknown", "", ""
    distinct = sum(not run.twin for run in waiting)
    together = duration(distinct * forecast.seconds) if distinct else "computed once"
    return _about(forecast), together, _source(forecast)


def _is_to_do(run: Outlook) -> bool:
    return run.state in ("to compute", "blocked")


def _about(forecast: Forecast) -> str:
    word = {"cell": "", "rehearsal": "about "}.get(forecast.kind, "at most ")
    return f"{word}{duration(forecast.seconds)}"


def _source(forecast: Forecast) -> str:
    if forecast.kind == "cell":
        return count(forecast.runs, "finished seed")
    runs, epochs = count(forecast.runs, "run"), count(forecast.epochs, "epoch")
    if forecast.kind == "rehearsal":
        size = f"timed steps, {'published size' if forecast.published else 'made-up data'}"
        return f"{size}, {epochs}" if forecast.epochs else size
    if forecast.kind == "dataset":
        return f"{runs} with other training, by epoch: {epochs}"
    size = "published size, " if forecast.published else ""
    return f"{runs} on {', '.join(forecast.datasets)}, by target: {size}{epochs}"


def _line(run: Outlook) -> str:
    spec = run.spec
    fate = " ".join(filter(None, (_STATES[run.state], run.fingerprint, "again" if run.again else "")))
    notes = [run.reason] if run.reason and len(run.reason) <= _SHORT else []
    if run.twin:
        notes.append("the same run as one above")
    elif _is_to_do(run):
        forecast = run.forecast
        notes.append("time unknown" if forecast is None else f"{_about(forecast)}, {_source(forecast)}")
    end = f" ({'; '.join(notes)})" if notes else ""
    return f"{spec.dataset.label} {spec.variant.label} seed {spec.seed}: {fate}{end}"


def _reasons(runs: Sequence[Outlook], listed: bool) -> Iterator[str]:
    """A line per reason that does not stand beside its runs."""
    groups = Counter(
        (run.spec.dataset.label, _STATES[run.state], run.reason)
        for run in runs
        if run.reason and (not listed or len(run.reason) > _SHORT)
    )
    for (dataset, state, reason), number in groups.items():
        yield f"{dataset}: {count(number, 'run')} {state}: {reason}"
    if any(run.state == "unchecked" for run in runs):
        yield (
            "to check: finished once with these settings; done if data and features turn out the same when"
            " `bench run` makes them here."
        )


def _missing(found: Sequence[Lack]) -> Iterator[str]:
    if found:
        yield "Missing here:"
    shown: dict[str, str] = {}
    for lack in found:
        yield f"  {lack.what} ({count(lack.runs, 'run')})"
        for file in lack.files:
            first = shown.setdefault(file, lack.what)
            name, address, _ = file.partition(": ")
            yield f"    {file}" if first == lack.what or not address else f"    {name}: as of {first}"
        yield from (f"    -> {remedy}" for remedy in lack.remedies)


def _times(runs: Sequence[Outlook], jobs: int) -> Iterator[str]:
    """The forecast of all that is to compute, and what it stands on."""
    distinct = [run for run in runs if _is_to_do(run) and not run.twin]
    known = [run.forecast for run in distinct if run.forecast is not None]
    unknown = len(distinct) - len(known)
    if known:
        total = sum(forecast.seconds for forecast in known)
        # A run is computed by one process: together they take no less than the longest.
        wall = max(total / jobs, max(forecast.seconds for forecast in known))
        most = {"dataset", "model"} & {forecast.kind for forecast in known}
        one_by_one = "" if jobs == 1 else f" ({duration(total)} of computing, {jobs} at a time)"
        yield (
            f"Forecast for {count(len(known), 'run')}: {'at most about' if most else 'about'}"
            f" {duration(wall)}{one_by_one}, without preparing data and encoding."
        )
        yield from _bases(known)
    if unknown:
        yield (
            f"For {count(unknown, 'run')} there is no forecast: the results hold no finished run of the same"
            " model, sizes, batches and features on this dataset or, where its size is known, on one like it,"
            " and it cannot be tried on made-up data. One finished seed of each (--seed N) gives the others"
            " one."
        )


_BASES = {
    "cell": "finished seeds: their median time, of the same dataset, model and settings",
    "dataset": "by epoch: seconds per epoch of the same model and sizes on the same dataset, times the"
    " epochs; training may stop early",
    "model": "by target: seconds per training target and epoch of the same model and sizes on other"
    f" datasets, whose catalogues are at most {CATALOGUES:g} times as large or small; rough",
    "rehearsal": f"timed steps: the fastest of {STEPS} on made-up data, and the ranking of some users, for"
    " all epochs; rough, and training may stop early",
}


def _bases(known: Sequence[Forecast]) -> Iterator[str]:
    kinds = {forecast.kind for forecast in known}
    yield from (f"  {words}." for kind, words in _BASES.items() if kind in kinds)
    machines = sorted({machine for forecast in known for machine in forecast.machines})
    if machines and machines != [cpu_model()]:
        yield f"  The finished runs were made on {', '.join(machines)}; the processor here is {cpu_model()}."


def _counts(runs: Sequence[Outlook]) -> str:
    counts = Counter(run.state for run in runs)
    shown = [
        f"{counts[state]} {word}"
        for state, word in _STATES.items()
        if counts[state] or state in ("done", "to compute")
    ]
    return ", ".join(shown)
