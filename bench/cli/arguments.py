"""Arguments and options that verbs share."""

from __future__ import annotations

import os
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

Suite = Annotated[str, typer.Argument(metavar="SUITE", help="A suite file, or the name of one in suites/.")]
Results = Annotated[Path, typer.Option(metavar="DIR", help="The results folder.")]


def _set_home(home: Path | None) -> Path | None:
    """Also for the processes that a verb starts, and for what is looked up by name."""
    if home is not None:
        os.environ["BENCH_HOME"] = str(home.absolute())
    return home


Home = Annotated[
    Path | None,
    typer.Option(
        callback=_set_home,
        metavar="DIR",
        help="Bench's home, of prepared data (default: $BENCH_HOME, else the user's cache folder).",
    ),
]
Override = Annotated[
    list[str] | None,
    typer.Option(
        "--set", metavar="KEY=VALUE", help="Override a setting, e.g. training.epochs=5. Repeatable."
    ),
]
Dataset = Annotated[
    str,
    typer.Argument(metavar="DATASET", help="A name, with options in brackets, e.g. VideoGames[users=1000]."),
]


class ListFormat(StrEnum):
    """Formats of `bench models` and `bench datasets`."""

    rich = "rich"
    json = "json"
