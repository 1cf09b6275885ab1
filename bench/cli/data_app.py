"""The verbs of `bench data`; only signatures, as in `bench.cli.main`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from bench.cli.arguments import Dataset, Home, ListFormat

data = typer.Typer(
    name="data",
    help="Prepare datasets, and see what was made of them.",
    no_args_is_help=True,
    rich_markup_mode=None,
)
SourceFolder = Annotated[
    Path | None,
    typer.Option("--from", metavar="FOLDER", help="Where the files lie that it is made from."),
]


@data.command("list")
def _data_list(
    format: Annotated[ListFormat, typer.Option(help="Output.")] = ListFormat.rich, home: Home = None
) -> None:
    """List the datasets with a name of their own, and which are prepared."""
    from bench.cli.data import print_list

    print_list(home, format.value)


@data.command("prepare")
def _data_prepare(
    dataset: Dataset,
    source: SourceFolder = None,
    pictures: Annotated[
        bool, typer.Option("--pictures", help="Fetch the pictures that its items name by an address.")
    ] = False,
    home: Home = None,
) -> None:
    """Make a dataset from its files, with the counts after every step."""
    from bench.cli.data import prepare

    prepare(dataset, source, home, pictures)


@data.command("orders")
def _data_orders(
    dataset: Dataset,
    source: SourceFolder = None,
    home: Home = None,
) -> None:
    """Count what each sensible order of the filters leaves, beside the paper's sizes."""
    from bench.cli.data_audit import orders

    orders(dataset, source, home)


@data.command("audit")
def _data_audit(
    dataset: Dataset,
    format: Annotated[ListFormat, typer.Option(help="Output.")] = ListFormat.rich,
    figure: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Draw it too (png, svg or pdf).")
    ] = None,
    home: Home = None,
) -> None:
    """Show what may make a dataset's numbers misleading: repeats, ties, leaks, near-duplicates."""
    from bench.cli.data_audit import audit

    audit(dataset, home, format.value, figure)


@data.command("add")
def _data_add(
    name: Annotated[str, typer.Argument(help="What to call it.")],
    folder: Annotated[Path, typer.Argument(metavar="FOLDER", help="Where your files lie.")],
    column: Annotated[
        list[str] | None,
        typer.Option(metavar="WHAT=COLUMN", help="Which column is what, e.g. user=buyer. Repeatable."),
    ] = None,
    separator: Annotated[
        str | None,
        typer.Option(metavar="SIGN", help="What stands between categories (default: inferred)."),
    ] = None,
    home: Home = None,
) -> None:
    """Make a dataset of your own files: infer what they hold, show it, prepare it."""
    from bench.cli.data_add import add

    add(name, folder, column or [], separator, home)


@data.command("remove")
def _data_remove(
    name: Annotated[str, typer.Argument(metavar="NAME", help="Of the dataset.")], home: Home = None
) -> None:
    """Remove what was prepared of a dataset, and the recipe if it is yours; your files stay."""
    from bench.cli.data_add import remove

    remove(name, home)


@data.command("info")
def _data_info(
    dataset: Dataset,
    format: Annotated[ListFormat, typer.Option(help="Output.")] = ListFormat.rich,
    home: Home = None,
) -> None:
    """Show what was made of a prepared dataset."""
    from bench.cli.data import info

    info(dataset, home, format.value)
