"""Differences from a baseline with their intervals: a forest plot."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from bench.analysis.comparison import ComparisonRow, Word
from bench.figures import style
from bench.figures.labels import short_labels, shorten

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_MARKERS: Mapping[Word, str] = {"better": "^", "worse": "v", "tied": "D", "underpowered": "o"}


_LABEL = 34  # characters of a name
_LINE, _MARGIN = 0.155, 0.7  # inches of a variant; lines above the first and below the last
_AROUND = 0.65  # inches of a panel's title, its numbers and their name


def draw_comparison(rows: Sequence[ComparisonRow]) -> Figure:
    """A panel per metric; a line per dataset and variant, in % of the baseline's mean.

    The colour and form of a point say the verdict. The band is the margin: a variant is tied where the 90%
    interval of its difference lies within it. Lines end at -100%: no metric falls below 0.
    """
    from matplotlib.lines import Line2D

    metrics = list(dict.fromkeys(row.metric for row in rows))
    places = _places(rows)
    across = min(len(metrics), 2)
    down = -(-len(metrics) // across)
    height = _AROUND + _LINE * (max(places.values()) + 2 * _MARGIN)
    figure, found = style.panels(down, across, height=height, sharey=True)
    colours = _colours()
    for place in range(down * across):
        panel = found[place // across][place % across]
        if place >= len(metrics):
            panel.set_axis_off()
            continue
        own = [row for row in rows if row.metric == metrics[place]]
        _forest(panel, own, places, colours)
        panel.set_title(metrics[place])
        if place % across == 0:
            _names(panel, places)
        if place + across >= len(metrics):
            panel.set_xlabel(f"difference from {shorten(rows[0].baseline, 30)}, %")
    words = [word for word in _MARKERS if any(row.verdict == word for row in rows)]
    points = [
        Line2D([], [], color=colours[w], marker=_MARKERS[w], linestyle="", markerfacecolor=_face(w, colours))
        for w in words
    ]
    if points:
        style.legend_below(figure, points, list(words))
    return figure


def _colours() -> Mapping[str, Any]:
    palette = style.colours(["better", "tied", "spare", "worse"])
    return {**palette, "underpowered": style.QUIET}


def _face(word: str, colours: Mapping[str, Any]) -> Any:
    return "white" if word == "underpowered" else colours[word]


def _places(rows: Sequence[ComparisonRow]) -> dict[tuple[str, str], float]:
    """Where each dataset's variants stand, from the top, with a line between datasets for their names."""
    places: dict[tuple[str, str], float] = {}
    at = 0.0
    for dataset in dict.fromkeys(_where(row) for row in rows):
        places[(dataset, "")] = at
        for variant in dict.fromkeys(row.variant for row in rows if _where(row) == dataset):
            at += 1
            places[(dataset, variant)] = at
        at += 1.4
    return places


def _where(row: ComparisonRow) -> str:
    return row.dataset if row.slice is None else f"{row.dataset}, {row.slice}"


def _names(panel: Axes, places: Mapping[tuple[str, str], float]) -> None:
    """Variants at their lines, datasets above theirs."""
    variants = short_labels([variant for _, variant in places if variant], _LABEL)
    datasets = short_labels([dataset for dataset, _ in places], _LABEL)
    panel.set_yticks(
        list(places.values()), [variants[v] if v else datasets[dataset] for dataset, v in places]
    )
    for label, (_, variant) in zip(panel.get_yticklabels(), places, strict=True):
        if not variant:
            label.set_fontweight("bold")


def _forest(
    panel: Axes,
    rows: Sequence[ComparisonRow],
    places: Mapping[tuple[str, str], float],
    colours: Mapping[str, Any],
) -> None:
    margin = 100 * rows[0].margin
    panel.axvspan(-margin, margin, color="0.93", linewidth=0, zorder=0)
    panel.axvline(0, color="0.3", linewidth=0.8, zorder=1)
    for row in rows:
        at = places[(_where(row), row.variant)]
        if row.difference is None or row.low is None or row.high is None or not row.baseline_mean:
            panel.text(0, at, "  not compared", va="center", fontsize=style.SMALL, color=style.QUIET)
            continue
        low, middle, high = (100 * x / row.baseline_mean for x in (row.low, row.difference, row.high))
        colour = colours[row.verdict]
        panel.plot([max(low, -100.0), high], [at, at], color=colour, linewidth=1.2, solid_capstyle="butt")
        panel.plot(
            middle, at, marker=_MARKERS[row.verdict], color=colour,
            markerfacecolor=_face(row.verdict, colours), markersize=4.2, zorder=3,
        )  # fmt: skip
    panel.tick_params(axis="y", length=0)
    panel.grid(axis="y", visible=False)
    panel.set_ylim(max(places.values()) + _MARGIN, -_MARGIN)
