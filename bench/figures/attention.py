"""Attention weights as heat maps side by side: the paper's Figure 4. Darker is higher."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from bench.execution.attention import AttentionMaps
from bench.features.pictures import Unreadable, read_picture
from bench.figures import style

if TYPE_CHECKING:
    from pathlib import Path

    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

NAMES = {"item": "item", "content": "multimodal", "fused": "fused"}

_TITLE = 22  # characters of an item's title
_PIXELS = 96  # of a thumbnail


def draw_attention(maps: AttentionMaps) -> Figure:
    """A map per source of scores: queries down, keys across, the oldest at the top left.

    Each map has its own scale of colours. Where the dataset has titles and pictures they stand at the axes.
    """
    size = len(next(iter(maps.weights.values())))
    titled = any(maps.titles)
    pictured = any(maps.pictures)
    width = style.WIDTH + (1.0 if titled else 0.0)
    figure = style.new_figure(width, 0.75 + (width - (1.4 if titled else 0.4)) / max(len(maps.weights), 2))
    panels = figure.subplots(1, len(maps.weights), squeeze=False)[0]
    for place, (panel, (name, weights)) in enumerate(zip(panels, maps.weights.items(), strict=True)):
        _map(figure, panel, weights, name)
        ticks = list(range(size))
        panel.set_xticks(ticks if size <= 20 else ticks[:: -(-size // 15)])
        panel.set_yticks(panel.get_xticks())
        panel.set_xticklabels([str(int(at) + 1) for at in panel.get_xticks()])
        panel.set_yticklabels([str(int(at) + 1) for at in panel.get_yticks()])
        if place == 0 and titled:
            panel.set_yticks(
                ticks,
                [f"{style.shorten(title, _TITLE)}  {at + 1}" for at, title in enumerate(maps.titles)],
            )
        if pictured:
            panel.tick_params(axis="x", pad=13)
            for at, picture in enumerate(maps.pictures):
                _thumbnail(panel, picture, at, size)
        panel.set_xlabel("earlier item (key)", labelpad=2)
        if place == 0:
            panel.set_ylabel("position (query)")
    figure.suptitle(_title(maps))
    return figure


def _map(figure: Figure, panel: Axes, weights: np.ndarray, name: str) -> None:
    later = np.triu(np.ones_like(weights, dtype=bool), 1)
    causal = not weights[later].any()
    shown = np.ma.masked_array(weights, mask=later if causal else False)
    image = panel.imshow(shown, cmap="Blues", vmin=0, vmax=float(weights.max()), interpolation="nearest")
    panel.set_title(NAMES.get(name, name))
    panel.grid(visible=False)
    panel.tick_params(length=0)
    for spine in panel.spines.values():
        spine.set_visible(False)
    bar = figure.colorbar(image, ax=panel, orientation="horizontal", fraction=0.05, pad=0.02, aspect=30)
    bar.outline.set_visible(False)
    bar.ax.tick_params(length=0)
    bar.ax.locator_params(nbins=4)


def _thumbnail(panel: Axes, picture: Path | None, at: int, size: int) -> None:
    """A picture below the map, under its column."""
    if picture is None:
        return
    try:
        image = read_picture(picture).image
    except Unreadable:
        return
    image.thumbnail((_PIXELS, _PIXELS))
    from matplotlib.offsetbox import AnnotationBbox, OffsetImage

    box = AnnotationBbox(
        OffsetImage(np.asarray(image), zoom=0.9 * 100 / (_PIXELS * size)),
        (at, size - 0.5),
        xybox=(0, -7),
        boxcoords="offset points",
        frameon=False,
        annotation_clip=False,
    )
    panel.add_artist(box)


def _title(maps: AttentionMaps) -> str:
    head = "mean of all heads" if maps.head is None else f"head {maps.head} of {maps.heads}"
    who = f"mean of {len(maps.users):,} users" if maps.length is None else f"user {maps.users[0]}"
    what = f"{style.shorten(maps.variant, 30)} on {style.shorten(maps.dataset, 40)}"
    return f"{what}: layer {maps.layer} of {maps.layers}, {head}, {style.shorten(who, 30)}"
