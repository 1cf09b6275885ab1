"""The program `bench`: its verbs and their options.

Only signatures stand here. A verb's module, and with it torch, is imported when the verb runs, so that
``bench --help`` answers at once.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from bench import __version__
from bench.cli.arguments import (
    AblationControl,
    AblationMode,
    Baseline,
    Datasets,
    Device,
    DryRun,
    Format,
    Home,
    Jobs,
    ListFormat,
    Margin,
    Metrics,
    Override,
    Plots,
    Results,
    Seeds,
    SliceKind,
    Suite,
    SuiteResults,
    TableFormat,
    TableLayout,
)
from bench.cli.data_app import data
from bench.cli.features_app import features
from bench.cli.plot_app import plot
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
    dataset: Datasets = None,
    model: Annotated[list[str] | None, typer.Option(help="Only this model. Repeatable.")] = None,
    seed: Seeds = None,
    overrides: Override = None,
    results: Results = Path("results"),
    home: Home = None,
    jobs: Jobs = None,
    device: Device = None,
    dry_run: DryRun = False,
    fresh: Annotated[bool, typer.Option("--fresh", help="Compute again what is already there.")] = False,
    verbose: Annotated[
        bool, typer.Option("--verbose", help="With --dry-run: name every run, however many there are.")
    ] = False,
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
        verbose=verbose,
    )
    raise typer.Exit(code)


@app.command("ablate")
def _ablate(
    suite: Annotated[
        str | None,
        typer.Argument(
            metavar="SUITE",
            help="A suite file, or the name of one in suites/ (default: suites/small/figure3.yaml, or"
            " suites/figure3.yaml for its datasets).",
        ),
    ] = None,
    modality: Annotated[
        list[str] | None, typer.Option(help="image, text, category or all; joined with +. Repeatable.")
    ] = None,
    mode: Annotated[
        list[AblationMode] | None,
        typer.Option(help="Each alone, all but each, or one more at a time (default: only and without)."),
    ] = None,
    control: Annotated[
        list[AblationControl] | None,
        typer.Option(help="What to put in place of each modality's features. Repeatable."),
    ] = None,
    fusion: Annotated[bool, typer.Option("--fusion", help="Every fusion of scores.")] = False,
    multitask: Annotated[bool, typer.Option("--multitask", help="With and without auxiliary tasks.")] = False,
    size: Annotated[
        str | None, typer.Option(metavar="N,N|grid", help="Sizes of the contents, or the paper's grid.")
    ] = None,
    weight: Annotated[
        str | None,
        typer.Option("--lambda", metavar="X,X|grid", help="Weights of the tasks, or the paper's grid."),
    ] = None,
    model: Annotated[
        str | None,
        typer.Option(metavar="LABEL", help="The variant to take apart (default: the MAF that reads most)."),
    ] = None,
    dataset: Datasets = None,
    seed: Seeds = None,
    overrides: Override = None,
    results: Results = Path("results"),
    home: Home = None,
    jobs: Jobs = None,
    device: Device = None,
    dry_run: DryRun = False,
) -> None:
    """Take a model apart: write a suite that varies one thing at a time, run it, and compare."""
    from bench.cli.ablate import ablate, ablation

    what = ablation(
        modalities=modality or [],
        modes=[each.value for each in mode or []],
        controls=[each.value for each in control or []],
        fusion=fusion,
        multitask=multitask,
        sizes=size,
        weights=weight,
    )
    code = ablate(
        suite,
        what,
        model=model,
        datasets=dataset or [],
        seeds=seed or [],
        overrides=[*(overrides or []), *([f"training.device={device}"] if device else [])],
        results=results,
        home=home,
        jobs=jobs,
        dry_run=dry_run,
    )
    raise typer.Exit(code)


@app.command("tune")
def _tune(
    suite: Suite,
    dataset: Datasets = None,
    model: Annotated[
        list[str] | None, typer.Option(metavar="LABEL", help="Only this model. Repeatable.")
    ] = None,
    storage: Annotated[
        str | None,
        typer.Option(
            metavar="URL", help="Where trials are kept: a database, or a file (default: beside the results)."
        ),
    ] = None,
    freeze: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Write a suite of the winners, to be run with fresh seeds."),
    ] = None,
    overrides: Override = None,
    results: Results = Path("results"),
    home: Home = None,
    jobs: Annotated[
        int | None, typer.Option(min=1, help="Trials at a time (default: cores / threads of a training).")
    ] = None,
    device: Device = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Say what would be tried, with what budget, and stop.")
    ] = False,
) -> None:
    """Search for settings on validation data, with the same budget for every model."""
    from bench.cli.tune import tune

    code = tune(
        suite,
        datasets=dataset or [],
        models=model or [],
        storage=storage,
        freeze_to=freeze,
        overrides=[*(overrides or []), *([f"training.device={device}"] if device else [])],
        results=results,
        home=home,
        jobs=jobs,
        dry_run=dry_run,
    )
    raise typer.Exit(code)


@app.command("table")
def _table(
    suite: SuiteResults,
    format: Format = TableFormat.rich,
    claims: Annotated[
        bool, typer.Option("--claims", help="Only the verdicts on the suite's claims of equality.")
    ] = False,
    published: Annotated[
        bool, typer.Option("--published", help="Beside our values those of the suite's paper.")
    ] = False,
    layout: Annotated[
        TableLayout, typer.Option(help="Models x metrics, or as in papers metrics x models.")
    ] = TableLayout.models,
    results: Results = Path("results"),
) -> None:
    """Print a suite's table: mean and spread over seeds, which may be the best, verdicts on equality."""
    from bench.cli.table import print_table, results_of

    code = print_table(
        results, results_of(suite), format.value, claims, published=published, layout=layout.value
    )
    raise typer.Exit(code)


