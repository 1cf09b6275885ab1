"""What a reader must know of a table's numbers: the lines below it.

Everything is read from the runs themselves, so that a note cannot contradict a number.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Iterable, Sequence
from typing import Any

from bench.results.index import Index
from bench.results.query import CellResult
from bench.results.records import FINGERPRINT, RunRecord
from bench.wording import count, seeds

_TIES = {
    "expected": "ties at their expected value",
    "optimistic": "ties in the target's favour",
    "pessimistic": "ties against the target",
}


def table_notes(index: Index, cells: Sequence[CellResult], marks: Sequence[str] = ()) -> list[str]:
    """The notes of a table, one sentence or list each; ``marks`` are those of signs beside its numbers."""
    records = [cell.record for cell in cells if cell.record is not None]
    return [
        *_datasets(cells),
        *_encoders(records),
        *_protocol(records),
        *_training(cells),
        *_spread(cells),
        *marks,
        *_unpublished(index),
        *index.notes,
        *_failures(cells),
        *_not_run(cells),
    ]


def _distinct(values: Iterable[Hashable]) -> list[Any]:
    return list(dict.fromkeys(values))


def _datasets(cells: Sequence[CellResult]) -> list[str]:
    # By the cell's label: a run may come from a suite that labels the same dataset otherwise.
    facts = [
        (cell.dataset, cell.record.inputs.dataset, _moments(cell.record))
        for cell in cells
        if cell.record is not None
    ]
    return _distinct(
        f"{label}: {count(data.users, 'user')}, {count(data.items, 'item')},"
        f" {count(data.interactions, 'interaction')}"
        + (
            f"; {count(data.users_dropped, 'user')} {_too_few(split)} left out."
            if data.users_dropped
            else "."
        )
        for label, data, split in facts
    )


def _encoders(records: Sequence[RunRecord]) -> list[str]:
    features = _distinct(
        (modality, facts.encoder) for record in records for modality, facts in record.inputs.features.items()
    )
    shown = ", ".join(f"{modality} {encoder}" for modality, encoder in features)
    return [f"Item features: {shown}."] if shown else []


def _protocol(records: Sequence[RunRecord]) -> list[str]:
    kinds = _distinct(
        (
            record.spec.evaluation.get("ties"),
            record.spec.evaluation.get("mask_history"),
            _moments(record),
        )
        for record in records
    )
    return [
        f"Test: {_targets(split)} ranked among all items; "
        f"{_TIES.get(str(ties), f'ties {ties}')}; "
        f"items of the history are {'no candidates' if masked else 'candidates too'}."
        for ties, masked, split in kinds
    ]


def _moments(record: RunRecord) -> tuple[str, str] | None:
    """The two days of a split in time."""
    split = record.spec.dataset.options.get("split")
    return None if split is None else (split["validation"], split["test"])


def _targets(split: tuple[str, str] | None) -> str:
    if split is None:
        return "each user's last item"
    return (
        f"split in time (training before {split[0]}, test from {split[1]}): each user's first item from"
        f" {split[1]} on"
    )


def _too_few(split: tuple[str, str] | None) -> str:
    return "with fewer than three" if split is None else f"without an interaction before {split[0]}"


def _training(cells: Sequence[CellResult]) -> list[str]:
    keys = ("max_length", "epochs", "patience", "monitor")
    kinds: dict[tuple[Any, ...], dict[str, None]] = {}
    for cell in cells:
        if cell.record is not None and cell.record.training.stopped != "counted":
            settings = cell.record.spec.training
            kind = (
                _scheme(cell.record),
                *(settings.get(key) for key in keys),
                settings.get("precision", "float32"),
            )
            kinds.setdefault(kind, {})[cell.model] = None
    return [
        f"Training{_whose(models) if len(kinds) > 1 else ''}: {scheme}, maximum length {length},"
        f" at most {count(epochs, 'epoch')}, stopped after {count(patience, 'validation')}"
        f" without a better {monitor}{_precision(precision)}."
        for (scheme, length, epochs, patience, monitor, precision), models in kinds.items()
    ]


def _precision(name: str) -> str:
    if name == "bf16":
        return "; products of training in bfloat16"
    return "" if name == "float32" else f"; {name}"


def _whose(models: Iterable[str]) -> str:
    return f" ({', '.join(models)})"


def _scheme(record: RunRecord) -> str:
    if record.spec.variant.name.startswith("recbole/"):
        return "RecBole's own rows and Trainer"
    settings = record.spec.training
    stride = settings.get("stride")  # null: windows that advance by their whole length
    return f"scheme {settings.get('scheme')}" + (f" with stride {stride}" if stride else "")


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
    """A line per dataset, model and error; seeds whose errors differ in nothing but their run share one."""
    notes: dict[tuple[str, str, str], list[CellResult]] = {}
    for cell in cells:
        if cell.error:
            reason = f"{cell.status}: {FINGERPRINT.sub('', cell.error)}"
            notes.setdefault((cell.dataset, cell.model, reason), []).append(cell)
    return [
        f"* {model} on {dataset}, {seeds([cell.seed for cell in group])} {group[0].status}: {_error(group)}"
        for (dataset, model, _), group in notes.items()
    ]


def _error(group: Sequence[CellResult]) -> str:
    texts = _distinct(_one_line(cell.error or "") for cell in group)
    others = f" (of seed {group[0].seed}; the others likewise)" if len(texts) > 1 else ""
    return f"{texts[0]}{others}"


def _not_run(cells: Sequence[CellResult]) -> list[str]:
    """A line per dataset: the models that were not run, with their seeds where others were."""
    missing: dict[str, dict[str, list[int]]] = {}
    planned = Counter((cell.dataset, cell.model) for cell in cells)
    for cell in cells:
        if cell.status == "missing":
            missing.setdefault(cell.dataset, {}).setdefault(cell.model, []).append(cell.seed)
    return [
        f"* {dataset}: not run yet: "
        + ", ".join(
            model if len(numbers) == planned[dataset, model] else f"{model} ({seeds(numbers)})"
            for model, numbers in models.items()
        )
        for dataset, models in missing.items()
    ]


def _one_line(text: str) -> str:
    """Printable characters only: an error message must not steer a terminal."""
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())
