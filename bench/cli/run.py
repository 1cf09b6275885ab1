"""`bench run`: make every run of a suite exist, then print its table."""

from __future__ import annotations

import os
import shlex
import sys
from contextlib import nullcontext
from pathlib import Path

from rich.console import Console

from bench.cli.progress import LineObserver, LiveObserver
from bench.execution.plan import Planned, Planner
from bench.execution.suite import Outcome, Request, run_suite
from bench.results.index import results_name
from bench.suite.expansion import RunSpec, expand, select
from bench.suite.overrides import overrides_slug
from bench.suite.schema import find_suite, load_suite

EXIT_FAILED_CELLS = 1


def run(
    suite_name: str,
    *,
    datasets: list[str],
    models: list[str],
    seeds: list[int],
    overrides: list[str],
    results: Path,
    cache: Path | None,
    jobs: int | None,
    device: str | None,
    dry_run: bool,
    fresh: bool,
) -> int:
    """Run a suite; the exit code: 0, or 1 if a cell failed."""
    if device is not None:
        overrides = [*overrides, f"training.device={device}"]
    suite = load_suite(find_suite(suite_name), overrides)
    specs = select(expand(suite), suite, datasets, models, seeds)
    console = Console(stderr=True)
    if dry_run:
        _print_plan(specs, results, cache, console)
        return 0
    name = results_name(suite.suite, overrides_slug(overrides))
    live = console.is_terminal
    observer = LiveObserver(console) if live else LineObserver(console)
    request = Request(
        suite=suite,
        name=name,
        specs=specs,
        results=results,
        cache=cache,
        jobs=jobs or default_jobs(suite.training.threads),
        fresh=fresh,
        command=shlex.join(["bench", *sys.argv[1:]]),
    )
    try:
        with observer if isinstance(observer, LiveObserver) else nullcontext():
            outcome = run_suite(request, observer)
    except KeyboardInterrupt:
        observer.say("Interrupted. Finished runs are kept; the same command goes on where this one stopped.")
        raise
    return _close(name, results, outcome, console)


def default_jobs(threads: int) -> int:
    """As many runs at a time as the processor has cores for their threads."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return max(1, cores // threads)


def _close(name: str, results: Path, outcome: Outcome, console: Console) -> int:
    from bench.cli.table import print_table

    print_table(results, name, "rich")
    say = LineObserver(console).say
    say(f"{outcome.computed} runs computed, {outcome.reused} reused, {len(outcome.failures)} failed.")
    for (dataset, model, seed), error in outcome.failures.items():
        say(f"  failed: {dataset} {model} seed {seed}: {error}")
    say(
        f"Index: {results / name / 'index.json'}; one folder per run, with per-user ranks, in"
        f" {results / 'runs'}. Again as a table: bench table {shlex.quote(name)}"
    )
    return EXIT_FAILED_CELLS if outcome.failures else 0


def _print_plan(specs: list[RunSpec], results: Path, cache: Path | None, console: Console) -> None:
    say = LineObserver(console).say
    planned = Planner(results, cache, prepare=False).plan(specs)
    for run in planned:
        spec = run.spec
        cell = f"{spec.dataset.label} {spec.variant.label} seed {spec.seed}"
        say(f"{cell}: {_fate(run)}")
    done = sum(run.paths is not None and run.paths.is_done() for run in planned)
    say(f"{len(planned)} runs: {done} done, {len(planned) - done} to compute. Nothing was run.")


def _fate(run: Planned) -> str:
    if run.paths is None:
        return f"to compute ({run.error})"
    return f"{'done' if run.paths.is_done() else 'to compute'} {run.paths.fingerprint}"
