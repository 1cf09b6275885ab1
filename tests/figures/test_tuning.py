"""Figures of searches: nothing is cut off or hidden, and marks say what became of trials."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.text import Text

from bench.analysis.tuning import HistoryRow, ImportanceRow, SliceRow
from bench.figures import style
from bench.figures.labels import shorten
from bench.figures.tuning import SEARCH_FIGURES as FIGURES

SETTINGS = ("training.learning_rate", "hidden_dropout", "a setting with a long name", "fusion", "lambda")
CASES = [(2, ["one"]), (12, ["one", "A dataset whose label goes on"]), (4, ["a", "b", "c"])]


def names(variants: int) -> list[str]:
    awkward = ["SASRec", "MAF without the image, with $\\lambda$ = 10 and a gate", "<b>bold</b> & more"]
    return [*awkward, *(f"recbole/Model{n}" for n in range(20))][:variants]


def histories(variants: int, datasets: Sequence[str]) -> list[HistoryRow]:
    rng = np.random.default_rng(0)
    rows = []
    for dataset in datasets:
        for variant in names(variants):
            best = None
            for trial in range(20):
                state = "failed" if trial == 4 else "pruned" if trial % 3 == 2 else "done"
                value = None if state == "failed" else float(0.1 + rng.random() / 10)
                if state == "done" and value is not None:
                    best = max(value, best or 0.0)
                name = "" if trial else "default"
                rows.append(HistoryRow(dataset, variant, "NDCG@10", trial, name, state, value, best))
    return rows


def importances(variants: int, datasets: Sequence[str]) -> list[ImportanceRow]:
    return [
        ImportanceRow(dataset, variant, "NDCG@10", setting, None if place % 4 == 3 else 0.1 * at + 0.2, 9)
        for dataset in datasets
        for place, variant in enumerate(names(variants))
        for at, setting in enumerate(SETTINGS[:3])
    ]


def slices(variants: int, datasets: Sequence[str]) -> list[SliceRow]:
    ticks: dict[str, tuple[str, ...]] = {"fusion": ("sum", "concat", "gate", "an option with a long name")}
    return [
        SliceRow(
            dataset, variant, "NDCG@10", setting, "x", trial % 4 if setting in ticks else 10.0**-trial,
            ticks.get(setting, ()), setting == SETTINGS[0], trial, "pruned" if trial == 2 else "done",
            0.1, 1 - trial / 10,
        )
        for dataset in datasets
        for place, variant in enumerate(names(variants))
        for setting in SETTINGS[: 5 if place == 1 else 4]
        for trial in range(5)
    ]  # fmt: skip


MAKERS: dict[str, Callable[[int, Sequence[str]], Sequence[Any]]] = {
    "history": histories,
    "importance": importances,
    "slices": slices,
}


def drawn(kind: str, variants: int, datasets: Sequence[str]) -> Figure:
    with style.look():
        figure: Figure = FIGURES[kind][2](MAKERS[kind](variants, datasets))
        FigureCanvasAgg(figure).draw()
    return figure


def texts(figure: Figure) -> list[Text]:
    return [text for text in figure.findobj(Text) if text.get_visible() and text.get_text().strip()]


def test_every_kind_is_tested() -> None:
    assert MAKERS.keys() == FIGURES.keys()


@pytest.mark.parametrize("kind", FIGURES)
@pytest.mark.parametrize(("variants", "datasets"), CASES)
def test_nothing_is_cut_off(kind: str, variants: int, datasets: list[str]) -> None:
    figure = drawn(kind, variants, datasets)
    box = figure.get_tightbbox(figure.canvas.get_renderer())  # type: ignore[attr-defined]
    assert box.x0 >= -0.02 and box.y0 >= -0.02  # inches
    assert box.x1 <= figure.get_figwidth() + 0.02 and box.y1 <= figure.get_figheight() + 0.02
    shown = texts(figure)
    assert len(shown) > 10
    said = {text.get_text() for text in shown}
    assert all(any(shorten(label, 28)[:8] in text for text in said) for label in names(variants))


@pytest.mark.parametrize("kind", FIGURES)
def test_panels_keep_room_for_their_data(kind: str) -> None:
    figure = drawn(kind, 12, ["one"])
    for axes in figure.axes:
        if axes.axison:
            box = axes.get_position()
            assert box.width * figure.get_figwidth() > 1.2
            assert box.height * figure.get_figheight() > 0.7


@pytest.mark.parametrize("kind", FIGURES)
def test_labels_are_shown_as_they_are(kind: str) -> None:
    shown = texts(drawn(kind, 3, ["one"]))
    assert any("<b>bold</b> & more" in text.get_text() for text in shown)
    assert not any(text.get_parse_math() for text in shown)


@pytest.mark.parametrize("kind", FIGURES)
def test_the_same_figure_is_the_same_file(kind: str, tmp_path: Path) -> None:
    made = []
    for place in ("one", "two"):
        with style.look():
            figure = FIGURES[kind][2](MAKERS[kind](2, ["one"]))
            files = style.save(figure, tmp_path / place / kind, ("pdf", "svg"))
            made.append([file.read_bytes() for file in files])
    assert made[0] == made[1]


def test_history_marks_what_was_pruned_and_what_failed() -> None:
    rows = histories(1, ["one"])
    with style.look():
        lines = FIGURES["history"][2](rows).axes[0].lines
    by_marker = {line.get_marker(): list(line.get_xdata()) for line in lines}
    for marker, state in (("o", "done"), ("v", "pruned"), ("x", "failed")):
        assert by_marker[marker] == [row.trial for row in rows if row.state == state]
    (steps,) = [line for line in lines if line.get_drawstyle() == "steps-post"]
    values = list(steps.get_ydata())
    assert values == sorted(values)
    assert values[-1] == max(row.value for row in rows if row.state == "done" and row.value)


def test_importance_says_where_trials_are_too_few() -> None:
    rows = importances(4, ["one"])
    told = [text.get_text() for text in texts(drawn("importance", 4, ["one"]))]
    assert told.count("too few trials (9)") == sum(row.importance is None for row in rows) == 3
