"""The figures of a suite's search in its report."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from pathlib import Path

from bench.analysis.numbers import mean_text
from bench.errors import BenchError
from bench.figures.tuning import SEARCH_FIGURES
from bench.report.drawing import Plan, ReportFigure, drawn, ended
from bench.tuning.records import STUDIES, StudyRecord, TrialRow, read_search, search_folder
from bench.wording import count

_TITLE = "Search"


def was_tuned(results: Path, suite: str) -> bool:
    """Whether there are files of a search of this suite."""
    return (search_folder(results, suite) / STUDIES).exists()


def search_figures(results: Path, suite: str) -> Iterator[ReportFigure]:
    """The figures of the search, or why there is none; ``suite`` is the name of its results."""
    found = _read(results, suite)
    if isinstance(found, str):
        yield ReportFigure(_TITLE, reason=ended(found))
    else:
        yield from map(drawn, _plans(*found))


def search_sentences(results: Path, suite: str) -> list[str]:
    """What each study has found; nothing where there is no search."""
    found = _read(results, suite)
    if isinstance(found, str):
        return []
    studies, trials = found
    return [_sentence(study, sum(row.cell == study.cell for row in trials)) for study in studies]


def _sentence(study: StudyRecord, trials: int) -> str:
    text = f"Search for {study.model} on {study.dataset}, {count(trials, 'trial')}"
    if study.best is None:
        return f"{text}: none is done yet."
    own = "" if study.default is None else f", with the suite's own settings {mean_text(study.default.value)}"
    return f"{text}: best validation {study.monitor} {mean_text(study.best.value)}{own}."


def _read(results: Path, suite: str) -> tuple[list[StudyRecord], list[TrialRow]] | str:
    """The search, or why it cannot be had."""
    if not was_tuned(results, suite):
        return "this suite was not tuned here"
    try:
        return read_search(results, suite)
    except BenchError as error:
        return str(error)


# Of each figure: its title, what it shows, how it is read, and why it may be empty.
_WORDS = {
    "history": (
        f"{_TITLE}: trials",
        "Every trial with the best value until then",
        "A mark per trial in the order of the search, a line for the best until then; values are of the"
        " validation targets.",
        "the search has no trial yet",
    ),
    "importance": (
        f"{_TITLE}: importance of settings",
        "How much of the variance of the validation values each setting explains",
        "Shares of the variance of the validation values by functional ANOVA, of the trials within the space"
        " that were done.",
        "the search has no setting",
    ),
    "slices": (
        f"{_TITLE}: settings",
        "Validation values against each setting",
        "A mark per trial: its validation value as a share of the best of its study, against one setting at a"
        " time.",
        "no trial of the search has a value yet",
    ),
}


def _plans(studies: list[StudyRecord], trials: list[TrialRow]) -> Iterator[Plan]:
    for name, (rows_of, row, draw) in SEARCH_FIGURES.items():
        title, shows, caption, empty = _WORDS[name]
        yield Plan(
            f"tuning-{name}", title, shows, caption, partial(rows_of, studies, trials), row, draw, empty
        )
