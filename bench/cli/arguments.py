"""Arguments and options that verbs share."""

from __future__ import annotations

import os
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

Suite = Annotated[str, typer.Argument(metavar="SUITE", help="A suite file, or the name of one in suites/.")]
Results = Annotated[Path, typer.Option(metavar="DIR", help="The results folder.")]
Plots = Annotated[Path, typer.Option(metavar="DIR", help="The folder of figures.")]


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


class TableFormat(StrEnum):
    """Formats of `bench table`, `bench compare` and `bench check`."""

    rich = "rich"
    markdown = "markdown"
    html = "html"
    latex = "latex"
    latex_standalone = "latex-standalone"
    csv = "csv"
    json = "json"


class AblationMode(StrEnum):
    """Modes of `bench ablate`."""

    only = "only"
    without = "without"
    add = "add"


class AblationControl(StrEnum):
    """Controls of `bench ablate`."""

    shuffle = "shuffle"
    noise = "noise"
    zero = "zero"
    random_id = "random-id"


class SliceKind(StrEnum):
    """How `bench compare` divides the test users."""

    popularity = "popularity"
    history = "history"


class TableLayout(StrEnum):
    """What the rows and columns of `bench table` are."""

    models = "models"
    paper = "paper"


class ListFormat(StrEnum):
    """Formats of `bench models` and `bench datasets`."""

    rich = "rich"
    json = "json"


SuiteResults = Annotated[
    str, typer.Argument(metavar="SUITE", help="The name of a suite with results, or a suite file.")
]
Baseline = Annotated[
    str | None,
    typer.Option(metavar="LABEL", help="The variant to compare with (default: the suite's, else SASRec)."),
]
Margin = Annotated[
    float | None,
    typer.Option(min=0, max=1, help="Largest difference that counts as none (default: the suite's)."),
]
Metrics = Annotated[list[str] | None, typer.Option(help="Only this metric, e.g. NDCG@10. Repeatable.")]
Format = Annotated[TableFormat, typer.Option(help="For reading, or with every digit.")]

# What to run of a suite, and how.
Datasets = Annotated[
    list[str] | None,
    typer.Option(help="Only this dataset, e.g. ml-100k or toyshop[image=1]. Repeatable."),
]
Seeds = Annotated[list[int] | None, typer.Option(help="Only this seed. Repeatable.")]
Jobs = Annotated[int | None, typer.Option(min=1, help="Runs at a time (default: cores / threads of a run).")]
Device = Annotated[str | None, typer.Option(help="auto, cpu, cuda or cuda:N.")]
DryRun = Annotated[
    bool,
    typer.Option("--dry-run", help="Say what would be run, how long it takes and what is missing, and stop."),
]
