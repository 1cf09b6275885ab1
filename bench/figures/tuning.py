"""A search: its history, what its settings matter, and where in each setting good values lie."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from bench.analysis.tuning import (
    HistoryRow,
    ImportanceRow,
    SliceRow,
    history_rows,
    importance_rows,
    slice_rows,
)
from bench.figures import style
from bench.figures.labels import short_labels, shorten
from bench.figures.numbers import plain_numbers

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_COLUMNS = 4  # of slices
_BAR = 0.17  # inches
_MARKS = {"done": ("o", 3.0), "pruned": ("v", 3.0), "failed": ("x", 4.0)}


def draw_history(rows: Sequence[HistoryRow]) -> Figure:
    """A panel per dataset: every trial, and the best value until then as a line per model."""
    from matplotlib.lines import Line2D

    datasets = list(dict.fromkeys(row.dataset for row in rows))
    variants = list(dict.fromkeys(row.variant for row in rows))
    colours, dashes = style.colours(variants), style.dashes(variants)
    figure, found = style.panels(len(datasets), 1, height=2.4)
    for (panel,), dataset in zip(found, datasets, strict=True):
        for variant in variants:
            own = [row for row in rows if (row.dataset, row.variant) == (dataset, variant)]
            _trials(panel, own, colours[variant])
            done = [row for row in own if row.best is not None]
            panel.plot(
                [row.trial for row in done],
                [row.best or 0.0 for row in done],
                color=colours[variant],
                linestyle=dashes[variant],
                drawstyle="steps-post",
            )
        panel.set_title(shorten(dataset, 60), loc="left")
        panel.set_xlabel("trial")
        panel.set_ylabel(f"validation {rows[0].metric}")
        panel.margins(x=0.02, y=0.08)
        _whole_numbers(panel)
    lines = [Line2D([], [], color=colours[v], linestyle=dashes[v]) for v in variants]
    marks = [
        Line2D([], [], color="0.3", marker=marker, linestyle="", markersize=size)
        for marker, size in _MARKS.values()
    ]
    style.legend_below(figure, [*lines, *marks], [*variants, "trial", "pruned (its best)", "failed"])
    return figure


def draw_importance(rows: Sequence[ImportanceRow]) -> Figure:
    """A panel per dataset: a bar per setting, model by model."""
    datasets = list(dict.fromkeys(row.dataset for row in rows))
    variants = list(dict.fromkeys(row.variant for row in rows))
    colours = style.colours(variants)
    most = max(sum(row.dataset == dataset for row in rows) for dataset in datasets)
    figure, found = style.panels(len(datasets), 1, height=max(1.4, 0.6 + _BAR * (most + len(variants))))
    for (panel,), dataset in zip(found, datasets, strict=True):
        own = [row for row in rows if row.dataset == dataset]
        places = _places(own)
        for place, row in zip(places, own, strict=True):
            if row.importance is None:
                told = f"too few trials ({row.trials})"
                panel.text(0.01, place, told, va="center", fontsize=style.SMALL, color=style.QUIET)
            else:
                panel.barh(place, row.importance, height=0.75, color=colours[row.variant])
        whose = short_labels([row.variant for row in own], 28)
        what = short_labels([row.setting for row in own], 28)
        names = [f"{whose[row.variant]}: {what[row.setting]}" for row in own]
        panel.set_yticks(places, names)
        panel.set_ylim(max(places) + 0.7, -0.7)
        panel.set_xlim(0, 1)
        panel.grid(axis="y", visible=False)
        panel.set_title(shorten(dataset, 60), loc="left")
        panel.set_xlabel(f"share of the variance of validation {rows[0].metric} (functional ANOVA)")
    return figure


def draw_slices(rows: Sequence[SliceRow]) -> Figure:
    """A row of panels per model: values, as shares of the study's best, against each setting."""
    from matplotlib.lines import Line2D

    datasets = list(dict.fromkeys(row.dataset for row in rows))
    colours, markers = style.colours(datasets), style.markers(datasets)
    chunks = _chunks(rows)
    columns = max(len(settings) for _, settings in chunks)
    figure, found = style.panels(len(chunks), columns, height=1.75, sharey="row")
    for panels, (variant, settings) in zip(found, chunks, strict=True):
        for panel in panels[len(settings) :]:
            panel.set_axis_off()
        for panel, setting in zip(panels, settings, strict=False):
            own = [row for row in rows if (row.variant, row.setting) == (variant, setting)]
            for place, dataset in enumerate(datasets):
                points = [row for row in own if row.dataset == dataset]
                aside = 0.12 * (place - (len(datasets) - 1) / 2) if own[0].ticks else 0.0
                _points(panel, points, colours[dataset], markers[dataset], aside)
            _axis(panel, own)
            panel.set_xlabel(shorten(setting, 28))
        panels[0].set_ylabel("share of the best")
        panels[0].set_title(shorten(variant, 40), loc="left")
    handles = [
        *(
            Line2D([], [], color=colours[d], marker=markers[d], linestyle="", markersize=3.5)
            for d in datasets
        ),
        Line2D([], [], color="0.3", marker="o", linestyle="", markersize=3.5, fillstyle="none"),
    ]
    style.legend_below(figure, handles, [*datasets, "pruned"])
    return figure


