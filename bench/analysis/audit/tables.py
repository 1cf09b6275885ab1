"""Tables 2, 3 and 4 against each other: the same model should have the same numbers."""

from __future__ import annotations

from collections.abc import Iterator

from bench.analysis.audit.finding import (
    Finding,
    Rows,
    Span,
    exact,
    gain,
    leaders,
    printed_rows,
    result_of,
    span,
)
from bench.wording import listed

_OWN = "Proposal"


def audit_tables(paper: str) -> Iterator[Finding]:
    """Where the proposed model stands in several tables, and Table 4's percentages."""
    whole, fusions, tasks = (printed_rows(paper, number) for number in (2, 3, 4))
    yield from _same("Table 3's Sum", whole, fusions, "Sum")
    yield from (_which_fusion(name, whole, fusions) for name in dict.fromkeys(row[0] for row in whole))
    yield from _same("Table 4's w/ MTL", whole, tasks, "w/ MTL")
    for row, printed in tasks.items():
        yield _percentage(" ".join(row), printed["w/ MTL"], printed["w/o MTL"], printed["% Improved"])


def _same(told: str, whole: Rows, other: Rows, column: str) -> Iterator[Finding]:
    for row, printed in whole.items():
        shift = exact(other[row][column]) - exact(printed[_OWN])
        yield Finding(
            f"{told} is Table 2's {_OWN}",
            " ".join(row),
            other[row][column],
            f"{printed[_OWN]}{f' ({shift:+})' if shift else ''}",
            result_of(shift == 0),
        )


def _which_fusion(name: str, whole: Rows, fusions: Rows) -> Finding:
    """Section 4.2 chooses the best of the fusions, so that one of them should have Table 2's numbers."""
    rows = [row for row in whole if row[0] == name]
    columns = list(fusions[rows[0]])
    fitting = [c for c in columns if all(fusions[row][c] == whole[row][_OWN] for row in rows)]
    if fitting:
        best = sum(fitting[0] in leaders(fusions[row]) for row in rows)
        follows = f"{fitting[0]}, which is the best in {best} of {len(rows)} metrics"
    else:
        above = [row[1] for row in rows if _OWN in leaders({_OWN: whole[row][_OWN]} | dict(fusions[row]))]
        follows = f"none has its numbers; all are below it in {listed(above) or 'no metric'}"
    return Finding(
        f"Table 2's {_OWN} is one of Table 3's fusions",
        name,
        f"the best of {listed(columns)}",
        follows,
        result_of(bool(fitting)),
    )


def _percentage(where: str, with_tasks: str, without: str, printed: str) -> Finding:
    a, b = span(with_tasks), span(without)
    possible = Span(gain(a.low, b.high), gain(a.high, b.low))
    middle = gain(exact(with_tasks), exact(without))
    return Finding(
        "Table 4's percentages, as far as four decimals tell",
        where,
        printed,
        f"{middle:.2f}% ({possible.low:.2f}% to {possible.high:.2f}%)",
        result_of(possible.meets(span(printed))),
    )
