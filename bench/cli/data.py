"""`bench data`: prepare datasets, and see what was prepared."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import Progress as Bars
from rich.table import Table
from rich.text import Text

from bench.data.audit import findings
from bench.data.datasets import open_dataset, open_source, prepare_dataset, remove_prepared
from bench.data.inference import COLUMNS, infer
from bench.data.orders import count_orders, sensible_orders
from bench.data.prepared import PreparedDataset
from bench.data.sources.base import Progress
from bench.errors import InputError
from bench.figures.dataset import draw_dataset
from bench.suite.datasets import parse_dataset
from bench.suite.parts import DatasetRef
from bench.suite.recipes import (
    add_recipe,
    dataset_names,
    dataset_settings,
    find_recipe,
    remove_recipe,
    written,
)
from bench.suite.settings import CutSettings
from bench.wording import count


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
    ref = parse_dataset(text)
    if source_folder is not None and find_recipe(ref.name) is None:
        raise InputError(
            f"{ref.name} is not made from files in a folder", file="--from", remedy="leave it out"
        )
    with _bars() as progress:
        dataset = prepare_dataset(ref.name, ref.label, ref.options, home, progress, source_folder, fetch)
    show(dataset, published(ref.name))


def add(name: str, folder: Path, columns: Sequence[str], home: Path | None) -> None:
    """Infer what the user's files are, show it, keep it as a recipe, and prepare the dataset.

    Args:
        name: of the dataset.
        folder: of the files.
        columns: what the user says of columns, each ``WHAT=COLUMN``.
        home: bench's home; see `home_folder`.

    Raises:
        InputError: it is not clear what the files are, or they are wrong; the recipe is not kept then.
        DataError: the files leave no user.
    """
    recipe = {"about": f"files of yours in {folder.resolve()}"} | infer(folder, _columns(columns))
    console = Console()
    console.print(written(recipe), markup=False, highlight=False, soft_wrap=True)
    file = add_recipe(name, recipe)
    try:
        prepare(name, folder, home)
    except BaseException:
        remove_recipe(name)
        raise
    console.print(f"The recipe, to read or edit: {file}", highlight=False, soft_wrap=True)


def _columns(words: Sequence[str]) -> dict[str, str]:
    found = {}
    for word in words:
        what, sign, column = word.partition("=")
        if not sign or what not in COLUMNS:
            raise InputError(
                f"{word!r} does not say which column is what",
                file="--column",
                remedy=f"WHAT=COLUMN, where WHAT is one of {', '.join(COLUMNS)}",
            )
        found[what] = column
    return found


def remove(name: str, home: Path | None) -> None:
    """Remove what was prepared of a dataset, and its recipe if the user added it.

    Raises:
        InputError: there is nothing of this name.
    """
    own = remove_recipe(name)
    folders = remove_prepared(name, home)
    if not own and not folders:
        raise InputError(f"nothing is prepared of {name!r}, and no recipe of yours has this name")
    console = Console()
    for removed in folders:
        console.print(f"removed {removed}", highlight=False, soft_wrap=True)
    if own:
        console.print(f"removed the recipe of {name}", highlight=False)


def info(text: str, home: Path | None, format: str) -> None:
    """Print what was made of a prepared dataset, as ``rich`` or ``json``.

    Raises:
        InputError: no such dataset, or it is not prepared.
    """
    ref = parse_dataset(text)
    dataset = _prepared(ref, text, home)
    if format == "json":
        print((dataset.folder / "dataset.json").read_text(encoding="utf-8"), end="")
        return
    show(dataset, published(ref.name))


def orders(text: str, source_folder: Path | None, home: Path | None) -> None:
    """Print what each sensible order of a dataset's filters leaves, beside the paper's sizes.

    Raises:
        InputError: no such dataset, or it has no files.
        DataError: they cannot be had or used.
    """
    ref = parse_dataset(text)
    settings = dataset_settings(ref.name, ref.options)
    if not isinstance(settings, CutSettings):
        raise InputError(f"{ref.name} has no steps")
    chosen = sensible_orders(settings.steps)
    with _bars() as progress:
        left = count_orders(open_source(ref.name, settings, home, progress, source_folder), chosen, progress)
    table = Table(
        "steps, in this order", "interactions", "users", "items", title=ref.label, title_justify="left"
    )
    for column in table.columns[1:]:
        column.justify = "right"
    own = [step.words for step in settings.steps]
    for steps, counts in zip(chosen, left, strict=True):
        words = [step.words for step in steps]
        table.add_row(
            Text("\n".join(words), style="bold" if words == own else ""),
            *(f"{getattr(counts, key):,}" for key in ("interactions", "users", "items")),
            end_section=True,
        )
    paper = published(ref.name)
    if paper:
        table.add_row("the paper", *(f"{paper[key]:,}" for key in ("interactions", "users", "items")))
    Console().print(table)


def audit(text: str, home: Path | None, format: str, figure: Path | None) -> None:
    """Print what a prepared dataset is like, as ``rich`` or ``json``, and draw it if a file is given.

    Raises:
        InputError: no such dataset, it is not prepared, or the figure's name has no known ending.
    """
    ref = parse_dataset(text)
    dataset = _prepared(ref, text, home)
    if figure is not None:
        if figure.suffix not in (".png", ".svg", ".pdf"):
            raise InputError(
                f"{figure.name!r} is no picture", file="--figure", remedy="end it in .png, .svg or .pdf"
            )
        draw_dataset(dataset, figure)
    found = findings(dataset, published(ref.name))
    if format == "json":
        print(json.dumps([finding.record() for finding in found], indent=1, ensure_ascii=False))
        return
    table = Table("", "", "share", "", title=dataset.label, title_justify="left")
    for column in table.columns[1:3]:
        column.justify = "right"
    for finding in found:
        value = "" if finding.value is None else f"{finding.value:,}"
        share = (
            "" if finding.of is None or finding.value is None else f"{finding.value / max(finding.of, 1):.1%}"
        )
        style = "yellow" if finding.warning else None
        table.add_row(*(Text(cell) for cell in (finding.about, value, share, finding.words)), style=style)
    console = Console()
    console.print(table)
    if figure is not None:
        console.print(f"{figure}", highlight=False, soft_wrap=True)


def print_list(home: Path | None, format: str) -> None:
    """Print the datasets with a name of their own, and which are prepared without further options."""
    rows = []
    for name in dataset_names():
        recipe = find_recipe(name)
        if recipe is not None:
            found = open_dataset(name, name, {}, home)
            rows.append(
                {"name": name, "about": recipe.about, "prepared": None if found is None else _sizes(found)}
            )
    if format == "json":
        print(json.dumps(rows, indent=1, ensure_ascii=False))
        return
    table = Table("dataset", "about", "prepared")
    for row in rows:
        sizes = row["prepared"]
        assert sizes is None or isinstance(sizes, dict)
        table.add_row(
            *(Text(str(row[key])) for key in ("name", "about")), "no" if sizes is None else _brief(sizes)
        )
    Console().print(table)


def _prepared(ref: DatasetRef, text: str, home: Path | None) -> PreparedDataset:
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
            f"{count(audit['pictures_not_fetched'], 'picture')} not fetched:"
            f" bench data prepare {dataset.label} --pictures fetches them, as far as they can be had.",
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
    yield "users with three or more, cut: the dataset", _sizes(dataset)


def _sizes(dataset: PreparedDataset) -> dict[str, int]:
    return {"interactions": dataset.n_interactions, "users": dataset.n_users, "items": dataset.n_items}


def _brief(sizes: Mapping[str, int]) -> str:
    return ", ".join(f"{number:,} {name}" for name, number in sizes.items())


def _contents(audit: Mapping[str, Any], items: int) -> str:
    parts = [f"{modality} {number:,}" for modality, number in audit["items_with"].items()]
    return f"Items with {', '.join(parts)} of {items:,}."


@contextmanager
def _bars() -> Iterator[Progress]:
    """A progress bar where somebody looks on."""
    console = Console(stderr=True)
    with Bars(console=console, transient=True, disable=not console.is_terminal) as bars:
        tasks: dict[str, Any] = {}

        def progress(what: str, done: int, total: int) -> None:
            if what not in tasks:
                tasks[what] = bars.add_task(what, total=total or None)
            bars.update(tasks[what], completed=done, total=total or None)

        yield progress
