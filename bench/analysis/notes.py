"""What a reader must know of a table's numbers: the lines below it.

Everything is read from the runs themselves, so that a note cannot contradict a number.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Sequence
from typing import Any

from bench.results.index import Index
from bench.results.query import CellResult
from bench.results.records import RunRecord

_TIES = {
    "expected": "ties at their expected value",
    "optimistic": "ties in the target's favour",
    "pessimistic": "ties against the target",
}


def table_notes(index: Index, cells: Sequence[CellResult]) -> list[str]:
    """The notes of a table, one sentence or list each."""
    records = [cell.record for cell in cells if cell.record is not None]
    return [
        *_datasets(cells),
        *_encoders(records),
        *_protocol(records),
        *_training(records),
        *_spread(cells),
        *_unpublished(index),
        *index.notes,
        *_failures(cells),
    ]


def _distinct(values: Iterable[Hashable]) -> list[Any]:
    return list(dict.fromkeys(values))


def _datasets(cells: Sequence[CellResult]) -> list[str]:
    # By the cell's label: a run may come from a suite that labels the same dataset otherwise.
    facts = [(cell.dataset, cell.record.inputs.dataset) for cell in cells if cell.record is not None]
    return _distinct(
        f"{label}: {data.users:,} users, {data.items:,} items, {data.interactions:,} interactions"
        + (f"; {data.users_dropped:,} users with fewer than three left out." if data.users_dropped else ".")
        for label, data in facts
    )


def _encoders(records: Sequence[RunRecord]) -> list[str]:
    features = _distinct(
        (modality, facts.encoder) for record in records for modality, facts in record.inputs.features.items()
    )
    shown = ", ".join(f"{modality} {encoder}" for modality, encoder in features)
    return [f"Item features: {shown}."] if shown else []


def _protocol(records: Sequence[RunRecord]) -> list[str]:
    kinds = _distinct(
        (record.spec.evaluation.get("ties"), record.spec.evaluation.get("mask_history")) for record in records
    )
    return [
        "Test: each user's last item ranked among all items; "
        f"{_TIES.get(str(ties), f'ties {ties}')}; "
        f"items of the history are {'no candidates' if masked else 'candidates too'}."
        for ties, masked in kinds
    ]


def _training(records: Sequence[RunRecord]) -> list[str]:
    keys = ("scheme", "max_length", "epochs", "patience", "monitor")
    trained = [record for record in records if record.training.stopped != "counted"]
    kinds = _distinct(tuple(record.spec.training.get(key) for key in keys) for record in trained)
    return [
        f"Training: scheme {scheme}, maximum length {length}, at most {epochs} epochs, stopped after"
        f" {patience} validations without a better {monitor}."
        for scheme, length, epochs, patience, monitor in kinds
    ]


def _unpublished(index: Index) -> list[str]:
    settings = ", ".join(index.unpublished)
    return [f"Left open by the paper, chosen here: {settings}."] if settings else []


def _spread(cells: Sequence[CellResult]) -> list[str]:
    groups: dict[tuple[str, str], int] = {}
    for cell in cells:
        if cell.status == "done":
            groups[cell.dataset, cell.model] = groups.get((cell.dataset, cell.model), 0) + 1
    counts = sorted(set(groups.values()))
    if not counts:
        return []
    if counts == [1]:
        return ["One seed: no spread is known."]
    n = str(counts[0]) if len(counts) == 1 else f"{counts[0]} to {counts[-1]}"
    return [f"Mean ± sample standard deviation over seeds (n = {n}); it is no confidence interval."]


def _failures(cells: Sequence[CellResult]) -> list[str]:
    notes: dict[tuple[str, str, str], list[str]] = {}
    for cell in cells:
        if cell.status != "done":
            reason = f"{cell.status}: {_one_line(cell.error)}" if cell.error else "not run yet"
            notes.setdefault((cell.dataset, cell.model, reason), []).append(str(cell.seed))
    return [
        f"* {model} on {dataset}, seed{'s' if len(seeds) > 1 else ''} {', '.join(seeds)} {reason}"
        for (dataset, model, reason), seeds in notes.items()
    ]


def _one_line(text: str) -> str:
    """Printable characters only: an error message must not steer a terminal."""
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())
