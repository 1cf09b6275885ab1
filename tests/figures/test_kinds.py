"""Every kind of figure: nothing is cut off or hidden, for few and many variants, with awkward names."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import to_rgba
from matplotlib.figure import Figure

from bench.analysis.bars import BarRow, seed_interval
from bench.analysis.comparison import ComparisonRow, Word
from bench.analysis.costs import CostRow
from bench.analysis.curves import CurveRow
from bench.analysis.lengths import BinRow
from bench.errors import InputError
from bench.figures import style
from bench.figures.kinds import KINDS, Subject
from bench.figures.labels import shorten
from tests.figures.overlaps import boxes, outside, overlapping, texts

METRICS = ("Recall@10", "NDCG@10")
WORDS: tuple[Word, ...] = ("better", "worse", "tied", "underpowered", "not compared")


def names(variants: int) -> list[str]:
    """Labels as users write them, some of them long or with signs that mean something elsewhere."""
    awkward = ["SASRec", "MAF without the image, with $\\lambda$ = 10 and a gate", "<b>bold</b> & more"]
    return [*awkward, *(f"recbole/Model{n}" for n in range(20))][:variants]


def bars(variants: int, datasets: Sequence[str]) -> list[BarRow]:
    rng = np.random.default_rng(0)
    rows = []
    for dataset in datasets:
        for metric in METRICS:
            for place, variant in enumerate(names(variants)):
                values = tuple((0.2 + rng.normal(size=5) / 50).tolist())
                reads = [(), ("image",), ("text",), ("image", "text")][place % 4]
                low, high = seed_interval(values)
                mean = float(np.mean(values))
                what = dataset, metric, variant, reads, variant.startswith("recbole/")
                rows.append(BarRow(*what, mean, low, high, (1, 2, 3, 4, 5), values))
    return rows


def comparisons(variants: int, datasets: Sequence[str]) -> list[ComparisonRow]:
    rows = []
    for metric in METRICS:
        for dataset in datasets:
            for place, variant in enumerate(names(variants)[1:]):
                word = WORDS[place % 5]
                shift = 0.01 * (place - 2)
                absent = word == "not compared"
                rows.append(
                    ComparisonRow(
                        dataset, metric, variant, "SASRec", 0.2 + shift, 0.2, shift,
                        None if absent else shift - 0.01, None if absent else shift + 0.01,
                        None if absent else 0.04, 0.01, 0.02, word, (1, 2), (1, 2),
                    )
                )  # fmt: skip
    return rows


def costs(variants: int, datasets: Sequence[str]) -> list[CostRow]:
    return [
        CostRow(
            dataset, metric, variant, 0.1 + place / 100, 0.01,
            "CPU", 0.01 * 9**place, 10**place if place else 0, (1, 2), ("a processor",),
            place % 2 == 0, place % 2 == 1,
        )
        for dataset in datasets
        for metric in METRICS
        for place, variant in enumerate(names(variants))
    ]  # fmt: skip


def curves(variants: int, datasets: Sequence[str]) -> list[CurveRow]:
    return [
        CurveRow(
            dataset, variant, seed, epoch, 5 / epoch + place,
            None if epoch == 2 else 0.1 * epoch / (1 + place),
            "NDCG@10", epoch == 3, "patience" if epoch == 5 and place % 2 else None,
        )
        for dataset in datasets
        for place, variant in enumerate(names(variants))
        for seed in (1, 2)
        for epoch in range(1, 6)
    ]  # fmt: skip


def lengths(variants: int, datasets: Sequence[str]) -> list[BinRow]:
    return [
        BinRow(dataset, "NDCG@10", kind, low, low + 9, 1_200, variant, 0.1 + place / 50, 0.01, (1, 2))
        for dataset in datasets
        for kind in ("history", "popularity")
        for low in (0, 10, 20, 1_000)
        for place, variant in enumerate(names(variants))
    ]


MAKERS: dict[str, Callable[[int, Sequence[str]], Sequence[Any]]] = {
    "modality": bars,
    "compare": comparisons,
    "pareto": costs,
    "curves": curves,
    "lengths": lengths,
}


def drawn(name: str, variants: int, datasets: Sequence[str]) -> Figure:
    with style.look():
        figure = KINDS[name].draw(MAKERS[name](variants, datasets))
        FigureCanvasAgg(figure).draw()
    return figure


def test_every_kind_is_tested() -> None:
    assert MAKERS.keys() == KINDS.keys()


@pytest.mark.parametrize("name", KINDS)
@pytest.mark.parametrize(
    ("variants", "datasets"),
    [(2, ["one"]), (12, ["one", "A dataset whose label goes on and on"]), (5, ["a", "b", "c"])],
)
def test_nothing_is_cut_off(name: str, variants: int, datasets: list[str]) -> None:
    figure = drawn(name, variants, datasets)
    box = figure.get_tightbbox(figure.canvas.get_renderer())  # type: ignore[attr-defined]
    assert box.x0 >= -0.02 and box.y0 >= -0.02  # inches
    assert box.x1 <= figure.get_figwidth() + 0.02 and box.y1 <= figure.get_figheight() + 0.02
    shown = texts(figure)
    assert len(shown) > 10
    said = {text.get_text() for text in shown}
    assert all(any(shorten(label, 28)[:8] in text for text in said) for label in names(variants)[1:])


@pytest.mark.parametrize("name", KINDS)
def test_panels_keep_room_for_their_data(name: str) -> None:
    """With a dozen variants no panel is squeezed by its labels."""
    figure = drawn(name, 12, ["one"])
    for axes in figure.axes:
        if axes.axison:
            box = axes.get_position()
            assert box.width * figure.get_figwidth() > 1.2
            assert box.height * figure.get_figheight() > 0.7


@pytest.mark.parametrize("name", KINDS)
def test_every_point_lies_within_its_panel(name: str) -> None:
    """Also where panels share an axis, and the highest value is not in the first of them."""
    rows = MAKERS[name](4, ["one", "two"])
    if name == "lengths":
        rows = [replace(row, mean=3 * row.mean) if row.kind == "popularity" else row for row in rows]
    with style.look():
        figure = KINDS[name].draw(rows)
        FigureCanvasAgg(figure).draw()
    seen = 0
    for axes in figure.axes:
        lines: list[Any] = [line for line in axes.lines if line.get_marker() not in ("None", "")]
        (left, right), (low, high) = sorted(axes.get_xlim()), sorted(axes.get_ylim())
        for line in lines:
            for x, y in zip(line.get_xdata(), line.get_ydata(), strict=True):
                assert left <= x <= right and low <= y <= high
                seen += 1
    assert seen >= 8


@pytest.mark.parametrize("name", KINDS)
def test_labels_are_shown_as_they_are(name: str) -> None:
    """No formula, no markup: a label is text."""
    shown = texts(drawn(name, 3, ["one"]))
    assert "<b>bold</b> & more" in " ".join(text.get_text() for text in shown)
    assert not any(text.get_parse_math() for text in shown)


@pytest.mark.parametrize("name", KINDS)
def test_the_same_figure_is_the_same_file(name: str, tmp_path: Path) -> None:
    """Whichever files are written before it."""
    made = {}
    for place, formats in (("one", ("svg",)), ("two", ("pdf", "svg", "png"))):
        with style.look():
            figure = KINDS[name].draw(MAKERS[name](3, ["one"]))
            style.save(figure, tmp_path / place / name, formats)  # type: ignore[arg-type]
            inside = style.svg_of(figure)
        made[place] = (tmp_path / place / f"{name}.svg").read_bytes(), inside
    assert made["one"] == made["two"]


def test_bars_begin_at_zero() -> None:
    assert all(axes.get_ylim()[0] == 0 for axes in drawn("modality", 4, ["one"]).axes)


def test_seeds_are_dots_of_their_values() -> None:
    rows = bars(2, ["one"])
    with style.look():
        figure = KINDS["modality"].draw(rows)
    lines: list[Any] = list(figure.axes[0].lines)
    dots = [line for line in lines if line.get_marker() == "o"]
    assert [tuple(line.get_ydata()) for line in dots] == [r.values for r in rows if r.metric == METRICS[0]]


@pytest.mark.parametrize("seeds", [2, 5, 60])
def test_intervals_are_seen_beside_the_seeds(seeds: int) -> None:
    """No dot covers an interval, and a short interval has ends."""
    rows = [
        replace(row, values=tuple(np.linspace(0.19, 0.21, seeds).tolist()), low=0.199, high=0.201)
        for row in bars(12, ["one"])
    ]
    with style.look():
        figure = KINDS["modality"].draw(rows)
        FigureCanvasAgg(figure).draw()
    for panel in figure.axes:
        pixels = panel.transData.transform
        lines: list[Any] = list(panel.lines)
        dots = [line for line in lines if line.get_marker() == "o"]
        intervals = [line for line in lines if line.get_marker() == "_"]
        assert len(dots) == len(intervals) == 12
        for dot, interval in zip(dots, intervals, strict=True):
            (right, _), (left, _) = pixels((max(dot.get_xdata()), 0)), pixels((interval.get_xdata()[0], 0))
            sizes = (dot.get_markersize() + interval.get_markersize()) / 2 * figure.dpi / 72
            assert left - right > sizes and len(dot.get_xdata()) == seeds


def test_models_of_the_reference_are_not_said_to_read_nothing() -> None:
    rows = [replace(row, reads=(), reference=row.variant == "SASRec") for row in bars(3, ["one"])]
    with style.look():
        figure = KINDS["modality"].draw(rows)
    said = [text.get_text() for text in figure.legends[0].get_texts()]
    assert said == ["item ids alone", "RecBole's models"]
    reference, other, _ = (bar.get_facecolor() for bar in figure.axes[0].patches)
    assert reference != other


@pytest.mark.parametrize(("variants", "turned"), [(2, False), (3, False), (12, True)])
def test_labels_are_turned_only_where_they_have_no_room(variants: int, turned: bool) -> None:
    rows = [replace(row, variant=f"A model with {row.variant[-7:]}") for row in bars(variants, ["one"])]
    with style.look():
        figure = KINDS["modality"].draw(rows)
        FigureCanvasAgg(figure).draw()
    labels = figure.axes[-1].get_xticklabels()
    assert {bool(label.get_rotation()) for label in labels} == {turned}
    assert turned or overlapping(boxes(figure)) == []


@pytest.mark.parametrize(("variants", "metrics"), [(2, 1), (3, 2), (13, 2)])
def test_names_of_comparisons_do_not_overlap(variants: int, metrics: int) -> None:
    rows = [row for row in comparisons(variants, ["one", "two"][:metrics]) if row.metric in METRICS[:metrics]]
    with style.look():
        figure = KINDS["compare"].draw(rows)
        FigureCanvasAgg(figure).draw()
    assert overlapping(boxes(figure)) == []
    assert outside(boxes(figure).values(), figure) == []


def test_no_difference_is_drawn_below_what_a_metric_can_be() -> None:
    rows = [replace(row, low=-0.5, difference=-0.19, mean=0.01) for row in comparisons(2, ["one"])]
    with style.look():
        figure = KINDS["compare"].draw(rows)
    lines: list[Any] = list(figure.axes[0].lines)
    assert [line.get_xdata()[0] for line in lines if len(line.get_xdata()) == 2][1:] == [-100]


def test_where_nothing_was_compared_the_reason_is_said() -> None:
    rows = [
        replace(row, low=None, high=None, verdict="not compared", reason="one seed, which says nothing")
        for row in comparisons(4, ["one"])
    ]
    with pytest.raises(InputError, match=r"nothing could be compared: one seed, which says nothing$"):
        KINDS["compare"].rows(Subject(Path(), [], METRICS, rows))


def test_many_runs_are_a_mean_with_a_band() -> None:
    """Counted by hand: the mean of 1 to 6 is 3.5; epoch 3 was reached by one run of six, and is not drawn."""
    rows = [
        CurveRow("one", "A", seed, epoch, seed + 10.0 * epoch, None, "NDCG@10", False, None)
        for seed in range(1, 7)
        for epoch in ([1, 2, 3] if seed == 6 else [1, 2])
    ]
    with style.look():
        figure = KINDS["curves"].draw(rows)
    panel = figure.axes[0]
    (line,) = panel.lines
    assert np.array(line.get_xydata()).tolist() == [[1, 13.5], [2, 23.5]]
    (band,) = panel.collections
    corners = band.get_paths()[0].vertices
    assert {tuple(corner) for corner in np.asarray(corners).tolist()} == {(1, 11), (1, 16), (2, 21), (2, 26)}


def test_a_run_of_one_epoch_is_seen() -> None:
    rows = [CurveRow("one", "A", 1, 1, 5.0, 0.1, "NDCG@10", True, "epochs")]
    with style.look():
        figure = KINDS["curves"].draw(rows)
    assert all(any(line.get_marker() == "o" for line in panel.lines) for panel in figure.axes)


@pytest.mark.parametrize("name", ["pareto", "lengths"])
def test_points_have_edges(name: str) -> None:
    figure = drawn(name, 3, ["one"])
    points = [line for line in figure.axes[0].lines if line.get_marker() in list("osD")]
    assert len(points) >= 3 and {line.get_markeredgecolor() for line in points} == {"0.2"}
    handles: list[Any] = figure.legends[0].legend_handles
    assert {handle.get_markeredgecolor() for handle in handles} == {"0.2"}


def test_bars_of_item_ids_are_darker_than_those_of_categories() -> None:
    """Grey and green are alike to readers without green receptors, unless they differ in lightness."""
    kinds: list[tuple[str, ...]] = [(), ("category",)] * 2
    rows = [replace(row, reads=reads) for row, reads in zip(bars(2, ["one"]), kinds, strict=True)]
    with style.look():
        figure = KINDS["modality"].draw(rows)
    shades = []
    for bar in figure.axes[0].patches:
        colour = np.array(to_rgba(bar.get_facecolor()))
        shades.append(float(colour[:3] @ [0.2126, 0.7152, 0.0722] * colour[3] + 1 - colour[3]))
    assert shades[0] < shades[1] - 0.1


def test_lines_of_two_variants_differ_without_colour() -> None:
    lines: list[Any] = list(drawn("curves", 2, ["one"]).axes[0].lines)
    assert len({line.get_linestyle() for line in lines}) == 2


def test_differences_are_in_percent_of_the_baseline() -> None:
    rows = [row for row in comparisons(3, ["one"]) if row.metric == METRICS[0]]
    with style.look():
        figure = KINDS["compare"].draw(rows)
    lines: list[Any] = list(figure.axes[0].lines)
    points = [line.get_xdata()[0] for line in lines if line.get_marker() in ("^", "v", "D", "o")]
    assert points == pytest.approx([100 * row.difference / 0.2 for row in rows if row.difference is not None])


def test_the_front_of_costs_goes_on_to_the_edge() -> None:
    """Also where one model is the whole front."""
    rows = [replace(row, front_seconds=row.variant == "SASRec") for row in costs(4, ["one"])]
    with style.look():
        figure = KINDS["pareto"].draw(rows)
    for panel in figure.axes:
        (front,) = (line for line in panel.lines if line.get_linestyle() == ":")
        x: Any = front.get_xdata()
        assert len(x) >= 2 and x[-1] == panel.get_xlim()[1]
