"""The program `bench`: its verbs and their options.

Only signatures stand here. A verb's module, and with it torch, is imported when the verb runs, so that
``bench --help`` answers at once.
"""

from __future__ import annotations

import os
import sys
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from bench import __version__
from bench.errors import BenchError, InputError
from bench.processes import report_crashes

app = typer.Typer(
    name="bench",
    help="Benchmarks and ablations for (multimodal) sequential recommendation.",
    add_completion=False,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,  # plain help: brackets stay brackets, and rich is not imported for it
)

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


class TableFormat(StrEnum):
    """Formats of `bench table`."""

    rich = "rich"
    markdown = "markdown"
    csv = "csv"
    latex = "latex"
    json = "json"


class ListFormat(StrEnum):
    """Formats of `bench models` and `bench datasets`."""

    rich = "rich"
    json = "json"


def _version(value: bool) -> None:
    if value:
        typer.echo(f"bench {__version__}")
        raise typer.Exit


@app.callback()
def _main(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Show the version.")
    ] = False,
) -> None:
    """Benchmarks and ablations for (multimodal) sequential recommendation."""


@app.command("run")
def _run(
    suite: Suite,
    dataset: Annotated[
        list[str] | None,
        typer.Option(help="Only this dataset, e.g. ml-100k or toyshop[image=1]. Repeatable."),
    ] = None,
    model: Annotated[list[str] | None, typer.Option(help="Only this model. Repeatable.")] = None,
    seed: Annotated[list[int] | None, typer.Option(help="Only this seed. Repeatable.")] = None,
    overrides: Override = None,
    results: Results = Path("results"),
    home: Home = None,
    jobs: Annotated[
        int | None, typer.Option(min=1, help="Runs at a time (default: cores / threads of a run).")
    ] = None,
    device: Annotated[str | None, typer.Option(help="auto, cpu, cuda or cuda:N.")] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would be run, and stop.")] = False,
    fresh: Annotated[bool, typer.Option("--fresh", help="Compute again what is already there.")] = False,
) -> None:
    """Make every run of a suite exist, then print its table."""
    from bench.cli.run import run as verb

    code = verb(
        suite,
        datasets=dataset or [],
        models=model or [],
        seeds=seed or [],
        overrides=overrides or [],
        results=results,
        home=home,
        jobs=jobs,
        device=device,
        dry_run=dry_run,
        fresh=fresh,
    )
    raise typer.Exit(code)


@app.command("table")
def _table(
    suite: Annotated[
        str, typer.Argument(metavar="SUITE", help="The name of a suite with results, or a suite file.")
    ],
    format: Annotated[TableFormat, typer.Option(help="For reading, or with every digit.")] = TableFormat.rich,
    claims: Annotated[
        bool, typer.Option("--claims", help="Only the verdicts on the suite's claims of equality.")
    ] = False,
    results: Results = Path("results"),
) -> None:
    """Print a suite's table: mean and spread over seeds, and verdicts on its claims of equality."""
    from bench.cli.table import print_table, results_of

    raise typer.Exit(print_table(results, results_of(suite), format.value, claims))


@app.command("status")
def _status(
    suite: Suite, overrides: Override = None, results: Results = Path("results"), home: Home = None
) -> None:
    """Show which runs are done, running, failed, damaged, unreadable, stale or missing."""
    from bench.cli.status import print_status

    print_status(suite, overrides or [], results, home)


@app.command("why")
def _why(
    run: Annotated[
        str,
        typer.Argument(metavar="RUN", help="The start of a fingerprint, or SUITE/DATASET/MODEL/SEED."),
    ],
    results: Results = Path("results"),
    home: Home = None,
) -> None:
    """Show what a run depends on and where it comes from."""
    from bench.cli.why import print_why

    print_why(run, results, home)


@app.command("models")
def _models(format: Annotated[ListFormat, typer.Option(help="Output.")] = ListFormat.rich) -> None:
    """List the models with their settings."""
    from bench.cli.models import print_models

    print_models(format.value)


@app.command("datasets")
def _datasets(format: Annotated[ListFormat, typer.Option(help="Output.")] = ListFormat.rich) -> None:
    """List the datasets with their options."""
    from bench.cli.datasets import print_datasets

    print_datasets(format.value)


data = typer.Typer(
    name="data",
    help="Prepare datasets, and see what was made of them.",
    no_args_is_help=True,
    rich_markup_mode=None,
)
app.add_typer(data)

Dataset = Annotated[
    str,
    typer.Argument(metavar="DATASET", help="A name, with options in brackets, e.g. VideoGames[users=1000]."),
]

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
    home: Home = None,
) -> None:
    """Make a dataset of your own files: infer what they hold, show it, prepare it."""
    from bench.cli.data_add import add

    add(name, folder, column or [], home)


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


def run() -> None:
    """Run the command line; a condition that bench explains ends in its sentence and exit code."""
    # Models of one's own are mostly written in the current folder; a console script does not look there.
    sys.path.append(str(Path.cwd()))
    report_crashes()
    try:
        app(prog_name="bench")
    except BenchError as error:
        print(f"bench: {error}", file=sys.stderr)
        sys.exit(error.exit_code)
    except OSError as error:
        if error.filename is None:
            raise
        # A folder given with --results or --home that cannot be made, read or written.
        print(f"bench: {error.filename}: {error.strerror}", file=sys.stderr)
        sys.exit(InputError.exit_code)