def _trials(panel: Axes, rows: Sequence[HistoryRow], colour: Any) -> None:
    low = panel.get_xaxis_transform()
    for state, (marker, size) in _MARKS.items():
        own = [row for row in rows if row.state == state]
        look = {"color": colour, "marker": marker, "markersize": size, "linestyle": "", "alpha": 0.6}
        if state == "failed":  # it has no value: at the lower edge
            panel.plot([row.trial for row in own], [0.03 for _ in own], transform=low, **look)
        else:
            panel.plot([row.trial for row in own], [row.value or 0.0 for row in own], **look)


def _whole_numbers(panel: Axes) -> None:
    from matplotlib.ticker import MaxNLocator

    panel.xaxis.set_major_locator(MaxNLocator(integer=True))


def _places(rows: Sequence[ImportanceRow]) -> list[float]:
    """A place per bar, from the top, with a gap between models."""
    found: list[float] = []
    for before, row in zip([None, *rows], rows, strict=False):
        step = 0.0 if before is None else 1.0 if before.variant == row.variant else 1.6
        found.append((found[-1] if found else 0.0) + step)
    return found


def _chunks(rows: Sequence[SliceRow]) -> list[tuple[str, list[str]]]:
    """Each model with settings for one row of panels."""
    found = []
    for variant in dict.fromkeys(row.variant for row in rows):
        settings = list(dict.fromkeys(row.setting for row in rows if row.variant == variant))
        found += [(variant, settings[at : at + _COLUMNS]) for at in range(0, len(settings), _COLUMNS)]
    return found


def _points(panel: Axes, rows: Sequence[SliceRow], colour: Any, marker: str, aside: float) -> None:
    for state, fill in (("done", "full"), ("pruned", "none")):
        own = [row for row in rows if row.state == state]
        panel.plot(
            [row.place + aside for row in own],
            [row.share for row in own],
            color=colour,
            marker=marker,
            linestyle="",
            markersize=3.2,
            alpha=0.7,
            fillstyle=fill,
        )


def _axis(panel: Axes, rows: Sequence[SliceRow]) -> None:
    from matplotlib.ticker import NullLocator

    first = rows[0]
    if first.ticks:
        names = list(short_labels(first.ticks, 12).values())
        crowded = sum(map(len, names)) > 18
        panel.set_xticks(
            range(len(names)), names, rotation=30 if crowded else 0, ha="right" if crowded else "center"
        )
        panel.set_xlim(-0.5, len(names) - 0.5)
    elif first.log:
        panel.set_xscale("log")
        panel.xaxis.set_minor_locator(NullLocator())
        plain_numbers(panel.xaxis)


# Each figure of a search: its rows, their class, and how they are drawn.
SEARCH_FIGURES: dict[str, tuple[Callable[..., Sequence[Any]], type[Any], Callable[[Any], Any]]] = {
    "history": (history_rows, HistoryRow, draw_history),
    "importance": (importance_rows, ImportanceRow, draw_importance),
    "slices": (slice_rows, SliceRow, draw_slices),
}
