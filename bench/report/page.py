"""`bench report`: one HTML file that needs no other and asks no network."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

from bench import __version__
from bench.analysis.claim_table import claim_table
from bench.analysis.claims import claim_rows
from bench.analysis.comparison_table import comparison_table
from bench.analysis.formats.blocks import Blocks
from bench.analysis.formats.page import environment
from bench.analysis.layouts import arranged
from bench.analysis.notes import table_notes
from bench.analysis.suite_table import suite_table
from bench.errors import InputError
from bench.figures.kinds import Subject
from bench.report.attention import attention_figures
from bench.report.compared import Compared, compared
from bench.report.drawing import ReportFigure
from bench.report.figures import suite_figures
from bench.report.runs import commands, failure_table, has_claims, provenance_facts, run_table
from bench.report.search import search_figures, search_sentences, was_tuned
from bench.report.summary import best_sentences, claim_sentence, comparison_sentences, run_sentence
from bench.results.index import Index, command_for, find_index, read_index
from bench.results.query import CellResult, cells_of


@dataclass(frozen=True)
class Section:
    """A table with its heading; ``sortable`` where every row stands by itself."""

    name: str
    title: str
    table: Blocks
    sortable: bool


def report_page(results: Path, suite: str, home: Path | None = None, baseline: str | None = None) -> str:
    """The report of a suite's results; of one that was tuned and not run yet, of its search.

    Args:
        results: the results folder.
        suite: the name of the suite's results.
        home: where the prepared data lie, for figures that need them (None: the default place).
        baseline: the variant to compare with; None: the suite's, else SASRec where there is one.

    Raises:
        InputError: there are no results of this suite, nothing is finished, or there is no such baseline.
        DataError: the results are damaged or unreadable.
    """
    tuned = was_tuned(results, suite)
    index = _index(results, suite, tuned)
    cells = cells_of(results, index)
    sections, figures, beside = list[Section](), list[ReportFigure](), Compared()
    summary = ["No run is finished."]
    if any(cell.status == "done" for cell in cells):
        beside = compared(results, index, cells, baseline)
        sections, summary = _sections(results, index, cells, beside)
        figures = _figures(results, index, cells, beside, home)
    elif not tuned:
        raise InputError(
            f"{suite} has no finished run", remedy=f"{command_for('run', results, suite)} makes them"
        )
    script = files("bench.report").joinpath("templates/report.js").read_text(encoding="utf-8")
    return (
        environment("bench.report")
        .get_template("report.html")
        .render(
            title=suite,
            version=__version__,
            summary=[*summary, *search_sentences(results, suite)],
            sections=sections,
            figures=[*figures, *search_figures(results, suite)],
            failures=failure_table(cells),
            runs=run_table(cells),
            commands=commands(index, suite, beside, baseline, tuned),
            facts=provenance_facts(cells),
            script=script,
            script_hash=base64.b64encode(hashlib.sha256(script.encode()).digest()).decode(),
        )
    )


def _index(results: Path, suite: str, tuned: bool) -> Index:
    """The suite's index; an empty one where it was tuned and not run yet; errors as `read_index`."""
    if tuned and find_index(results, suite) is None:
        return Index(suite=suite, metrics=(), seeds=(), datasets=(), models=())
    return read_index(results, suite)


def _sections(
    results: Path, index: Index, cells: Sequence[CellResult], beside: Compared
) -> tuple[list[Section], list[str]]:
    """The tables, and what they say in sentences."""
    found = suite_table(results, index, cells)
    notes = table_notes(index, cells, found.notes)
    sections = [Section("results", "Results", arranged(found.rows, notes), True)]
    summary = [run_sentence(cells)]
    summary += [*best_sentences(found.rows, cells), *comparison_sentences(beside.rows)]
    if index.paper is not None:
        published = suite_table(results, index, cells, published=True)
        about = [note for note in published.notes if note not in found.notes]
        table = arranged(published.rows, about, "paper")
        sections.append(Section("published", "Beside the published values", table, False))
    if beside.rows:
        sections.append(Section("comparison", "Comparison", comparison_table(beside.rows), True))
    if has_claims(index):
        claims = claim_rows(results, index, cells)
        sections.append(Section("claims", "Claims", claim_table(claims), False))
        summary.append(claim_sentence(claims))
    return sections, summary


def _figures(
    results: Path, index: Index, cells: Sequence[CellResult], beside: Compared, home: Path | None
) -> list[ReportFigure]:
    subject = Subject(results, cells, index.metrics, beside.rows, home)
    return [*suite_figures(subject, beside.reason), *attention_figures(results, cells, home)]
