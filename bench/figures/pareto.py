"""Quality against seconds of training and against parameters."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from bench.analysis.costs import CostRow
from bench.figures import style
from bench.figures.labels import shorten
from bench.figures.numbers import plain_numbers

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


def draw_pareto(rows: Sequence[CostRow]) -> Figure:
    """Two panels per dataset and metric; the line: the best that is had for so much."""
    from matplotlib.lines import Line2D

    variants = list(dict.fromkeys(row.variant for row in rows))
    colours, markers = style.colours(variants), style.markers(variants)
    pairs = list(dict.fromkeys((row.dataset, row.metric) for row in rows))
    figure, found = style.panels(len(pairs), 2, height=2.1)
    for (left, right), (dataset, metric) in zip(found, pairs, strict=True):
        own = [row for row in rows if (row.dataset, row.metric) == (dataset, metric)]
        _points(left, own, colours, markers, lambda row: row.seconds)
        _front(left, [row for row in own if row.front_seconds], lambda row: row.seconds)
        _points(right, own, colours, markers, lambda row: float(row.parameters))
        _front(right, [row for row in own if row.front_parameters], lambda row: float(row.parameters))
        left.set_ylabel(metric)
        left.set_title(shorten(dataset, 60), loc="left")
        _axis(left, "seconds of training", [row.seconds for row in own])
        _axis(right, "trained parameters", [float(row.parameters) for row in own])
    points = [
        Line2D([], [], color=colours[v], marker=markers[v], linestyle="", markersize=4.5) for v in variants
    ]
    style.legend_below(figure, points, variants)
    return figure


def _points(
    panel: Axes,
    rows: Sequence[CostRow],
    colours: dict[str, object],
    markers: dict[str, str],
    cost: Callable[[CostRow], float],
) -> None:
    for row in rows:
        panel.errorbar(
            cost(row), row.mean, yerr=row.sd, color=colours[row.variant], marker=markers[row.variant],
            markersize=4.5, linestyle="", elinewidth=0.8, zorder=3,
        )  # fmt: skip


def _front(panel: Axes, rows: Sequence[CostRow], cost: Callable[[CostRow], float]) -> None:
    best = sorted(rows, key=cost)
    panel.plot(
        [cost(row) for row in best], [row.mean for row in best],
        color=style.QUIET, linewidth=0.9, linestyle=":", drawstyle="steps-post", zorder=2,
    )  # fmt: skip


def _axis(panel: Axes, label: str, costs: Sequence[float]) -> None:
    """Logarithmic where all are above zero, and linear below the least of them where a model has no cost."""
    above = [cost for cost in costs if cost > 0]
    if above and max(above) > 3 * min(above):
        if len(above) == len(costs):
            panel.set_xscale("log")
        else:
            panel.set_xscale("symlog", linthresh=10 ** _whole_power(min(above)), linscale=0.4)
    panel.margins(x=0.12)
    panel.set_xlabel(label)
    plain_numbers(panel.xaxis)


def _whole_power(value: float) -> int:
    import math

    return math.floor(math.log10(value))
