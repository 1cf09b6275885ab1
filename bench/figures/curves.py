"""Loss and validation by epoch, a line per run, or a band of many."""

from __future__ import annotations

import statistics
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from bench.analysis.curves import CurveRow
from bench.figures import style
from bench.figures.labels import shorten

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


_MOST = 5  # runs of a variant that are drawn one by one


def draw_curves(rows: Sequence[CurveRow]) -> Figure:
    """Two panels per dataset. A dot marks the epoch that a run kept, a cross where patience ended it.

    Of a variant with more than five seeds the mean is drawn and a band from the least to the most, over the
    runs that reached an epoch, as long as half of them did.
    """
    from matplotlib.lines import Line2D
    from matplotlib.ticker import MaxNLocator

    datasets = list(dict.fromkeys(row.dataset for row in rows))
    variants = list(dict.fromkeys(row.variant for row in rows))
    monitors = list(dict.fromkeys(row.monitor for row in rows))
    colours, dashes = style.colours(variants), style.dashes(variants)
    figure, found = style.panels(len(datasets), 2, height=2.1)
    marked: set[str] = set()
    for (left, right), dataset in zip(found, datasets, strict=True):
        for variant in variants:
            own = [row for row in rows if (row.dataset, row.variant) == (dataset, variant)]
            line = {"color": colours[variant], "linestyle": dashes[variant]}
            runs = [[row for row in own if row.seed == seed] for seed in dict.fromkeys(r.seed for r in own)]
            _variant(left, [[(row.epoch, row.loss) for row in run] for run in runs], line)
            _variant(right, [_validated(run) for run in runs], line)
            if len(runs) <= _MOST:
                marked |= _marks(right, own, colours[variant])
        left.set_ylabel("loss")
        right.set_ylabel(f"validation {', '.join(monitors)}")
        left.set_title(shorten(dataset, 60), loc="left")
        for panel in (left, right):
            panel.set_xlabel("epoch")
            panel.xaxis.set_major_locator(MaxNLocator(integer=True))
    lines = [Line2D([], [], color=colours[v], linestyle=dashes[v]) for v in variants]
    names = [name for name in _MARKS if name in marked]
    marks = [Line2D([], [], color="0.3", linestyle="", **_MARKS[name]) for name in names]
    style.legend_below(figure, [*lines, *marks], [*variants, *names])
    return figure


_Points = Sequence[tuple[int, float]]  # (epoch, value)


def _validated(run: Sequence[CurveRow]) -> _Points:
    return [(row.epoch, row.validation) for row in run if row.validation is not None]


def _variant(panel: Axes, runs: Sequence[_Points], line: Mapping[str, Any]) -> None:
    """Few runs one by one, many as their mean with a band."""
    if len(runs) <= _MOST:
        for run in runs:
            _line(panel, run, {**line, "linewidth": 0.8, "alpha": 0.75})
        return
    values: dict[int, list[float]] = {}
    for epoch, value in sorted(point for run in runs for point in run):
        values.setdefault(epoch, []).append(value)
    reached = {epoch: each for epoch, each in values.items() if 2 * len(each) >= len(runs)}
    ends = [min(each) for each in reached.values()], [max(each) for each in reached.values()]
    _line(panel, [(epoch, statistics.fmean(each)) for epoch, each in reached.items()], line)
    panel.fill_between(list(reached), *ends, color=line["color"], alpha=0.12, linewidth=0)


def _line(panel: Axes, points: _Points, look: Mapping[str, Any]) -> None:
    """A line through the points; one point is a mark, as no line goes through it."""
    marker = "o" if len(points) == 1 else None
    panel.plot(
        [at for at, _ in points], [value for _, value in points], marker=marker, markersize=3.2, **look
    )


_MARKS: Mapping[str, dict[str, Any]] = {
    "kept epoch": {"marker": "o", "markersize": 3.2},
    "stopped by patience": {"marker": "x", "markersize": 4},
}


def _marks(panel: Axes, rows: Sequence[CurveRow], colour: object) -> set[str]:
    """Mark epochs of runs; the names of the marks that were made."""
    made = set()
    for row in rows:
        what = {"kept epoch": row.best, "stopped by patience": row.stopped == "patience"}
        for name in (name for name, is_so in what.items() if is_so and row.validation is not None):
            panel.plot([row.epoch], [row.validation or 0.0], color=colour, zorder=4, **_MARKS[name])
            made.add(name)
    return made
