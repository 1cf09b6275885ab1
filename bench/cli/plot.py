"""`bench plot`: figures of a suite's results, each with its numbers beside it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Self, cast

from bench.analysis.baseline import baseline_of
from bench.analysis.comparison import comparison_rows
from bench.analysis.formats.rendering import to_csv
from bench.cli.compare import slicing_of
from bench.cli.table import results_of
from bench.errors import InputError
from bench.evaluation.metrics import Metric
from bench.figures import style
from bench.figures.kinds import KINDS, Subject
from bench.results.folder import write_atomically
from bench.results.index import Index, command_for, read_index
from bench.results.query import CellResult, cells_of
from bench.suite.problems import suggest

if TYPE_CHECKING:
    from _typeshed import DataclassInstance
    from matplotlib.figure import Figure


@dataclass(frozen=True)
class Chosen:
    """What of which results is drawn, and where it goes.

    Attributes:
        results: the results folder.
        index: of the suite.
        cells: its runs on the chosen datasets, of the chosen variants.
        metrics: the chosen ones; all of the suite's by default.
        asked: whether they were named.
        plots: the folder of figures.
        formats: of their files.
    """

    results: Path
    index: Index
    cells: tuple[CellResult, ...]
    metrics: tuple[str, ...]
    asked: bool
    plots: Path
    formats: tuple[style.FileFormat, ...]

    @classmethod
    def of(
        cls,
        results: Path,
        suite: str,
        datasets: Sequence[str] | None,
        models: Sequence[str] | None,
        metrics: Sequence[str] | None,
        plots: Path,
        formats: Sequence[str] | None,
    ) -> Self:
        """Read the results and choose.

        Raises:
            InputError: there are no such results, none is finished, or no such dataset, variant or metric.
            DataError: the results are damaged or unreadable.
        """
        index = read_index(results, results_of(suite))
        for option, asked, known in (
            ("--dataset", datasets, index.datasets),
            ("--model", models, index.models),
        ):
            for word in asked or []:
                if word not in known:
                    raise InputError(
                        f"{index.suite} has no {option[2:]} {word!r}",
                        file=option,
                        remedy=suggest(word, known),
                    )
        for name in metrics or []:
            Metric.parse(name)
        shown = tuple(dict.fromkeys(metrics or index.metrics))
        cells = tuple(
            cell
            for cell in cells_of(results, index.model_copy(update={"metrics": shown}))
            if (not datasets or cell.dataset in datasets) and (not models or cell.model in models)
        )
        if not any(cell.status == "done" for cell in cells):
            raise InputError(
                f"{index.suite} has no finished run of these",
                remedy=f"{command_for('run', results, index.suite)} makes them",
            )
        kinds = tuple(dict.fromkeys(map(str, formats or style.FILE_FORMATS)))
        return cls(
            results, index, cells, shown, bool(metrics), plots, cast("tuple[style.FileFormat, ...]", kinds)
        )


def plot_suite(chosen: Chosen, name: str, home: Path | None = None) -> None:
    """Draw one of the kinds of figures of a suite's results.

    Args:
        chosen: of what.
        name: of the kind.
        home: where the prepared data lie that some need (None: the default place).

    Raises:
        InputError: the chosen runs have nothing of it, or their data are not prepared here.
        DataError: histories, ranks or data cannot be read.
    """
    one = KINDS[name].one_metric and not chosen.asked
    metrics = chosen.metrics[:1] if one else chosen.metrics
    _draw(chosen, name, Subject(chosen.results, chosen.cells, metrics, (), home))


def plot_compare(
    chosen: Chosen, baseline: str | None, margin: float | None, slices: Sequence[str], home: Path | None
) -> None:
    """Draw differences from a baseline; arguments and errors as of `bench.cli.compare.compare`."""
    index = chosen.index
    compared = comparison_rows(
        chosen.results,
        cells_of(chosen.results, index.model_copy(update={"metrics": chosen.metrics})),
        chosen.metrics,
        baseline_of(index, baseline),
        index.margin if margin is None else margin,
        slicing_of(slices, None, home),
    )
    shown = {(cell.dataset, cell.model) for cell in chosen.cells}  # all are decided together
    rows = [row for row in compared if (row.dataset, row.variant) in shown]
    subject = Subject(chosen.results, chosen.cells, chosen.metrics, rows, home)
    _draw(chosen, "compare", subject, "-".join(["compare", *dict.fromkeys(slices)]))


def _draw(chosen: Chosen, name: str, subject: Subject, stem: str | None = None) -> None:
    """Draw the rows of a kind of figure into files named ``stem`` (None: as the kind)."""
    kind = KINDS[name]
    rows = kind.rows(subject)
    if not rows:
        raise InputError(f"the chosen runs have nothing for a figure of {name}", remedy="choose others")
    with style.look():
        folder = chosen.plots / chosen.index.suite
        write_figure(folder / (stem or name), chosen.formats, kind.draw(rows), rows, kind.row)


def write_figure(
    stem: Path,
    formats: Sequence[style.FileFormat],
    figure: Figure,
    rows: Sequence[DataclassInstance],
    kind: type[DataclassInstance],
) -> None:
    """Write a figure and its numbers, and print the names of the files.

    Raises:
        InputError: the folder of figures is a file.
    """
    files = style.save(figure, stem, formats)
    table = stem.with_name(f"{stem.name}.csv")
    write_atomically(table, to_csv(rows, kind))
    for file in [*files, table]:
        print(file)
