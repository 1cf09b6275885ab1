"""`bench check`: whether the results bear out a suite's claims, or a paper's numbers its text and tables."""

from __future__ import annotations

from pathlib import Path

from bench.analysis.audit.finding import Finding
from bench.analysis.audit.paper import audit, audit_table
from bench.analysis.claims import ClaimRow, claim_rows
from bench.analysis.formats.blocks import Blocks
from bench.analysis.published import PAPERS
from bench.cli.table import print_rows, results_of
from bench.errors import InputError
from bench.results.index import read_index
from bench.results.query import cells_of
from bench.suite.problems import suggest
from bench.wording import count

EXIT_NOT_ALL = 1
_COLUMNS = ("claim", "metric", "standing", "evidence")


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
    print_rows(rows, ClaimRow, _table(rows), format, suite)
    return 0 if all(row.standing == "supported" for row in rows) else EXIT_NOT_ALL


def _table(rows: list[ClaimRow]) -> Blocks:
    blocks: dict[str, list[tuple[str, ...]]] = {}
    for row in rows:
        own = blocks.setdefault(row.dataset, [])
        for place, line in enumerate(row.evidence):
            first = (row.claim, row.metric, row.standing) if place == 0 else ("", "", "")
            own.append((*first, line))
    standings = [row.standing for row in rows]
    told = ", ".join(f"{standings.count(each)} {each}" for each in dict.fromkeys(standings))
    notes = (
        f"{count(len(rows), 'claim')}, counted on each dataset: {told}.",
        "supported: every comparison that the claim makes decides as it says; contradicted: one decides"
        " against it; not decided: neither (docs/suites.md#claims).",
    )
    return Blocks(_COLUMNS, _COLUMNS, blocks, notes, wide=("claim", "evidence"))
