"""Questions asked of a results folder: a suite's cells with their runs, and one run by its name."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from bench.errors import DataError, InputError
from bench.results.condition import run_condition
from bench.results.folder import check_folder
from bench.results.index import Index, IndexCell, read_index, suite_names
from bench.results.records import FINGERPRINT, RECORD, RUNS, RunRecord, read_record
from bench.results.values import test_metrics

Status = Literal["done", "failed", "missing", "lost", "damaged", "unreadable"]


@dataclass(frozen=True)
class CellResult:
    """What is known of one run of a suite.

    Attributes:
        dataset: the dataset's label.
        model: the variant's label.
        seed: the seed.
        status: done; failed; missing (never run); lost (the index names a run that is gone); damaged;
            unreadable (the system does not give it).
        fingerprint: of the run, where the index names one.
        error: why there is no record, in a sentence; None where there is one, or the run was never made.
        record: the run; None unless done.
        metrics: the metrics of the suite and its claims on the test targets; empty unless done.
    """

    dataset: str
    model: str
    seed: int
    status: Status
    fingerprint: str | None = None
    error: str | None = None
    record: RunRecord | None = None
    metrics: Mapping[str, float] = field(default_factory=dict)


def load_cells(results: Path, suite: str) -> list[CellResult]:
    """Every run of a suite, in the order datasets x models x seeds; errors as `read_index`."""
    return cells_of(results, read_index(results, suite))


def cells_of(results: Path, index: Index) -> list[CellResult]:
    """Every run of the suite whose index this is, in the order datasets x models x seeds.

    What was added beside the suite was asked for on some datasets or with some models alone; there is no
    cell for the rest.
    """
    known = {cell.key: cell for cell in index.cells}
    asked = {(cell.dataset, cell.model) for cell in index.cells}
    lists = (index.claims, index.gains, index.equalities)
    claimed = (claim.metric for claims in lists for claim in claims)
    metrics = tuple(dict.fromkeys([*index.metrics, *claimed]))
    return [
        _result(results, known[key], metrics) if key in known else CellResult(*key, status="missing")
        for dataset in index.datasets
        for model in index.models
        if (dataset, model) in asked or not index.is_added(dataset, model)
        for seed in index.seeds
        for key in [(dataset, model, seed)]
    ]


def _result(results: Path, cell: IndexCell, metrics: tuple[str, ...]) -> CellResult:
    if cell.status == "failed" or cell.fingerprint is None:
        return CellResult(*cell.key, "failed", cell.fingerprint, cell.error or "no reason was recorded")
    found = run_condition(results, cell.fingerprint)
    if found.state == "absent":
        gone = f"run {cell.fingerprint} is no longer in {results / RUNS}"
        return CellResult(*cell.key, "lost", cell.fingerprint, gone)
    if found.state != "done" or found.record is None:
        return CellResult(*cell.key, found.state, cell.fingerprint, found.reason)
    values = test_metrics(results, found.record, metrics)
    return CellResult(*cell.key, "done", cell.fingerprint, None, found.record, values)


def fingerprints(results: Path) -> list[str]:
    """The finished runs, sorted.

    Raises:
        InputError: ``results`` is a file.
    """
    check_folder(results)
    try:
        # Not by a pattern: pathlib skips without a word what may not be read.
        folders = list((results / RUNS).iterdir())
    except FileNotFoundError:
        return []
    return sorted(
        each.name for each in folders if FINGERPRINT.fullmatch(each.name) and (each / RECORD).exists()
    )


def find_run(results: Path, name: str) -> RunRecord:
    """The run that ``name`` means: the start of a fingerprint, or SUITE/DATASET/MODEL/SEED.

    Raises:
        InputError: it means none, or several.
        DataError: the run's record is damaged.
    """
    fingerprint = cell_named(results, name)[1].fingerprint if "/" in name else _by_prefix(results, name)
    assert fingerprint is not None  # of a cell that is named
    try:
        return read_record(results, fingerprint)
    except FileNotFoundError as error:
        raise InputError(f"run {fingerprint} is no longer in {results / RUNS}") from error


def _by_prefix(results: Path, prefix: str) -> str:
    matches = [name for name in fingerprints(results) if name.startswith(prefix)] if prefix else []
    if len(matches) == 1:
        return matches[0]
    if matches:
        shown = ", ".join(matches[:5]) + (", ..." if len(matches) > 5 else "")
        raise InputError(f"{prefix!r} begins {len(matches)} fingerprints: {shown}", remedy="give more digits")
    raise InputError(
        f"{results} has no run {prefix!r}",
        remedy="a run is named by the start of its fingerprint or as SUITE/DATASET/MODEL/SEED",
    )


def cell_named(results: Path, name: str) -> tuple[str, IndexCell]:
    """The suite and its finished cell that SUITE/DATASET/MODEL/SEED means.

    Raises:
        InputError: there is none, or it failed.
        DataError: the suite's index is damaged.
    """
    suite, _, rest = name.partition("/")
    cells = read_index(results, suite).cells
    # Labels may hold a slash themselves (recbole/LightSANs), so whole names are compared.
    for cell in cells:
        if rest == f"{cell.dataset}/{cell.model}/{cell.seed}":
            if cell.fingerprint is None:
                raise InputError(f"{name} failed: {cell.error or 'no reason was recorded'}")
            return suite, cell
    options = ", ".join(f"{suite}/{c.dataset}/{c.model}/{c.seed}" for c in cells[:3])
    raise InputError(f"suite {suite!r} has no run {rest!r}", remedy=f"its runs are {options}, ...")


def runs_of_cell(results: Path, record: RunRecord) -> list[RunRecord]:
    """The other readable runs with the same dataset and variant labels and the same seed."""
    return [
        other
        for other in readable_records(results)
        if _cell(other) == _cell(record) and other.fingerprint != record.fingerprint
    ]


def _cell(record: RunRecord) -> tuple[str, str, int]:
    return record.spec.dataset.label, record.spec.variant.label, record.spec.seed


def readable_records(
    results: Path, wanted: Callable[[str], bool] = lambda fingerprint: True
) -> list[RunRecord]:
    """The finished runs of all suites; those that are damaged or unreadable are left out.

    Args:
        results: the results folder.
        wanted: by fingerprint, which of them.

    Raises:
        InputError: ``results`` is a file.
    """
    found = []
    for fingerprint in filter(wanted, fingerprints(results)):
        try:
            found.append(read_record(results, fingerprint))
        except (DataError, FileNotFoundError):
            continue  # a damaged run is no help in explaining another; `bench status` reports it
    return found


def suites_using(results: Path, fingerprint: str) -> list[str]:
    """The suites whose index names this run, sorted."""
    return [
        suite
        for suite in suite_names(results)
        if any(cell.fingerprint == fingerprint for cell in read_index(results, suite).cells)
    ]
