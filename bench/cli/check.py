"""`bench check`: whether the results bear out a suite's claims."""

from __future__ import annotations

from pathlib import Path

from bench.analysis.blocks import Blocks
from bench.analysis.claims import ClaimRow, claim_rows
from bench.cli.table import print_rows
from bench.errors import InputError
from bench.results.index import read_index
from bench.results.query import cells_of
from bench.wording import count

EXIT_NOT_ALL = 1
_COLUMNS = ("claim", "metric", "standing", "evidence")


def check(results: Path, suite: str, format: str) -> int:
    """Print how every claim of a suite stands on every dataset.

    The exit code: 0 if all are supported, else 1.

    Args:
        results: the results folder.
        suite: the name of the suite's results.
        format: rich, markdown, html, latex, latex-standalone, csv or json.

    Raises:
        InputError: there are no results of this suite, or it claims nothing.
        DataError: the results are damaged or unreadable.
    """
    index = read_index(results, suite)
    if not index.claims and not index.equalities:
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
        f"{count(len(rows), 'claim')}, each on one dataset: {told}.",
        "supported: the comparison with each of the others gives the word claimed, or equality its verdict;"
        " contradicted: one gives the opposite; not decided: neither (docs/statistics.md).",
    )
    return Blocks(_COLUMNS, _COLUMNS, blocks, notes)
