"""Bars per variant with every seed, small multiples over datasets and metrics: the paper's Figure 3."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from bench.analysis.bars import BarRow
from bench.figures import style
from bench.figures.labels import shorten
from bench.registry import MODALITIES

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_NOTHING, _SEVERAL = "item ids alone", "several modalities"


def draw_modality(rows: Sequence[BarRow]) -> Figure:
    """A panel per dataset (across) and metric (down); bars begin at 0.

    Dots are seeds, lines the 95% interval of the mean over seeds.
    """
    datasets = list(dict.fromkeys(row.dataset for row in rows))
    metrics = list(dict.fromkeys(row.metric for row in rows))
    variants = list(dict.fromkeys(row.variant for row in rows))
    across = min(len(datasets), _columns(len(variants)))
    blocks = [datasets[start : start + across] for start in range(0, len(datasets), across)]
    names = max(len(shorten(label, _LONGEST)) for label in variants)
    height = 1.3 + 0.045 * names / len(metrics)
    figure, found = style.panels(len(metrics) * len(blocks), across, height=height)
    colours = _colours()
    for place, (block, metric) in enumerate((b, m) for b in blocks for m in metrics):
        for column in range(across):
            panel = found[place][column]
            if column >= len(block):
                panel.set_axis_off()
                continue
            own = [row for row in rows if (row.dataset, row.metric) == (block[column], metric)]
            _bars(panel, own, variants, colours)
            if place % len(metrics) == 0:
                panel.set_title(shorten(block[column], 40))
            if column == 0:
                panel.set_ylabel(metric)
            if place % len(metrics) < len(metrics) - 1:
                panel.set_xticklabels([])
    kinds = [kind for kind in colours if kind in {_kind(row) for row in rows}]
    if len(kinds) > 1:
        from matplotlib.patches import Patch

        style.legend_below(figure, [Patch(color=colours[kind]) for kind in kinds], kinds)
    return figure


_LONGEST = 28  # characters of a label


def _columns(variants: int) -> int:
    """Panels side by side that leave each bar room."""
    return 4 if variants <= 5 else 2 if variants <= 12 else 1


def _kind(row: BarRow) -> str:
    return _NOTHING if not row.reads else row.reads[0] if len(row.reads) == 1 else _SEVERAL


def _colours() -> Mapping[str, Any]:
    palette = style.colours([*MODALITIES, _SEVERAL])
    return {_NOTHING: "0.6", **palette}


def _bars(panel: Axes, rows: Sequence[BarRow], variants: Sequence[str], colours: Mapping[str, Any]) -> None:
    import numpy as np

    for row in rows:
        place = variants.index(row.variant)
        panel.bar(place, row.mean, width=0.72, color=colours[_kind(row)], alpha=0.75, linewidth=0)
        if row.low is not None and row.high is not None:
            panel.plot([place, place], [max(row.low, 0.0), row.high], color="0.15", linewidth=1, zorder=3)
        spread = np.linspace(-0.2, 0.2, len(row.values)) if len(row.values) > 1 else [0.0]
        panel.plot(
            [place + each for each in spread], row.values, "o", markersize=2.4, markerfacecolor="white",
            markeredgecolor="0.15", markeredgewidth=0.6, zorder=4,
        )  # fmt: skip
    labels = [shorten(label, _LONGEST) for label in variants]
    turned = sum(map(len, labels)) > 24
    panel.set_xticks(
        range(len(variants)), labels,
        rotation=45 if turned else 0, ha="right" if turned else "center", rotation_mode="anchor",
    )  # fmt: skip
    panel.grid(axis="x", visible=False)
    panel.set_xlim(-0.6, len(variants) - 0.4)
    panel.set_ylim(0, None)