@app.command("compare")
def _compare(
    suite: SuiteResults,
    baseline: Baseline = None,
    metric: Metrics = None,
    margin: Margin = None,
    slices: Annotated[
        list[SliceKind] | None,
        typer.Option(
            "--slice",
            help="Apart for users with cold and warm targets (popularity), or short and long histories."
            " Repeatable.",
        ),
    ] = None,
    cold: Annotated[
        int | None,
        typer.Option(
            min=0, metavar="N", help="A cold item has at most N interactions in training (default: 4)."
        ),
    ] = None,
    format: Format = TableFormat.rich,
    results: Results = Path("results"),
    home: Home = None,
) -> None:
    """Say which variants are better or worse than a baseline, as far as the results allow."""
    from bench.cli.compare import compare
    from bench.cli.table import results_of

    compare(
        results,
        results_of(suite),
        baseline=baseline,
        metrics=metric or [],
        margin=margin,
        format=format.value,
        slices=[kind.value for kind in slices or []],
        cold=cold,
        home=home,
    )


@app.command("check")
def _check(
    suite: Annotated[
        str | None,
        typer.Argument(metavar="SUITE", help="The name of a suite with results, or a suite file."),
    ] = None,
    paper: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="Audit the published numbers of a paper (maf), without results."),
    ] = None,
    format: Format = TableFormat.rich,
    results: Results = Path("results"),
) -> None:
    """Say whether the results bear out a suite's claims; the exit code is 0 if they bear out all.

    With --paper, say where a paper's own numbers disagree; the exit code is 0.
    """
    from bench.cli.check import check

    raise typer.Exit(check(results, suite, paper, format.value))


@app.command("report")
def _report(
    suite: SuiteResults,
    baseline: Baseline = None,
    output: Annotated[
        Path | None, typer.Option(metavar="FILE", help="The page (default: plots/SUITE/report.html).")
    ] = None,
    show: Annotated[bool, typer.Option("--open", help="Open it in the browser.")] = False,
    results: Results = Path("results"),
    plots: Plots = Path("plots"),
    home: Home = None,
) -> None:
    """Write one HTML file of a suite's results: summary, tables, claims, figures, runs."""
    from bench.cli.report import report

    report(results, suite, baseline=baseline, output=output, plots=plots, home=home, show=show)


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


app.add_typer(data)
app.add_typer(features)
app.add_typer(plot)


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
