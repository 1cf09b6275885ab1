"""Claims and how they stand, for reading."""

from __future__ import annotations

from collections.abc import Sequence

from bench.analysis.claims import ClaimRow
from bench.analysis.crossed import LEVEL
from bench.analysis.formats.blocks import Blocks
from bench.analysis.welch import CONFIDENCE
from bench.wording import count

_COLUMNS = ("claim", "metric", "standing", "evidence")


def claim_table(rows: Sequence[ClaimRow]) -> Blocks:
    """Arrange claims: a block per dataset, a line per comparison."""
    blocks: dict[str, list[tuple[str, ...]]] = {}
    for row in rows:
        own = blocks.setdefault(row.dataset, [])
        for place, line in enumerate(row.evidence):
            first = (row.claim, row.metric, row.standing) if place == 0 else ("", "", "")
            own.append((*first, line))
    standings = [row.standing for row in rows]
    told = ", ".join(f"{standings.count(each)} {each}" for each in dict.fromkeys(standings))
    notes = (
        f"{count(len(rows), 'claim')}, one for each dataset or pair of datasets it is made on: {told}.",
        "supported: every comparison that the claim makes decides as it says, and a size that it names lies"
        " in the interval; contradicted: a comparison decides against it, or the interval leaves the size"
        " out; not decided: neither (docs/suites.md#claims).",
        f"Of better, worse and gains: {1 - LEVEL:.0%} intervals over users and seeds, in % of the baseline's"
        " mean; p corrected by Holm's method for all comparisons that the claims of better and worse make"
        " in a metric, or for the pairs of a claim of gains. Of equality:"
        f" {CONFIDENCE:.0%} intervals over seeds.",
    )
    return Blocks(_COLUMNS, _COLUMNS, blocks, notes, wide=("claim", "evidence"))
