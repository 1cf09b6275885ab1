"""`bench check`: whether the results bear out a suite's claims, or a paper's numbers its text and tables."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from bench.analysis.audit.finding import Finding
from bench.analysis.audit.paper import audit, audit_table
from bench.analysis.claim_table import claim_table
from bench.analysis.claims import ClaimRow, claim_rows
from bench.analysis.published import PAPERS
from bench.cli.table import print_rows, results_of
from bench.errors import InputError
from bench.results.index import read_index
from bench.results.query import cells_of
from bench.suite.problems import suggest

EXIT_NOT_ALL = 1


def check(results: Path, suite: str | None, paper: str | None, format: str) -> int:
    """Print how every claim of a suite stands on every dataset, or where a paper's own numbers disagree.

    The exit code: of a suite 0 if all claims are supported, else 1; of a paper 0, because nothing of ours is
    at stake.

    Args:
        results: the results folder.
        suite: a suite file, or the name of a suite's results; None for a paper.
        paper: whose published numbers to audit; None for a suite.
        format: rich, markdown, html, latex, latex-standalone, csv or json.

    Raises:
        InputError: not one of suite and paper is given, there is no such paper, there are no results of this
            suite, or it claims nothing.
        DataError: the results are damaged or unreadable.
    """
    if suite is None:
        if paper is None:
            raise InputError(
                "nothing to check",
                remedy="name a suite for its claims, or --paper maf for a paper's own numbers",
            )
        return _check_paper(paper, format)
    if paper is not None:
        raise InputError(
            "a suite and --paper are checks of their own",
            file="--paper",
            remedy=f"call `bench check {suite}` and `bench check --paper {paper}` one after the other",
        )
    return _check_claims(results, results_of(suite), format)


def _check_paper(paper: str, format: str) -> int:
    if paper not in PAPERS:
        raise InputError(f"no paper {paper!r}", file="--paper", remedy=suggest(paper, list(PAPERS)))
    findings = audit(paper)
    print_rows(findings, Finding, audit_table(paper, findings), format, PAPERS[paper])
    return 0


def _check_claims(results: Path, suite: str, format: str) -> int:
    index = read_index(results, suite)
    if not (index.claims or index.gains or index.equalities):
        raise InputError(
            f"the results of {suite} hold no claims",
            remedy="write `claims:` in the suite file; `bench run` enters them and reuses every run",
        )
    rows = claim_rows(results, index, cells_of(results, index))
    table = claim_table(rows)
    # What a suite says of itself, such as unequal tuning, bears on every claim.
    table = replace(table, notes=(*table.notes, *index.notes))
    print_rows(rows, ClaimRow, table, format, suite)
    return 0 if all(row.standing == "supported" for row in rows) else EXIT_NOT_ALL
