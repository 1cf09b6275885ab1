"""Quality by length of the history and by popularity of the target: where a model wins."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from bench.analysis.lengths import BinRow
from bench.analysis.slices import KINDS, Kind
from bench.figures import style
from bench.figures.labels import shorten
from bench.figures.numbers import short_number

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_AXES: dict[Kind, str] = {
    "history": "items in the history (users)",
    "popularity": "training interactions of the target (users)",
}


def draw_lengths(rows: Sequence[BinRow]) -> Figure:
    """Two panels per dataset and metric; bars of a point are the standard deviation over seeds."""
    from matplotlib.lines import Line2D

    variants = list(dict.fromkeys(row.variant for row in rows))
    colours, markers, dashes = style.colours(variants), style.markers(variants), style.dashes(variants)
    pairs = list(dict.fromkeys((row.dataset, row.metric) for row in rows))
    figure, found = style.panels(len(pairs), len(KINDS), height=2.2, sharey="row")
    for panels, (dataset, metric) in zip(found, pairs, strict=True):
        for panel, kind in zip(panels, reversed(KINDS), strict=True):
            own = [row for row in rows if (row.dataset, row.metric, row.kind) == (dataset, metric, kind)]
            for place, variant in enumerate(variants):
                look = {
                    "color": colours[variant],
                    "marker": markers[variant],
                    "linestyle": dashes[variant],
                    "markersize": 3.4,
                    **style.EDGE,
                }
                _line(panel, [row for row in own if row.variant == variant], place, len(variants), look)
            _ticks(panel, own)
            panel.set_xlabel(_AXES[kind])
        panels[0].set_ylim(0, None)  # of both, and not before both are drawn: it ends the scaling to the data
        panels[0].set_ylabel(metric)
        panels[0].set_title(shorten(dataset, 60), loc="left")
    handles = [
        Line2D([], [], color=colours[v], marker=markers[v], linestyle=dashes[v], markersize=3.4, **style.EDGE)
        for v in variants
    ]
    style.legend_below(figure, handles, variants)
    return figure


def _line(panel: Axes, rows: Sequence[BinRow], place: int, variants: int, look: dict[str, Any]) -> None:
    """Means by bin, each variant a little beside the others so that its bars are seen."""
    shift = 0.3 * ((place + 0.5) / variants - 0.5)
    panel.errorbar(
        [number + shift for number in range(len(rows))],
        [row.mean for row in rows],
        yerr=[row.sd or 0.0 for row in rows],
        elinewidth=0.7,
        linewidth=0.9,
        **look,
    )


def _ticks(panel: Axes, rows: Sequence[BinRow]) -> None:
    first = [row for row in rows if row.variant == rows[0].variant]
    panel.set_xticks(
        range(len(first)),
        [
            f"{row.low:,}"
            + (f"-{row.high:,}" if row.high > row.low else "")
            + f"\n({short_number(row.users)})"
            for row in first
        ],
    )
    panel.grid(axis="x", visible=False)
