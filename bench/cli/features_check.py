"""`bench features check`: whether features mean anything."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

from rich.console import Console
from rich.table import Table
from rich.text import Text

from bench.cli.features import features_of
from bench.data.prepared import load_catalogue, load_training
from bench.errors import InputError
from bench.features.check import NEIGHBOURS, Checked, check_features
from bench.figures.neighbours import draw_neighbours

_ENDINGS = (".png", ".svg", ".pdf")
_LITTLE = 1.2  # times chance; below, neighbours tell next to nothing of what users do


def check(
    text: str,
    encoders: Mapping[str, str | None],
    everything: bool,
    home: Path | None,
    format: str,
    figure: Path | None,
) -> None:
    """Print what a dataset's features are like, as ``rich`` or ``json``, and draw neighbours.

    Args:
        text: the dataset as ``--dataset`` takes it.
        encoders: by modality, as the command line writes them; None where none is named.
        everything: also the modalities that are not named.
        home: bench's home; see `home_folder`.
        format: ``rich`` or ``json``.
        figure: of ten items with their neighbours; with several modalities, one each, named after them.

    Raises:
        InputError: no such dataset or encoder, or the figure's name has no known ending.
        DataError: the features cannot be had.
    """
    if figure is not None and figure.suffix not in _ENDINGS:
        raise InputError(
            f"{figure.name!r} is no picture", file="--figure", remedy="end it in .png, .svg or .pdf"
        )
    dataset, found = features_of(text, encoders, everything, home)
    training = load_training(dataset)
    checked = [check_features(features, training) for features, _ in found]
    drawn = []
    if figure is not None:
        catalogue = load_catalogue(dataset)
        for features, _ in found:
            name = figure.name if len(found) == 1 else f"{figure.stem}-{features.modality}{figure.suffix}"
            drawn.append(figure.with_name(name))
            draw_neighbours(features, catalogue, drawn[-1])
    if format == "json":
        print(json.dumps([each.record() for each in checked], indent=1, ensure_ascii=False))
        return
    console = Console()
    for each in checked:
        console.print(_table(each))
    for file in drawn:
        console.print(f"{file}", highlight=False, soft_wrap=True)


def _table(each: Checked) -> Table:
    table = Table(
        "", "", "", title=f"{each.modality}: {each.encoder}", title_justify="left", show_header=False
    )
    table.columns[1].justify = "right"
    present = each.items - each.missing

    def row(what: str, value: str, words: str, warning: bool = False) -> None:
        table.add_row(*(Text(cell) for cell in (what, value, words)), style="yellow" if warning else None)

    row("items", f"{each.items:,}", "")
    row("missing", f"{each.missing / max(each.items, 1):.1%}", f"{each.missing:,} items without features")
    row(
        "double",
        f"{each.doubles / max(present, 1):.1%}",
        f"{each.doubles:,} items with exactly the features of another",
        each.doubles > present / 2,
    )
    row("columns", f"{each.columns:,}", "")
    row("constant", f"{each.constant_columns:,}", "columns with one value for all", each.constant_columns > 0)
    row("all zero", f"{each.zero_items:,}", "items that are there and have no value", each.zero_items > 0)
    row("length", " / ".join(f"{value:.3g}" for value in each.norms.values()), "of rows: 5%, median, 95%")
    little = each.lift is not None and each.lift < _LITTLE
    words = [
        f"of the {NEIGHBOURS} nearest were had right before or after by some user",
        f"{each.followed_by_chance:.2%} by chance",
        *([] if each.lift is None else [f"{each.lift:.3g} times as often"]),
        *(["they tell next to nothing of what users do"] if little else []),
    ]
    row("neighbours", f"{each.followed:.2%}", "; ".join(words), little)
    return table
