"""The verbs of `bench plot`; only signatures, as in `bench.cli.main`."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from bench.cli.arguments import Baseline, Home, Margin, Metrics, Plots, Results, SliceKind, SuiteResults

plot = typer.Typer(
    name="plot",
    help="Draw figures of results, as PDF, SVG and PNG, each with its numbers as CSV.",
    no_args_is_help=True,
    rich_markup_mode=None,
)


class FigureFormat(StrEnum):
    """Files of a figure."""

    pdf = "pdf"
    svg = "svg"
    png = "png"


Formats = Annotated[
    list[FigureFormat] | None,
    typer.Option("--format", help="Only this kind of file (default: pdf, svg and png). Repeatable."),
]
Only = Annotated[list[str] | None, typer.Option(metavar="LABEL", help="Only this one. Repeatable.")]


@plot.command("modality")
def _modality(
    suite: SuiteResults,
    dataset: Only = None,
    model: Only = None,
    metric: Metrics = None,
    results: Results = Path("results"),
    plots: Plots = Path("plots"),
    format: Formats = None,
) -> None:
    """Bars per variant with every seed, coloured by the modalities that it reads (the paper's Figure 3)."""
    from bench.cli.plot import Chosen, plot_suite

    plot_suite(Chosen.of(results, suite, dataset, model, metric, plots, format), "modality")


@plot.command("curves")
def _curves(
    suite: SuiteResults,
    dataset: Only = None,
    model: Only = None,
    results: Results = Path("results"),
    plots: Plots = Path("plots"),
    format: Formats = None,
) -> None:
    """Loss and validation by epoch, with the epochs that runs kept and where patience ended them."""
    from bench.cli.plot import Chosen, plot_suite

    plot_suite(Chosen.of(results, suite, dataset, model, None, plots, format), "curves")


@plot.command("compare")
def _compare(
    suite: SuiteResults,
    baseline: Baseline = None,
    margin: Margin = None,
    slices: Annotated[
        list[SliceKind] | None,
        typer.Option("--slice", help="Apart for users by popularity of the target, or by history."),
    ] = None,
    dataset: Only = None,
    model: Only = None,
    metric: Metrics = None,
    results: Results = Path("results"),
    home: Home = None,
    plots: Plots = Path("plots"),
    format: Formats = None,
) -> None:
    """Differences from a baseline with their intervals and verdicts, as `bench compare` decides them."""
    from bench.cli.plot import Chosen, plot_compare

    chosen = Chosen.of(results, suite, dataset, model, metric, plots, format)
    plot_compare(chosen, baseline, margin, [kind.value for kind in slices or []], home)


@plot.command("pareto")
def _pareto(
    suite: SuiteResults,
    dataset: Only = None,
    model: Only = None,
    metric: Metrics = None,
    results: Results = Path("results"),
    plots: Plots = Path("plots"),
    format: Formats = None,
) -> None:
    """Quality against seconds of training (CPU seconds per thread, unless on a GPU) and parameters."""
    from bench.cli.plot import Chosen, plot_suite

    plot_suite(Chosen.of(results, suite, dataset, model, metric, plots, format), "pareto")


@plot.command("lengths")
def _lengths(
    suite: SuiteResults,
    dataset: Only = None,
    model: Only = None,
    metric: Metrics = None,
    results: Results = Path("results"),
    home: Home = None,
    plots: Plots = Path("plots"),
    format: Formats = None,
) -> None:
    """Quality by length of the history and by popularity of the target: where does a model win?"""
    from bench.cli.plot import Chosen, plot_suite

    plot_suite(Chosen.of(results, suite, dataset, model, metric, plots, format), "lengths", home)


@plot.command("tuning")
def _tuning(
    suite: SuiteResults,
    dataset: Only = None,
    model: Only = None,
    results: Results = Path("results"),
    plots: Plots = Path("plots"),
    format: Formats = None,
) -> None:
    """A search: every trial with the best so far, what each setting matters, and values against settings."""
    from bench.cli.plot_tuning import plot_tuning

    plot_tuning(
        results,
        suite,
        datasets=dataset or [],
        models=model or [],
        plots=plots,
        formats=[each.value for each in format or []],
    )


@plot.command("attention")
def _attention(
    dataset: Annotated[
        str | None,
        typer.Option(help="The newest run on this dataset whose weights are here, e.g. VideoGames."),
    ] = None,
    model: Annotated[str | None, typer.Option(metavar="LABEL", help="Only runs of this variant.")] = None,
    run: Annotated[
        str | None, typer.Option(metavar="RUN", help="This run: a fingerprint, or SUITE/DATASET/MODEL/SEED.")
    ] = None,
    user: Annotated[
        str | None, typer.Option(metavar="ID", help="This user (default: one drawn with --seed).")
    ] = None,
    positions: Annotated[int, typer.Option(min=2, max=200, help="The newest items, so many.")] = 15,
    short: Annotated[
        bool, typer.Option("--short", help="Draw a user with that many items or fewer, not more.")
    ] = False,
    layer: Annotated[int | None, typer.Option(min=1, help="From 1 (default: the last).")] = None,
    head: Annotated[int | None, typer.Option(min=1, help="From 1 (default: one drawn with --seed).")] = None,
    average: Annotated[
        bool, typer.Option("--average", help="Means over users, and over heads unless --head names one.")
    ] = False,
    seed: Annotated[int, typer.Option(min=0, help="Of what is drawn.")] = 0,
    results: Results = Path("results"),
    home: Home = None,
    plots: Plots = Path("plots"),
    format: Formats = None,
) -> None:
    """Attention weights of a user's newest items: of items, of contents, and fused (the paper's Figure 4)."""
    from bench.cli.plot_attention import plot_attention
    from bench.execution.attention import Wanted

    plot_attention(
        results,
        Wanted(positions, short, user, layer, head, average, seed),
        dataset=dataset,
        model=model,
        run=run,
        home=home,
        plots=plots,
        formats=[each.value for each in format or []],
    )
