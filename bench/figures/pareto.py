"""Quality against CPU or wall seconds of training and against parameters."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple

from bench.analysis.costs import Clock, CostRow
from bench.figures import style
from bench.figures.labels import shorten
from bench.figures.numbers import plain_numbers

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


class _Axis(NamedTuple):
    """A cost, by which variants are the best for so much."""

    label: str
    cost: Callable[[CostRow], float]
    is_front: Callable[[CostRow], bool]


_PARAMETERS = _Axis("trained parameters", lambda row: float(row.parameters), lambda row: row.front_parameters)
_CLOCKS: Mapping[Clock, str] = {
    "CPU": "CPU seconds of training, per thread",
    "wall": "seconds of training",
}


def _seconds(rows: Sequence[CostRow]) -> _Axis:
    return _Axis(_CLOCKS[rows[0].clock], lambda row: row.seconds, lambda row: row.front_seconds)


def draw_pareto(rows: Sequence[CostRow]) -> Figure:
    """Two panels per dataset and metric; the line: the best that is had for so much."""
    from matplotlib.lines import Line2D

    variants = list(dict.fromkeys(row.variant for row in rows))
    colours, markers = style.colours(variants), style.markers(variants)
    pairs = list(dict.fromkeys((row.dataset, row.metric) for row in rows))
    figure, found = style.panels(len(pairs), 2, height=2.1)
    for panels, (dataset, metric) in zip(found, pairs, strict=True):
        own = [row for row in rows if (row.dataset, row.metric) == (dataset, metric)]
        for panel, axis in zip(panels, (_seconds(own), _PARAMETERS), strict=True):
            _points(panel, own, colours, markers, axis.cost)
            _scale(panel, axis.label, [axis.cost(row) for row in own])
            _front(panel, [row for row in own if axis.is_front(row)], axis.cost)
        panels[0].set_ylabel(metric)
        panels[0].set_title(shorten(dataset, 60), loc="left")
    points = [
        Line2D([], [], color=colours[v], marker=markers[v], linestyle="", markersize=4.5, **style.EDGE)
        for v in variants
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
            markersize=4.5, linestyle="", elinewidth=0.8, zorder=3, **style.EDGE,
        )  # fmt: skip


def _front(panel: Axes, rows: Sequence[CostRow], cost: Callable[[CostRow], float]) -> None:
    """To the right edge: the best that is had for so much is had for more too."""
    best = sorted(rows, key=cost)
    right = panel.get_xlim()[1]
    panel.plot(
        [*(cost(row) for row in best), right], [*(row.mean for row in best), best[-1].mean],
        color=style.QUIET, linewidth=0.9, linestyle=":", drawstyle="steps-post", zorder=2,
    )  # fmt: skip
    panel.set_xlim(right=right)


def _scale(panel: Axes, label: str, costs: Sequence[float]) -> None:
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
