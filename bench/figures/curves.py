"""Loss and validation by epoch, a line per run."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from bench.analysis.curves import CurveRow
from bench.figures import style
from bench.figures.labels import shorten

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


def draw_curves(rows: Sequence[CurveRow]) -> Figure:
    """Two panels per dataset. A dot marks the epoch that a run kept, a cross where patience ended it."""
    from matplotlib.lines import Line2D
    from matplotlib.ticker import MaxNLocator

    datasets = list(dict.fromkeys(row.dataset for row in rows))
    variants = list(dict.fromkeys(row.variant for row in rows))
    monitors = list(dict.fromkeys(row.monitor for row in rows))
    colours, dashes = style.colours(variants), style.dashes(variants)
    figure, found = style.panels(len(datasets), 2, height=2.1)
    for (left, right), dataset in zip(found, datasets, strict=True):
        own = [row for row in rows if row.dataset == dataset]
        for variant, seed in dict.fromkeys((row.variant, row.seed) for row in own):
            run = [row for row in own if (row.variant, row.seed) == (variant, seed)]
            line = {"color": colours[variant], "linestyle": dashes[variant], "linewidth": 0.8, "alpha": 0.75}
            left.plot([row.epoch for row in run], [row.loss for row in run], **line)
            seen = [(row.epoch, row.validation) for row in run if row.validation is not None]
            right.plot([epoch for epoch, _ in seen], [value for _, value in seen], **line)
            _marks(right, run, colours[variant])
        left.set_ylabel("loss")
        right.set_ylabel(f"validation {', '.join(monitors)}")
        left.set_title(shorten(dataset, 60), loc="left")
        for panel in (left, right):
            panel.set_xlabel("epoch")
            panel.xaxis.set_major_locator(MaxNLocator(integer=True))
    lines = [Line2D([], [], color=colours[v], linestyle=dashes[v]) for v in variants]
    marks = [
        Line2D([], [], color="0.3", marker="o", linestyle="", markersize=3.2),
        Line2D([], [], color="0.3", marker="x", linestyle="", markersize=4),
    ]
    style.legend_below(figure, [*lines, *marks], [*variants, "kept epoch", "stopped by patience"])
    return figure


def _marks(panel: Axes, run: Sequence[CurveRow], colour: object) -> None:
    for row in run:
        if row.validation is None:
            continue
        if row.best:
            panel.plot(row.epoch, row.validation, "o", color=colour, markersize=3.2, zorder=4)
        if row.stopped == "patience":
            panel.plot(row.epoch, row.validation, "x", color=colour, markersize=4, zorder=4)
