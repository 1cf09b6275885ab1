"""`bench plot tuning`: figures of a search, from its files."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import cast

from bench.cli.plot import write_figure
from bench.cli.table import results_of
from bench.errors import InputError
from bench.figures import style
from bench.figures.tuning import SEARCH_FIGURES
from bench.suite.problems import suggest
from bench.tuning.records import read_search


def plot_tuning(
    results: Path,
    suite: str,
    *,
    datasets: Sequence[str],
    models: Sequence[str],
    plots: Path,
    formats: Sequence[str],
) -> None:
    """Draw the history of a search, the importance of its settings, and slices.

    Args:
        results: the results folder.
        suite: the name of the suite's results, or its file.
        datasets: labels; none: all.
        models: likewise.
        plots: the folder of figures.
        formats: of the files; empty: all.

    Raises:
        InputError: there was no search, or none of these.
        DataError: its files are damaged.
    """
    name = results_of(suite)
    studies, trials = read_search(results, name)
    for option, asked, known in (
        ("--dataset", datasets, [study.dataset for study in studies]),
        ("--model", models, [study.model for study in studies]),
    ):
        for word in asked:
            if word not in known:
                raise InputError(
                    f"the search of {name} has no {option[2:]} {word!r}",
                    file=option,
                    remedy=suggest(word, list(dict.fromkeys(known))),
                )
    chosen = [
        study
        for study in studies
        if (not datasets or study.dataset in datasets) and (not models or study.model in models)
    ]
    kinds = cast("Sequence[style.FileFormat]", formats or style.FILE_FORMATS)
    drawn = False
    for kind, (rows_of, row, draw) in SEARCH_FIGURES.items():
        rows = rows_of(chosen, trials)
        if rows:
            drawn = True
            with style.look():
                write_figure(plots / name / f"tuning-{kind}", kinds, draw(rows), rows, row)
    if not drawn:
        raise InputError(f"the search of {name} has no trial of these", remedy="`bench tune` makes some")
