"""The figures of a suite's search in its report."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from pathlib import Path

from bench.analysis.tuning import (
    HistoryRow,
    ImportanceRow,
    SliceRow,
    history_rows,
    importance_rows,
    slice_rows,
)
from bench.errors import BenchError
from bench.figures.tuning import draw_history, draw_importance, draw_slices
from bench.report.drawing import Plan, ReportFigure, drawn, ended
from bench.tuning.records import STUDIES, StudyRecord, TrialRow, read_search, search_folder

_TITLE = "Search"


def was_tuned(results: Path, suite: str) -> bool:
    """Whether there are files of a search of this suite."""
    return (search_folder(results, suite) / STUDIES).exists()


def search_figures(results: Path, suite: str) -> Iterator[ReportFigure]:
    """The figures of the search, or why there is none; ``suite`` is the name of its results."""
    if not was_tuned(results, suite):
        yield ReportFigure(_TITLE, reason="this suite was not tuned here.")
        return
    try:
        studies, trials = read_search(results, suite)
    except BenchError as error:
        yield ReportFigure(_TITLE, reason=ended(str(error)))
        return
    yield from map(drawn, _plans(studies, trials))


def _plans(studies: list[StudyRecord], trials: list[TrialRow]) -> Iterator[Plan]:
    yield Plan(
        "tuning-history",
        f"{_TITLE}: trials",
        "Every trial with the best value until then",
        "A mark per trial in the order of the search, a line for the best until then; values are of the"
        " validation targets.",
        partial(history_rows, studies, trials),
        HistoryRow,
        draw_history,
        "the search has no trial yet",
    )
    yield Plan(
        "tuning-importance",
        f"{_TITLE}: importance of settings",
        "How much of the variance of the validation values each setting explains",
        "Shares of the variance of the validation values by functional ANOVA, of the trials within the space"
        " that were done.",
        partial(importance_rows, studies, trials),
        ImportanceRow,
        draw_importance,
        "the search has no setting",
    )
    yield Plan(
        "tuning-slices",
        f"{_TITLE}: settings",
        "Validation values against each setting",
        "A mark per trial: its validation value as a share of the best of its study, against one setting at a"
        " time.",
        partial(slice_rows, studies, trials),
        SliceRow,
        draw_slices,
        "no trial of the search has a value yet",
    )
