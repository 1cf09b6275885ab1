"""What stands in a figure, as boxes measured by the renderer."""

from __future__ import annotations

import itertools
from collections.abc import Iterable
from typing import Any

from matplotlib.figure import Figure
from matplotlib.offsetbox import AnnotationBbox
from matplotlib.text import Text
from matplotlib.transforms import Bbox


def texts(figure: Figure) -> list[Text]:
    """The texts that are to be seen."""
    found: list[Any] = figure.findobj(Text)
    unseen = _unseen(figure)
    return [
        text for text in found if text.get_visible() and text.get_text().strip() and id(text) not in unseen
    ]


def _unseen(figure: Figure) -> set[int]:
    """Labels of ticks beyond the limits of their axis, and all of hidden axes."""
    found = set()
    for axes in figure.axes:
        for axis in (axes.xaxis, axes.yaxis):
            low, high = sorted(axis.get_view_interval())
            for tick in [*axis.get_major_ticks(), *axis.get_minor_ticks()]:
                slack = 1e-9 * (high - low)
                if not axes.axison or not low - slack <= tick.get_loc() <= high + slack:
                    found |= {id(tick.label1), id(tick.label2)}
    return found


def boxes(figure: Figure) -> dict[str, Bbox]:
    """Texts and thumbnails with their boxes, in pixels; draw the figure before."""
    renderer = figure.canvas.get_renderer()  # type: ignore[attr-defined]
    found = {
        f"{place} {text.get_text()}": text.get_window_extent(renderer)
        for place, text in enumerate(texts(figure))
        if not text.get_rotation() % 90
    }
    pictures: list[Any] = figure.findobj(AnnotationBbox)
    found |= {
        f"{place} picture": box.offsetbox.get_window_extent(renderer) for place, box in enumerate(pictures)
    }
    return found


def overlapping(found: dict[str, Bbox]) -> list[tuple[str, str]]:
    """Pairs that cover each other by more than half a pixel."""
    return [
        (one, other)
        for (one, a), (other, b) in itertools.combinations(found.items(), 2)
        if min(a.x1, b.x1) - max(a.x0, b.x0) > 0.5 and min(a.y1, b.y1) - max(a.y0, b.y0) > 0.5
    ]


def outside(found: Iterable[Bbox], figure: Figure) -> list[Bbox]:
    """Those that the figure cuts off."""
    width, height = figure.get_size_inches() * figure.dpi
    return [box for box in found if box.x0 < -1 or box.y0 < -1 or box.x1 > width + 1 or box.y1 > height + 1]
