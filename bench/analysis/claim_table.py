"""Claims and how they stand, for reading."""

from __future__ import annotations

from collections.abc import Sequence

from bench.analysis.claims import ClaimRow
from bench.analysis.formats.blocks import Blocks
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
        f"{count(len(rows), 'claim')}, counted on each dataset: {told}.",
        "supported: every comparison that the claim makes decides as it says; contradicted: one decides"
        " against it; not decided: neither (docs/suites.md#claims).",
    )
    return Blocks(_COLUMNS, _COLUMNS, blocks, notes, wide=("claim", "evidence"))
