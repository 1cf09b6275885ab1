"""`bench datasets`: the datasets that a suite can name."""

from __future__ import annotations

import json
from typing import Any

from rich.console import Console

from bench.cli.options import brief, listing, options
from bench.suite.recipes import dataset_entry, dataset_names


def describe_datasets() -> list[dict[str, Any]]:
    """Each dataset's name, description, modalities, and its options with defaults."""
    return [
        {
            "name": name,
            "about": entry.about,
            "modalities": list(entry.modalities),
            "options": options(entry),
        }
        for name in dataset_names()
        if (entry := dataset_entry(name)) is not None
    ]


def print_datasets(format: str) -> None:
    """Print the datasets as ``rich`` or ``json``."""
    found = describe_datasets()
    if format == "json":
        print(json.dumps(found, indent=1, ensure_ascii=False))
        return
    console = Console()
    for dataset in found:
        lines = [
            dataset["about"],
            f"has {', '.join(dataset['modalities'])}",
            f"options: {brief(dataset['options'])}",
        ]
        console.print(listing(dataset["name"], lines))
