"""Where the numbers come from: every run with its provenance, and what computes it again."""

from __future__ import annotations

import shlex
from collections.abc import Sequence

from bench.analysis.costs import training_seconds
from bench.analysis.formats.blocks import Blocks, Cell
from bench.report.compared import Compared
from bench.results.index import Index
from bench.results.names import DEFAULT_RESULTS, command
from bench.results.query import CellResult
from bench.results.records import RunRecord
from bench.wording import count

_COLUMNS = (
    "dataset", "model", "seed", "run", "kept epoch", "epochs", "ended by", "seconds", "memory, MiB",
    "parameters", "commit", "finished",
)  # fmt: skip
_LEFT = ("dataset", "model", "run", "ended by", "commit", "finished")


def run_table(cells: Sequence[CellResult]) -> Blocks:
    """A line per finished run."""
    rows = [_row(cell, cell.record) for cell in cells if cell.record is not None]
    notes = (
        "run: `bench why RUN` shows what it depends on. kept epoch: the one with the best validation."
        " seconds: of training with validation. commit: of bench; + where files of it were changed.",
    )
    return Blocks(_COLUMNS, _LEFT, {"Finished runs": rows} if rows else {}, notes)


def _row(cell: CellResult, record: RunRecord) -> tuple[str | Cell, ...]:
    made, trained = record.provenance, record.training
    memory = record.peak_memory_mib
    commit = "" if made.commit is None else made.commit[:10] + ("+" if made.dirty else "")
    return (
        cell.dataset,
        cell.model,
        str(cell.seed),
        record.fingerprint,
        "" if trained.best_epoch is None else str(trained.best_epoch),
        str(trained.epochs),
        trained.stopped,
        f"{training_seconds(record):.1f}",
        "" if memory is None else f"{memory:.0f}",
        f"{trained.parameters:,}",
        commit,
        made.finished,
    )


def failure_table(cells: Sequence[CellResult]) -> Blocks:
    """A line per run that has no result."""
    rows = [
        (cell.dataset, cell.model, str(cell.seed), cell.status, cell.error or "not run yet")
        for cell in cells
        if cell.status != "done"
    ]
    columns = ("dataset", "model", "seed", "status", "reason")
    return Blocks(columns, columns, {"Runs without a result": rows} if rows else {}, (), wide=("reason",))


def has_claims(index: Index) -> bool:
    """Whether `bench check` has something to say of this suite."""
    return bool(index.claims or index.gains or index.equalities)


def commands(index: Index, name: str, beside: Compared, baseline: str | None, tuned: bool) -> list[str]:
    """What makes these results again, in a checkout of bench's repository or wherever the suite file lies.

    Args:
        index: the suite's.
        name: of the results.
        beside: the comparison of the report.
        baseline: as it was asked for.
        tuned: whether there was a search.
    """
    file = index.file or name.partition("@")[0]
    options = [] if baseline is None else ["--baseline", baseline]
    # Which file was tuned is known once it was run.
    makes = [*(["tune"] if tuned and index.file else []), *(["run"] if index.cells else [])]
    return [
        *(command(verb, file, index.overrides or (), DEFAULT_RESULTS) for verb in makes),
        *([command("table", name, (), DEFAULT_RESULTS)] if index.cells else []),
        *([shlex.join(["bench", "compare", name, *options])] if beside.rows else []),
        *([command("check", name, (), DEFAULT_RESULTS)] if index.cells and has_claims(index) else []),
        *([shlex.join(["bench", "plot", "tuning", name])] if tuned else []),
    ]


def provenance_facts(cells: Sequence[CellResult]) -> list[tuple[str, list[str]]]:
    """What the runs share, or each of the few ways in which they differ: heading and values."""
    records = [cell.record for cell in cells if cell.record is not None]
    made = [record.provenance for record in records]
    data = [
        f"{cell.dataset}: {count(facts.users, 'user')}, {count(facts.items, 'item')},"
        f" {count(facts.interactions, 'interaction')}, content {facts.hash[:16]}"
        for cell in cells
        if cell.record is not None
        for facts in [cell.record.inputs.dataset]
    ]
    features = [
        f"{modality}: {facts.encoder}, content {facts.hash[:16]}"
        for record in records
        for modality, facts in record.inputs.features.items()
    ]
    packages = [
        ", ".join(f"{name} {version}" for name, version in sorted(each.packages.items()) if version)
        for each in made
    ]
    found = [
        ("data", data),
        ("features", features),
        ("machine", [f"{p.gpu or p.cpu}, {count(p.threads, 'thread')}, {p.platform}" for p in made]),
        ("python", [p.python for p in made]),
        ("packages", packages),
        ("bench", [f"commit {p.commit or 'unknown'}{' with changes' if p.dirty else ''}" for p in made]),
    ]
    return [(heading, list(dict.fromkeys(values))) for heading, values in found if values]
