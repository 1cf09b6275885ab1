"""The best and second best of each row of Table 2, against what the paper underlines as second best."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from bench.analysis.audit.finding import Finding, leaders, printed_rows, result_of
from bench.analysis.published import read_underlined
from bench.wording import listed


def audit_marks(paper: str) -> Iterator[Finding]:
    """Every row of Table 2.

    Where several are level at the top, an underline of one of them or of the next would be right.
    """
    underlined = read_underlined(paper)
    for row, printed in printed_rows(paper, 2).items():
        marked = [column for column in printed if (*row, column) in underlined]
        best, second = _top_two(printed)
        valid = {*best, *second} if len(best) > 1 else set(second)
        yield Finding(
            "Table 2's underlines mark the second best of its numbers",
            " ".join(row),
            listed(marked) or "none",
            f"{listed(best)} {printed[best[0]]}"
            + (" level" if len(best) > 1 else f", {listed(second)} {printed[second[0]]}"),
            result_of(len(marked) == 1 and marked[0] in valid),
        )


def _top_two(printed: Mapping[str, str]) -> tuple[list[str], list[str]]:
    """The columns with the highest number, and those with the next."""
    best = leaders(printed)
    return best, leaders({column: text for column, text in printed.items() if column not in best})
