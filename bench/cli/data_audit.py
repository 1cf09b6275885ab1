"""`bench data audit` and `bench data orders`: what a dataset is like, and what it might have been."""

from __future__ import annotations

import json
from pathlib import Path

from rich.console import Console
from rich.table import Table
from rich.text import Text

from bench.cli.data import prepared, progress_bars, published
from bench.data.audit import findings
from bench.data.datasets import open_source
from bench.data.orders import count_orders, sensible_orders
from bench.errors import InputError
from bench.figures.dataset import draw_dataset
from bench.suite.dataset_settings import CutSettings
from bench.suite.datasets import parse_dataset
from bench.suite.recipes import dataset_settings


def audit(text: str, home: Path | None, format: str, figure: Path | None) -> None:
    """Print what a prepared dataset is like, as ``rich`` or ``json``, and draw it if a file is given.

    Raises:
        InputError: no such dataset, it is not prepared, or the figure's name has no known ending.
    """
    ref = parse_dataset(text, "DATASET")
    dataset = prepared(ref, text, home)
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


def orders(text: str, source_folder: Path | None, home: Path | None) -> None:
    """Print what each sensible order of a dataset's filters leaves, beside the paper's sizes.

    Raises:
        InputError: no such dataset, or it has no files.
        DataError: they cannot be had or used.
    """
    ref = parse_dataset(text, "DATASET")
    settings = dataset_settings(ref.name, ref.options)
    if not isinstance(settings, CutSettings):
        raise InputError(f"{ref.name} has no steps")
    chosen = sensible_orders(settings.steps)
    with progress_bars() as progress:
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
    console = Console()
    console.print(table)
    console.print(
        "Users whom a split then leaves out, because they have fewer than three interactions, still count.",
        highlight=False,
    )
