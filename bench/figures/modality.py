"""Bars per variant with every seed, small multiples over datasets and metrics: the paper's Figure 3."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from bench.analysis.bars import BarRow
from bench.figures import style
from bench.figures.labels import short_labels, shorten, width_of
from bench.registry import MODALITIES

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_NOTHING, _SEVERAL, _REFERENCE = "item ids alone", "several modalities", "RecBole's models"
_LONGEST = 28  # characters of a label
_MANY = 10  # seeds: beyond, their dots are small and faint
_SIDE = 0.55  # inches beside a panel, for the numbers of its axis


def draw_modality(rows: Sequence[BarRow]) -> Figure:
    """A panel per dataset (across) and metric (down); bars begin at 0.

    Dots are seeds; the line beside them is the 95% interval of the mean over seeds.
    """
    datasets = list(dict.fromkeys(row.dataset for row in rows))
    metrics = list(dict.fromkeys(row.metric for row in rows))
    labels = short_labels([row.variant for row in rows], _LONGEST)
    across = min(len(datasets), _columns(len(labels)))
    blocks = [datasets[start : start + across] for start in range(0, len(datasets), across)]
    longest = max(width_of(label, style.SMALL) for label in labels.values())
    turned = longest > 72 * (style.WIDTH / across - _SIDE) / len(labels) - 4
    height = 1.3 + (0.75 * longest / 72 / len(metrics) if turned else 0.0)
    figure, found = style.panels(len(metrics) * len(blocks), across, height=height)
    looks = _looks()
    for place, (block, metric) in enumerate((b, m) for b in blocks for m in metrics):
        for column in range(across):
            panel = found[place][column]
            if column >= len(block):
                panel.set_axis_off()
                continue
            own = [row for row in rows if (row.dataset, row.metric) == (block[column], metric)]
            _bars(panel, own, list(labels), looks)
            if place % len(metrics) == 0:
                panel.set_title(shorten(block[column], 40))
            if column == 0:
                panel.set_ylabel(metric)
            panel.set_xticks(range(len(labels)), [""] * len(labels))
            if place % len(metrics) == len(metrics) - 1:
                _names(panel, list(labels.values()), turned)
    kinds = [kind for kind in looks if kind in {_kind(row) for row in rows}]
    if len(kinds) > 1:
        from matplotlib.patches import Patch

        style.legend_below(figure, [Patch(**looks[kind]) for kind in kinds], kinds)
    return figure


def _columns(variants: int) -> int:
    """Panels side by side that leave each bar room."""
    return 4 if variants <= 5 else 2 if variants <= 12 else 1


def _kind(row: BarRow) -> str:
    if row.reference:
        return _REFERENCE
    return _NOTHING if not row.reads else row.reads[0] if len(row.reads) == 1 else _SEVERAL


def _looks() -> Mapping[str, dict[str, Any]]:
    """Of bars, by what a variant reads; dark without features, as lighter grey is like green to some."""
    palette = style.colours([*MODALITIES, _SEVERAL])
    return {
        _NOTHING: {"facecolor": "0.5", "linewidth": 0},
        **{kind: {"facecolor": colour, "alpha": 0.75, "linewidth": 0} for kind, colour in palette.items()},
        _REFERENCE: {"facecolor": "white", "edgecolor": "0.4", "linewidth": 0.8},
    }


def _bars(
    panel: Axes, rows: Sequence[BarRow], variants: Sequence[str], looks: Mapping[str, dict[str, Any]]
) -> None:
    for row in rows:
        place = variants.index(row.variant)
        panel.bar(place, row.mean, width=0.76, **looks[_kind(row)])
        if row.low is not None and row.high is not None:
            panel.plot(
                [place + 0.25] * 2, [max(row.low, 0.0), row.high], marker="_", markersize=4.5,
                color="black", linewidth=1.1, zorder=5,
            )  # fmt: skip
        _seeds(panel, place, row.values)
    panel.grid(axis="x", visible=False)
    panel.set_xlim(-0.6, len(variants) - 0.4)
    panel.set_ylim(0, None)


def _seeds(panel: Axes, place: int, values: Sequence[float]) -> None:
    """A dot per seed, left of the interval."""
    many = len(values) > _MANY
    spread = np.linspace(-0.28, 0.1, len(values)) if len(values) > 1 else np.zeros(1)
    panel.plot(
        place + spread, values, "o", markersize=1.6 if many else 2.6, markerfacecolor="white",
        markeredgecolor="0.15", markeredgewidth=0.3 if many else 0.6, alpha=0.6 if many else 1.0, zorder=4,
    )  # fmt: skip


def _names(panel: Axes, names: Sequence[str], turned: bool) -> None:
    """Under the bars, and on the slant where they have no room."""
    panel.set_xticks(range(len(names)), names)
    if turned:
        for label in panel.get_xticklabels():
            label.set(rotation=45, ha="right", rotation_mode="anchor")
