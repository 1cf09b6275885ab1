"""`bench data`: prepare datasets, and see what was prepared."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import Progress as Bars
from rich.table import Table
from rich.text import Text

from bench.data.datasets import open_dataset, prepare_dataset
from bench.data.pictures import failures_file, picture_failures
from bench.data.prepared import PreparedDataset
from bench.data.sources.base import Progress
from bench.errors import BenchError, InputError
from bench.suite.datasets import parse_dataset
from bench.suite.parts import DatasetRef
from bench.suite.recipes import find_recipe, recipe_names
from bench.wording import count

_REASONS = 5  # shown of why pictures are missing


def prepare(text: str, source_folder: Path | None, home: Path | None, fetch: bool = False) -> None:
    """Prepare a dataset, unless that is done, and print what was made of it.

    Args:
        text: as ``--dataset`` takes it, for example ``VideoGames[users=1000]``.
        source_folder: where the files of a recipe lie.
        home: bench's home; see `home_folder`.
        fetch: fetch the pictures that items name by an address.

    Raises:
        InputError: no such dataset, a wrong option, or a folder for one that has no files.
        DataError: the data cannot be had or used.
    """
    ref = parse_dataset(text, "DATASET")
    if source_folder is not None and find_recipe(ref.name) is None:
        raise InputError(
            f"{ref.name} is not made from files in a folder", file="--from", remedy="leave it out"
        )
    with progress_bars() as progress:
        dataset = prepare_dataset(ref.name, ref.label, ref.options, home, progress, source_folder, fetch)
    show(dataset, published(ref.name))
    if fetch and dataset.audit["pictures_not_fetched"]:
        _show_failures(home)


def _show_failures(home: Path | None) -> None:
    """Say why pictures are still missing after they were asked for."""
    console = Console()
    for reason, times in picture_failures(home).most_common(_REASONS):
        console.print(f"  {count(times, 'address')}: {reason}", highlight=False, markup=False)
    console.print(f"Each one: {failures_file(home)}", highlight=False, soft_wrap=True)


def info(text: str, home: Path | None, format: str) -> None:
    """Print what was made of a prepared dataset, as ``rich`` or ``json``.

    Raises:
        InputError: no such dataset, or it is not prepared.
    """
    ref = parse_dataset(text, "DATASET")
    dataset = prepared(ref, text, home)
    if format == "json":
        print((dataset.folder / "dataset.json").read_text(encoding="utf-8"), end="")
        return
    show(dataset, published(ref.name))


def print_list(home: Path | None, format: str) -> None:
    """Print the datasets with a name of their own, and which are prepared without further options."""
    rows: list[dict[str, Any]] = []
    for name in recipe_names():
        row: dict[str, Any] = {"name": name, "about": None, "prepared": None}
        try:
            recipe = find_recipe(name)
            if recipe is not None:
                row["about"] = recipe.about
                found = open_dataset(name, name, {}, home)
                row["prepared"] = None if found is None else _sizes(found)
        except BenchError as error:
            row["error"] = str(error)  # of this one; the others are listed all the same
        rows.append(row)
    if format == "json":
        print(json.dumps(rows, indent=1, ensure_ascii=False))
        return
    table = Table("dataset", "about", "prepared")
    for row in rows:
        state = row.get("error") or ("no" if row["prepared"] is None else _brief(row["prepared"]))
        table.add_row(*(Text(text) for text in (row["name"], row["about"] or "", state)))
    Console().print(table)


def prepared(ref: DatasetRef, text: str, home: Path | None) -> PreparedDataset:
    """The prepared dataset of ``text``.

    Raises:
        InputError: it is not prepared.
    """
    dataset = open_dataset(ref.name, ref.label, ref.options, home)
    if dataset is None:
        raise InputError(f"{ref.label} is not prepared", remedy=f"bench data prepare '{text}'")
    return dataset


def published(name: str) -> Mapping[str, int | float]:
    """The sizes that a paper gives for a dataset."""
    recipe = find_recipe(name)
    return {} if recipe is None else recipe.published


def show(dataset: PreparedDataset, paper: Mapping[str, int | float]) -> None:
    """Print the counts after every step, beside the paper's, and where the dataset lies."""
    audit = dataset.audit
    table = Table("step", *("interactions", "users", "items"), title=dataset.label, title_justify="left")
    for column in table.columns[1:]:
        column.justify = "right"
    for step, counts in _story(audit, dataset):
        table.add_row(Text(step), *(f"{counts[key]:,}" for key in ("interactions", "users", "items")))
    if paper:
        table.add_section()
        table.add_row("the paper", *(f"{paper[key]:,}" for key in ("interactions", "users", "items")))
    console = Console()
    console.print(table)
    console.print(_contents(audit, dataset.n_items), highlight=False)
    if audit["pictures_not_fetched"]:
        console.print(
            f"Pictures of {count(audit['pictures_not_fetched'], 'item')} are not at hand:"
            f" bench data prepare '{dataset.label}' --pictures fetches them, as far as they can be had.",
            highlight=False,
            markup=False,
        )
    console.print(f"{dataset.folder}", highlight=False, soft_wrap=True)


def _story(audit: Mapping[str, Any], dataset: PreparedDataset) -> Iterator[tuple[str, Mapping[str, int]]]:
    yield (
        "read",
        {
            "interactions": audit["interactions_read"],
            "users": audit["users_read"],
            "items": audit["items_bought"],
        },
    )
    for step in audit["steps"]:
        yield step["step"], step
    kept = "users with a training part" if dataset.in_time else "users with three or more"
    yield f"{kept}, cut: the dataset", _sizes(dataset)


def _sizes(dataset: PreparedDataset) -> dict[str, int]:
    return {"interactions": dataset.n_interactions, "users": dataset.n_users, "items": dataset.n_items}


def _brief(sizes: Mapping[str, int]) -> str:
    return ", ".join(f"{number:,} {name}" for name, number in sizes.items())


def _contents(audit: Mapping[str, Any], items: int) -> str:
    parts = [f"{modality} {number:,}" for modality, number in audit["items_with"].items()]
    return f"Items with {', '.join(parts)} of {items:,}."


@contextmanager
def progress_bars() -> Iterator[Progress]:
    """A progress bar where somebody looks on."""
    console = Console(stderr=True)
    with Bars(console=console, transient=True, disable=not console.is_terminal) as bars:
        tasks: dict[str, Any] = {}

        def progress(what: str, done: int, total: int) -> None:
            if what not in tasks:
                tasks[what] = bars.add_task(what, total=total or None)
            bars.update(tasks[what], completed=done, total=total or None)

        yield progress
