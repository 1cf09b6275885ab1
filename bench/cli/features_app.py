"""The verbs of `bench features`; only signatures, as in `bench.cli.main`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from bench.cli.arguments import Dataset, Home, ListFormat

features = typer.Typer(
    name="features",
    help="Turn pictures, texts and categories into numbers, and see what they are like.",
    no_args_is_help=True,
    rich_markup_mode=None,
)

Image = Annotated[
    str | None,
    typer.Option("--image", metavar="ENCODER", help="Of pictures, e.g. torchvision/vgg16."),
]
Text = Annotated[
    str | None,
    typer.Option("--text", metavar="ENCODER", help="Of texts, e.g. huggingface/bert-base-uncased."),
]
Category = Annotated[
    str | None,
    typer.Option("--category", metavar="ENCODER", help="Of categories: multi-hot[minimum=5]."),
]
AllModalities = Annotated[
    bool, typer.Option("--all", help="Also the modalities that are not named, by their light encoders.")
]


@features.command("extract")
def _extract(
    dataset: Dataset,
    image: Image = None,
    text: Text = None,
    category: Category = None,
    everything: AllModalities = False,
    home: Home = None,
) -> None:
    """Encode a dataset's items, unless that is done; without an encoder, all by the light ones."""
    from bench.cli.features import extract_features

    extract_features(dataset, {"image": image, "text": text, "category": category}, everything, home)


@features.command("list")
def _list(
    format: Annotated[ListFormat, typer.Option(help="Output.")] = ListFormat.rich, home: Home = None
) -> None:
    """List the features that are stored here, and those that were begun."""
    from bench.cli.features import print_list

    print_list(home, format.value)


@features.command("info")
def _info(
    name: Annotated[str, typer.Argument(metavar="NAME", help="As `list` shows it, or its start.")],
    format: Annotated[ListFormat, typer.Option(help="Output.")] = ListFormat.rich,
    home: Home = None,
) -> None:
    """Show what stored features were made of, and which items are missing and why."""
    from bench.cli.features import print_info

    print_info(name, home, format.value)


@features.command("check")
def _check(
    dataset: Dataset,
    image: Image = None,
    text: Text = None,
    category: Category = None,
    everything: AllModalities = False,
    format: Annotated[ListFormat, typer.Option(help="Output.")] = ListFormat.rich,
    figure: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Draw ten items with their neighbours too (png, svg or pdf)."),
    ] = None,
    home: Home = None,
) -> None:
    """Show whether features mean anything: what is missing, constant or double, and who is next to whom."""
    from bench.cli.features_check import check

    check(
        dataset, {"image": image, "text": text, "category": category}, everything, home, format.value, figure
    )
