"""Whether the metrics of a table fit each other, given one target per user.

A target at place p counts 1 / log2(p + 1) in NDCG@k and 1 in Recall@k. So NDCG@10 is 0.289 to 1 times
Recall@10, and what NDCG gains from places 11 to 20 is 0.228 to 0.279 times what Recall does; means over users
and seeds keep both.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from decimal import Decimal

from bench.analysis.audit.finding import Finding, Rows, Span, exact, printed_rows, result_of, span
from bench.wording import count

_PERCENTAGES = "% Improved"


def audit_metrics(paper: str) -> Iterator[Finding]:
    """One finding per table."""
    for number in (2, 3, 4):
        rows = printed_rows(paper, number)
        cells = list(
            dict.fromkeys((name, column) for (name, _), printed in rows.items() for column in printed)
        )
        cells = [cell for cell in cells if cell[1] != _PERCENTAGES]
        wrong = [cell for cell in cells if not _fits(rows, *cell)]
        yield Finding(
            "Recall and NDCG of the same places fit each other",
            f"Table {number}",
            f"{count(len(cells), 'column')} of four metrics",
            f"{len(cells) - len(wrong)} of {len(cells)} fit"
            + "".join(f"; not {' '.join(cell)}" for cell in wrong),
            result_of(not wrong),
        )


def _fits(rows: Rows, name: str, column: str) -> bool:
    recall, wider, ndcg, further = (
        span(rows[name, metric][column]) for metric in ("Recall@10", "Recall@20", "NDCG@10", "NDCG@20")
    )
    first = Span(recall.low * _weight(10), recall.high)
    hits = Span(wider.low - recall.high, wider.high - recall.low)
    added = Span(further.low - ndcg.high, further.high - ndcg.low)
    allowed = Span(max(hits.low, Decimal(0)) * _weight(20), hits.high * _weight(11))
    return exact(rows[name, "Recall@10"][column]) <= exact(rows[name, "Recall@20"][column]) and (
        first.meets(ndcg) and allowed.meets(added)
    )


def _weight(place: int) -> Decimal:
    return Decimal(1 / math.log2(place + 1))
