"""`bench run`: make every run of a suite exist, then print its table."""

from __future__ import annotations

import os
import shlex
import sys
from contextlib import nullcontext
from pathlib import Path

from rich.console import Console

from bench.cli.dry_run import print_plan
from bench.cli.progress import LineObserver, LiveObserver
from bench.cli.suites import open_suite
from bench.errors import InputError
from bench.execution.request import Outcome, Request
from bench.execution.suite import run_suite
from bench.results.names import command, results_name
from bench.suite.expansion import RunSpec, expand, select
from bench.suite.overrides import overrides_slug
from bench.suite.schema import Suite
from bench.wording import count

EXIT_FAILED_CELLS = 1


def run(
    suite_name: str,
    *,
    datasets: list[str],
    models: list[str],
    seeds: list[int],
    overrides: list[str],
    results: Path,
    home: Path | None,
    jobs: int | None,
    device: str | None,
    dry_run: bool,
    fresh: bool,
    verbose: bool = False,
) -> int:
    """Run a suite; the exit code: 0, or 1 if a cell failed."""
    if device is not None:
        overrides = [*overrides, f"training.device={device}"]
    file, suite = open_suite("run", suite_name, overrides, results)
    specs = select(expand(suite), suite, datasets, models, seeds)
    return run_specs(
        file,
        suite,
        specs,
        overrides=overrides,
        results=results,
        home=home,
        jobs=jobs,
        dry_run=dry_run,
        fresh=fresh,
        verbose=verbose,
    )


def run_specs(
    file: Path,
    suite: Suite,
    specs: list[RunSpec],
    *,
    overrides: list[str],
    results: Path,
    home: Path | None,
    jobs: int | None,
    dry_run: bool,
    fresh: bool,
    verbose: bool = False,
) -> int:
    """Run these runs of a suite; the exit code as of `run`."""
    jobs = jobs or default_jobs(suite.training.threads)
    if dry_run:
        print_plan(specs, results, home, jobs, fresh, verbose)
        return 0
    if verbose:
        raise InputError("only a dry run names every run", file="--verbose", remedy="add --dry-run")
    console = Console(stderr=True)
    name = results_name(suite.suite, overrides_slug(overrides))
    observer = LiveObserver(console) if console.is_terminal else LineObserver(console)
    request = Request(
        suite=suite,
        name=name,
        specs=specs,
        results=results,
        home=home,
        jobs=jobs,
        fresh=fresh,
        command=shlex.join(["bench", *sys.argv[1:]]),
        file=str(file),
        overrides=tuple(text for text in overrides if overrides_slug([text])),
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
    computed = count(outcome.computed, "run")
    say(f"{computed} computed, {outcome.reused} reused, {len(outcome.failures)} failed.")
    for (dataset, model, seed), error in outcome.failures.items():
        say(f"  failed: {dataset} {model} seed {seed}: {error}")
    say(
        f"Index: {results / name / 'index.json'}; one folder per run, with per-user ranks, in"
        f" {results / 'runs'}. Again as a table: {command('table', name, (), results)}"
    )
    return EXIT_FAILED_CELLS if outcome.failures else 0
