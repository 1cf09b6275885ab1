"""The figures of a suite's results in its report."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import partial

from bench.figures.kinds import KINDS, Subject
from bench.report.drawing import Plan, ReportFigure, drawn


def suite_figures(subject: Subject, no_comparison: str) -> Iterator[ReportFigure]:
    """Every kind of figure that the runs allow; of the others, why they do not.

    Args:
        subject: what is to be drawn.
        no_comparison: why there is none, where there is none.
    """
    empty = {"compare": no_comparison, "curves": "no model here is trained epoch by epoch"}
    for name, kind in KINDS.items():
        shown = replace(subject, metrics=subject.metrics[:1]) if kind.one_metric else subject
        rows = partial(kind.rows, shown)
        plan = Plan(name, kind.title, kind.shows, kind.caption, rows, kind.row, kind.draw)
        yield drawn(replace(plan, empty=empty[name]) if name in empty else plan)
