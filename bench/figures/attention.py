"""Attention weights as heat maps side by side: the paper's Figure 4. Darker is higher."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from bench.execution.attention import AttentionMaps, FloatArray
from bench.features.pictures import Unreadable, read_picture
from bench.figures import style
from bench.figures.labels import is_legible, shorten, width_of

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from matplotlib.image import AxesImage

NAMES = {"item": "item", "content": "multimodal", "fused": "fused"}

_TITLE = 22  # characters of an item's title
_PIXELS = 96  # of a thumbnail
_ACROSS = 3  # maps side by side at most

# Points.
_LINE = style.SMALL + 2.5  # from one line of small text to the next
_GAP = 2.5  # around a thumbnail
_BETWEEN = 24.0  # maps side by side: the numbers of the right one
_EDGE = 12.0
_SMALLEST, _LARGEST = 4.0, 24.0  # thumbnail


@dataclass(frozen=True)
class _Sizes:
    """Where everything stands, in points: all follows from the positions and the room of a map.

    Attributes:
        side: of a map.
        positions: of a map, across and down.
        left: of the first map, with the titles of its rows.
        pictured: whether there are thumbnails.
    """

    side: float
    positions: int
    left: float
    pictured: bool

    @property
    def cell(self) -> float:
        return self.side / self.positions

    @property
    def thumbnail(self) -> float:
        """None smaller than can be seen."""
        size = min(0.8 * self.cell, _LARGEST)
        return size if self.pictured and size >= _SMALLEST else 0.0

    @property
    def below(self) -> float:
        """From the map to its numbers."""
        return self.thumbnail + 2 * _GAP

    @property
    def block(self) -> float:
        """A map with its name above and everything below it."""
        return 1.6 * style.NORMAL + self.side + self.below + 5 * _LINE

    def ticks(self, room: float) -> list[int]:
        """Of the positions, from 0: as many as have ``room`` points, the newest among them."""
        return list(range(self.positions - 1, -1, -math.ceil(room / self.cell)))[::-1]


def draw_attention(maps: AttentionMaps) -> Figure:
    """A map per source of scores: queries down, keys across, the oldest at the top left.

    Each map has its own scale of colours. Where the dataset has titles and pictures they stand at the axes.
    At most three maps stand side by side, and as many positions have numbers as there is room for.
    """
    rows = _rows(maps)
    sizes = _sizes(maps, rows)
    across = min(len(maps.weights), _ACROSS)
    down = -(-len(maps.weights) // across)
    width = sizes.left + across * (sizes.side + _BETWEEN)
    title = _title(maps, width - 2 * _EDGE)
    head = 1.5 * style.LARGE * (1 + title.count("\n")) + _LINE
    height = head + down * sizes.block
    figure = style.new_figure(width / 72, height / 72)
    figure.set_layout_engine("none")  # sizes are known, and those of thumbnails depend on them
    for place, (name, weights) in enumerate(maps.weights.items()):
        x = sizes.left + place % across * (sizes.side + _BETWEEN)
        top = height - head - place // across * sizes.block - 1.6 * style.NORMAL
        box = (x / width, (top - sizes.side) / height, sizes.side / width, sizes.side / height)
        panel = figure.add_axes(box)
        image = _map(panel, weights, name, "earlier item (key)" if _is_causal(maps) else "item (key)")
        _axes(panel, sizes, rows if place % across == 0 else [])
        for at, picture in enumerate(maps.pictures if sizes.thumbnail else ()):
            _thumbnail(panel, picture, at, sizes)
        low = top - sizes.side - sizes.below - 3 * _LINE
        bar = figure.colorbar(
            image, cax=figure.add_axes((x / width, low / height, sizes.side / width, 4 / height)),
            orientation="horizontal",
        )  # fmt: skip
        bar.outline.set_visible(False)
        bar.ax.tick_params(length=0)
        bar.ax.locator_params(nbins=4)
    figure.suptitle(title, y=1 - 0.5 * style.LARGE / height)
    return figure


def _sizes(maps: AttentionMaps, rows: Sequence[str]) -> _Sizes:
    """Maps as large as they fit a page side by side, titles beside it, and no larger than half of it."""
    titles = max(width_of(row, style.SMALL) for row in rows)
    room = 72 * style.WIDTH - _BETWEEN
    side = min(room / min(len(maps.weights), _ACROSS) - _BETWEEN, room / 2)
    positions = len(next(iter(maps.weights.values())))
    return _Sizes(side, positions, _EDGE + style.NORMAL + titles + 6, any(maps.pictures))


def _rows(maps: AttentionMaps) -> list[str]:
    """Names of the positions: the item's title, or its identifier where it has none that can be read."""
    numbers = [str(at + 1) for at in range(len(next(iter(maps.weights.values()))))]
    if not any(maps.titles):
        return numbers
    names = [
        shorten(title if is_legible(title) else key, _TITLE)
        for title, key in zip(maps.titles, maps.ids, strict=True)
    ]
    return [f"{name}  {number}" for name, number in zip(names, numbers, strict=True)]


def _is_causal(maps: AttentionMaps) -> bool:
    """Whether nothing attends to a later position."""
    return not any(np.triu(weights, 1).any() for weights in maps.weights.values())


def _map(panel: Axes, weights: FloatArray, name: str, across: str) -> AxesImage:
    later = np.triu(np.ones_like(weights, dtype=bool), 1)
    causal = not weights[later].any()
    shown = np.ma.masked_array(weights, mask=later if causal else False)
    image = panel.imshow(shown, cmap="Blues", vmin=0, vmax=float(weights.max()), interpolation="nearest")
    panel.set_title(NAMES.get(name, shorten(name, _TITLE)))
    panel.set_xlabel(across, labelpad=1)
    panel.grid(visible=False)
    panel.tick_params(length=0)
    for spine in panel.spines.values():
        spine.set_visible(False)
    return image


def _axes(panel: Axes, sizes: _Sizes, rows: Sequence[str]) -> None:
    """Numbers of positions at both axes; the names of rows where there are some."""
    widest = width_of(str(sizes.positions), style.SMALL) + 2.5
    across, down = sizes.ticks(widest), sizes.ticks(_LINE - 0.5)
    panel.set_xticks(across, [str(at + 1) for at in across])
    panel.set_yticks(down, [rows[at] if rows else str(at + 1) for at in down])
    panel.tick_params(axis="x", pad=sizes.below)
    panel.tick_params(axis="y", pad=2)
    if rows:
        panel.set_ylabel("position (query)")


def _thumbnail(panel: Axes, picture: Path | None, at: int, sizes: _Sizes) -> None:
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
        OffsetImage(np.asarray(image), zoom=sizes.thumbnail / max(image.size)),
        (at, sizes.positions - 0.5),
        xybox=(0, -_GAP - sizes.thumbnail / 2),
        boxcoords="offset points",
        frameon=False,
        pad=0,
        annotation_clip=False,
    )
    panel.add_artist(box)


def _title(maps: AttentionMaps, room: float) -> str:
    """In one line where it fits ``room`` points, else in two."""
    head = "mean of all heads" if maps.head is None else f"head {maps.head} of {maps.heads}"
    who = f"mean of {len(maps.users):,} users" if maps.length is None else f"user {maps.users[0]}"
    what = f"{shorten(maps.variant, 30)} on {shorten(maps.dataset, 30)}"
    which = f"layer {maps.layer} of {maps.layers}, {head}, {shorten(who, 30)}"
    one = f"{what}: {which}"
    return one if width_of(one, style.LARGE) < room else f"{what}:\n{which}"
