"""Labels in figures: short, distinct, in one line, and with glyphs that exist."""

from __future__ import annotations

import warnings

import pytest
from hypothesis import given
from hypothesis import strategies as st
from matplotlib.backends.backend_agg import FigureCanvasAgg

from bench.figures import style
from bench.figures.labels import is_legible, one_line, short_labels, shorten, width_of


def test_shortening() -> None:
    assert shorten("abc", 3) == "abc"
    assert shorten("abc def", 5) == "abc…"
    assert shorten("two\nlines\tand\r\nmore", 50) == "two lines and more"


def test_signs_that_the_font_lacks_are_drawn_without_a_warning() -> None:
    title = "東京物語 and 🎬"
    assert one_line(title) == "□□□□ and □"
    assert is_legible("Pokémon ☺") and not is_legible("東京物語 1") and not is_legible(" ")
    with style.look(), warnings.catch_warnings():
        warnings.simplefilter("error")
        figure = style.new_figure(2, 1)
        figure.suptitle(shorten(title, 40))
        FigureCanvasAgg(figure).draw()


def of_one_ablation() -> list[str]:
    return [
        f"MAF[modalities=image+text,fusion={fusion},lambda={size},hidden_size=64]"
        for fusion in ("sum", "gate", "concatenation", "none")
        for size in (0.1, 1, 10)
    ]


@pytest.mark.parametrize("most", [12, 28, 30, 34])
def test_shortened_labels_stay_distinct(most: int) -> None:
    shown = short_labels(["SASRec", *of_one_ablation()], most)
    assert len(set(shown.values())) == 13
    assert shown["SASRec"] == "SASRec"
    assert max(map(len, shown.values())) <= most


def test_settings_are_seen_where_they_differ() -> None:
    shown = short_labels([f"MAF[modalities=image+text,fusion={f}]" for f in ("sum", "gate")], 28)
    assert [each.rpartition("=")[2] for each in shown.values()] == ["sum]", "gate]"]


@given(st.sets(st.text(alphabet="ab =,", min_size=1).map(one_line).filter(bool), max_size=12))
def test_any_labels_stay_distinct(labels: set[str]) -> None:
    shown = short_labels(sorted(labels), 10)
    assert len(set(shown.values())) == len(labels)
    assert all(len(each) <= 10 for each in shown.values())


def test_widths_are_those_that_are_drawn() -> None:
    with style.look():
        figure = style.new_figure(4, 1)
        figure.set_dpi(style.DPI)
        text = figure.text(0, 0, "Gentle pyramid 15", fontsize=6.5)
        canvas = FigureCanvasAgg(figure)
        drawn = text.get_window_extent(canvas.get_renderer()).width * 72 / figure.dpi
    assert width_of("Gentle pyramid 15", 6.5) == pytest.approx(drawn, rel=0.05)
