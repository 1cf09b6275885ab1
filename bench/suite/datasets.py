"""The datasets of a suite, checked against the registry."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from typing import Any

from bench import registry
from bench.errors import InputError
from bench.suite.entries import Entry, check_labels, full_label, parse_entry, read_entries
from bench.suite.parts import DatasetRef
from bench.suite.problems import Problems, suggest
from bench.suite.reader import Document
from bench.suite.recipes import dataset_entry, dataset_names
from bench.suite.settings import Settings


def check_datasets(document: Document, problems: Problems) -> list[DatasetRef]:
    """The datasets that are in order; what is wrong with the others is noted."""
    entries = read_entries(document, "datasets", problems)
    check_labels(entries, problems)
    checked = (_check(entry, problems) for entry in entries)
    return [dataset for dataset in checked if dataset is not None]


def parse_dataset(text: str, option: str = "--dataset") -> DatasetRef:
    """Read a dataset as the command line writes it, for example ``toyshop[image=1,mechanism=content]``.

    Raises:
        InputError: no such dataset, or a wrong option; ``option`` of the command line is named in it.
    """
    document = Document(data={"datasets": [parse_entry(text, option)]}, file=option)
    problems = Problems(document)
    checked = check_datasets(document, problems)
    problems.raise_any()
    return checked[0]


def written_dataset(name: str, options: Mapping[str, Any]) -> str | None:
    """The dataset as a shell takes it, ``'toyshop[image=1.0]'``; None where brackets cannot say its options.

    Args:
        name: of the registry, or a recipe's.
        options: as a `DatasetRef` or a run's record has them; those at their defaults are left out.
    """
    known = dataset_entry(name)
    if known is None:
        return None
    kind: type[Settings] = registry.load(known.settings)
    defaults = {key: field.default for key, field in kind.model_fields.items()}
    unusual = {key: value for key, value in options.items() if value not in (None, defaults.get(key))}
    text = full_label(Entry(name, "", unusual, ()))
    try:
        return shlex.quote(text) if parse_dataset(text).options == dict(options) else None
    except InputError:
        return None


def _check(entry: Entry, problems: Problems) -> DatasetRef | None:
    known = dataset_entry(entry.name)
    if known is None:
        problems.add(entry.path, f"no dataset {entry.name!r}", suggest(entry.name, dataset_names()))
        return None
    kind: type[Settings] = registry.load(known.settings)
    options = problems.validate(kind, entry.values, entry.path)
    if options is None:
        return None
    return DatasetRef(name=entry.name, label=entry.label, options=options.model_dump(mode="json"))
