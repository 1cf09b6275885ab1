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
        *_training(cells),
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


def _training(cells: Sequence[CellResult]) -> list[str]:
    keys = ("max_length", "epochs", "patience", "monitor")
    kinds: dict[tuple[Any, ...], dict[str, None]] = {}
    for cell in cells:
        if cell.record is not None and cell.record.training.stopped != "counted":
            settings = cell.record.spec.training
            kind = (_scheme(cell.record), *(settings.get(key) for key in keys))
            kinds.setdefault(kind, {})[cell.model] = None
    return [
        f"Training{_whose(models) if len(kinds) > 1 else ''}: {scheme}, maximum length {length}, at most"
        f" {epochs} epochs, stopped after {patience} validations without a better {monitor}."
        for (scheme, length, epochs, patience, monitor), models in kinds.items()
    ]


def _whose(models: Iterable[str]) -> str:
    return f" ({', '.join(models)})"


def _scheme(record: RunRecord) -> str:
    if record.spec.variant.name.startswith("recbole/"):
        return "RecBole's own rows and Trainer"
    return f"scheme {record.spec.training.get('scheme')}"


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
    notes: dict[tuple[str, str, str], list[int]] = {}
    for cell in cells:
        if cell.status != "done":
            reason = f"{cell.status}: {_one_line(cell.error)}" if cell.error else "not run yet"
            notes.setdefault((cell.dataset, cell.model, reason), []).append(cell.seed)
    return [
        f"* {model} on {dataset}, seed{'s' if len(seeds) > 1 else ''} {_listed(seeds)} {reason}"
        for (dataset, model, reason), seeds in notes.items()
    ]


def _listed(seeds: Sequence[int]) -> str:
    """Seeds in words, three or more in a row as ``1-20``."""
    runs: list[list[int]] = []
    for seed in seeds:
        if runs and seed == runs[-1][-1] + 1:
            runs[-1].append(seed)
        else:
            runs.append([seed])
    return ", ".join(f"{run[0]}-{run[-1]}" if len(run) > 2 else ", ".join(map(str, run)) for run in runs)


def _one_line(text: str) -> str:
    """Printable characters only: an error message must not steer a terminal."""
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())
