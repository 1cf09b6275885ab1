"""`bench tune`: search for settings, report what was spent and found, and freeze the winners."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import nullcontext
from functools import partial
from pathlib import Path

from rich.console import Console

from bench.cli.run import default_jobs
from bench.cli.suites import open_suite
from bench.cli.tune_progress import TuneLines, TuneLive
from bench.cli.tune_summary import print_plan, print_summary
from bench.errors import InputError
from bench.execution.plan import Planner
from bench.results.folder import check_folder
from bench.results.names import results_name
from bench.suite.expansion import RunSpec, expand, select
from bench.suite.overrides import apply_overrides, overrides_slug
from bench.suite.reader import read_document
from bench.suite.schema import Suite
from bench.tuning.export import study_record, trial_rows
from bench.tuning.freeze import freeze, frozen_files
from bench.tuning.interrupts import Interrupts
from bench.tuning.records import STUDIES, TRIALS, Cell, StudyRecord, search_folder, write_search
from bench.tuning.search import IN_A_ROW, Search
from bench.tuning.shared import SharedStudy
from bench.tuning.storage import open_storage, shown
from bench.tuning.studies import base_specs, plan_studies, search_of
from bench.tuning.worker import ERRORS

EXIT_NOTHING_FOUND = 1


def tune(
    suite_name: str,
    *,
    datasets: list[str],
    models: list[str],
    storage: str | None,
    freeze_to: Path | None,
    overrides: list[str],
    results: Path,
    home: Path | None,
    jobs: int | None,
    dry_run: bool,
) -> int:
    """Search; the exit code: 0, or 1 if a model has no trial that was done or had to be set aside.

    Args:
        suite_name: a file, or the name of one in suites/.
        datasets: labels or names; none: all.
        models: likewise, of those that are tuned.
        storage: address of a database, or a file; None: the suite's, else a file beside the results.
        freeze_to: the suite file to write; None: none.
        overrides: values of ``--set``.
        results: the results folder.
        home: where prepared data lie.
        jobs: trials at a time; None: as many as there are cores for.
        dry_run: search nothing.

    Raises:
        InputError: the suite is wrong, has no search, or tunes none of the models.
        DataError: data, features or the storage cannot be had.
    """
    file, suite = open_suite("tune", suite_name, overrides, results)
    address = storage or search_of(suite).storage
    specs = base_specs(suite, select(expand(suite), suite, datasets, models))
    name = results_name(suite.suite, overrides_slug(overrides))
    check_folder(results)
    folder = search_folder(results, name)
    targets = _targets(freeze_to, suite, specs, models)
    jobs = jobs or default_jobs(suite.training.threads)
    if dry_run:
        print_plan(suite, name, specs, shown(address, folder), results, home, jobs)
        return 0
    console = Console(stderr=True)
    observer = TuneLive(console, folder) if console.is_terminal else TuneLines(console, folder)
    with observer if isinstance(observer, TuneLive) else nullcontext():
        planner = Planner(results, home, progress=observer.preparing)
        plans = plan_studies(suite, name, specs, planner)
        with open_storage(address, folder) as store:
            try:
                with Interrupts() as interrupts:
                    studies = [SharedStudy(plan, store) for plan in plans]
                    observer.planned(studies, shown(address, folder))
                    keep = partial(_write, folder, suite, studies)
                    search = Search(studies, planner, jobs, home, observer, interrupts, keep)
                    search.run()
            except KeyboardInterrupt:
                observer.say("Interrupted. Trials are kept; the same command goes on where this one stopped.")
                raise
            records = _write(folder, suite, studies)
    print_summary(suite, records)
    _say_set_aside(records, search.set_aside, observer)
    observer.say(f"Trials: {folder / TRIALS}, {folder / STUDIES}; storage: {shown(address, folder)}")
    _freeze(file, overrides, suite, targets, records, observer)
    found = all(record.best is not None for record in records) and not search.set_aside
    return 0 if found else EXIT_NOTHING_FOUND


def _say_set_aside(records: Sequence[StudyRecord], set_aside: Mapping[str, str], observer: TuneLines) -> None:
    for record in records:
        if record.study in set_aside:
            observer.say(
                f"{record.dataset} {record.model}: set aside: this machine could not train {IN_A_ROW}"
                f" trials in a row, the last for {set_aside[record.study]} (more in {ERRORS}). They are not"
                " lost: mend that, and the same command goes on."
            )


def _targets(
    freeze_to: Path | None, suite: Suite, specs: Sequence[RunSpec], models: Sequence[str]
) -> dict[str, Path]:
    """The suite files to be written, by dataset; a mistake is found before the search."""
    if freeze_to is None:
        return {}
    if models:
        raise InputError(
            "a frozen suite has the winner of every model",
            file="--freeze",
            remedy="leave out --model: trials that are done are not done again",
        )
    return frozen_files(freeze_to, list(dict.fromkeys(spec.dataset.label for spec in specs)), suite)


def _write(folder: Path, suite: Suite, studies: Sequence[SharedStudy]) -> list[StudyRecord]:
    """Bring the search's files up to date; the records of these studies."""
    spaces = search_of(suite).spaces
    rows = {study.plan.name: trial_rows(study) for study in studies}
    records = [study_record(study, rows[study.plan.name]) for study in studies]
    datasets = dict.fromkeys([*(each.label for each in suite.datasets), *(each.dataset for each in records)])
    order: list[Cell] = [
        (dataset, each.label) for dataset in datasets for each in suite.models if each.label in spaces
    ]
    write_search(folder, records, [row for each in rows.values() for row in each], order)
    return records


def _freeze(
    file: Path,
    overrides: Sequence[str],
    suite: Suite,
    targets: dict[str, Path],
    records: Sequence[StudyRecord],
    observer: TuneLines,
) -> None:
    document = apply_overrides(read_document(file), overrides)
    for dataset, target in targets.items():
        own = [record for record in records if record.dataset == dataset]
        freeze(target, document, suite, str(file), dataset, own)
        observer.say(f"Winners on {dataset}: {target}; `bench run {target}` runs them with fresh seeds.")
