"""The kinds of figures of a suite's results: the rows of each, how they are drawn, and how to read them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bench.analysis.bars import BarRow, bar_rows
from bench.analysis.comparison import ComparisonRow
from bench.analysis.costs import CostRow, cost_rows
from bench.analysis.curves import CurveRow, curve_rows
from bench.analysis.lengths import BinRow, bin_rows
from bench.errors import InputError
from bench.figures.compare import draw_comparison
from bench.figures.curves import draw_curves
from bench.figures.lengths import draw_lengths
from bench.figures.modality import draw_modality
from bench.figures.pareto import draw_pareto
from bench.results.query import CellResult

if TYPE_CHECKING:
    from _typeshed import DataclassInstance
    from matplotlib.figure import Figure


@dataclass(frozen=True)
class Subject:
    """What is to be drawn.

    Attributes:
        results: the results folder.
        cells: runs of a suite.
        metrics: of the figures that show some.
        compared: the variants beside the baseline.
        home: where the prepared data lie (None: the default place).
    """

    results: Path
    cells: Sequence[CellResult]
    metrics: Sequence[str]
    compared: Sequence[ComparisonRow] = ()
    home: Path | None = None


@dataclass(frozen=True)
class FigureKind:
    """One kind of figure.

    Attributes:
        title: a heading.
        shows: what is to be seen, without a verb.
        caption: how to read it.
        rows: its numbers; raises what `bench.analysis` raises where they cannot be had.
        row: the class of these.
        draw: the figure of them; there must be one row at least.
        one_metric: whether a page has room for one metric only; others are drawn where they are asked for.
    """

    title: str
    shows: str
    caption: str
    rows: Callable[[Subject], Sequence[DataclassInstance]]
    row: type[DataclassInstance]
    draw: Callable[[Any], Figure]
    one_metric: bool = False


def _compared(subject: Subject) -> Sequence[ComparisonRow]:
    """The differences from the baseline.

    Raises:
        InputError: none of them has an interval.
    """
    rows = subject.compared
    if rows and all(row.low is None for row in rows):
        reasons = "; ".join(dict.fromkeys(row.reason for row in rows if row.reason))
        raise InputError(f"nothing could be compared: {reasons}")
    return rows


_OVER_SEEDS = "Lines of a point are the standard deviation over seeds"

KINDS: dict[str, FigureKind] = {
    "modality": FigureKind(
        "Means and seeds",
        "Bars of the means with every seed",
        "Bars are means over seeds, dots the seeds, lines beside them the 95% interval of the mean over seeds"
        " (Student's t; the users are the same for all). What RecBole's models read, their runs do not tell."
        " Whether two variants differ, the comparison says.",
        lambda subject: bar_rows(subject.cells, subject.metrics),
        BarRow,
        draw_modality,
    ),
    "compare": FigureKind(
        "Differences from the baseline",
        "Differences with intervals and verdicts",
        "Points are differences of the means in % of the baseline's, lines their 95% intervals. Verdicts are"
        " corrected for all comparisons (Holm), so that a line may miss 0 and its verdict be underpowered;"
        " tied: the 90% interval lies in the grey band, the margin.",
        _compared,
        ComparisonRow,
        draw_comparison,
    ),
    "pareto": FigureKind(
        "Quality and cost",
        "Quality against CPU or wall seconds of training and against parameters",
        f"{_OVER_SEEDS}; dotted, the best that is had for so much. On a CPU the seconds are"
        " CPU seconds per thread, which grow little where runs share the cores. Seconds of one machine tell"
        " little of another.",
        lambda subject: cost_rows(subject.cells, subject.metrics),
        CostRow,
        draw_pareto,
        one_metric=True,
    ),
    "curves": FigureKind(
        "Training",
        "Loss and validation by epoch",
        "A line per run: the loss with auxiliary losses, and the monitored metric on the validation targets."
        " Of more than five seeds their mean with a band from the least to the most, as long as half of the"
        " runs reached the epoch.",
        lambda subject: curve_rows(subject.results, subject.cells),
        CurveRow,
        draw_curves,
    ),
    "lengths": FigureKind(
        "Where a model wins",
        "Quality by length of the history and by popularity of the target",
        "The test users in at most six bins, as even as whole numbers allow, by items in their history and"
        f" by how often their target occurs in training. {_OVER_SEEDS}, which says nothing of other"
        " users: whether a variant is better for some of them, `bench compare --slice` decides.",
        lambda subject: bin_rows(subject.results, subject.cells, subject.metrics, subject.home),
        BinRow,
        draw_lengths,
        one_metric=True,
    ),
}
