"""The verdicts on claims of equality, for reading."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from bench.analysis.equivalence import EqualityRow
from bench.analysis.formats.blocks import Blocks
from bench.analysis.numbers import difference_text, mean_text
from bench.analysis.welch import CONFIDENCE, MOST_SEEDS, POWER

_COLUMNS = ("variant", "mean", "difference, %", "verdict", "seeds")
_NEEDED = "needs"
_LEFT = ("variant", "verdict")

_LEGEND = (
    f"Equality: difference of the means over seeds and its {CONFIDENCE:.0%} Welch interval, in % of the "
    "reference's mean. The users are the same for both, so only seeds vary. equal: the interval lies within "
    "the margin; different: outside it; not decided: neither, or fewer than two seeds."
)
_NEEDED_LEGEND = (
    f"{_NEEDED}: the seeds of each with which a verdict would come with probability {POWER:.0%}, if true "
    "difference and spread were the observed ones; "
    f">{MOST_SEEDS}: the difference lies at the margin."
)
_NOTHING = "No claim of equality is in these results; `bench run` enters those of the suite file."


def verdict_table(rows: Sequence[EqualityRow]) -> Blocks:
    """Arrange verdicts: a block per dataset, metric and margin; within it variants after their reference."""
    if not rows:
        return Blocks(_COLUMNS, _LEFT, {}, (_NOTHING,))
    needed = any(_needs(row) for row in rows)
    blocks: dict[str, dict[str, list[EqualityRow]]] = {}
    for row in rows:
        shared = f"Equality on {row.dataset}: {row.metric}, margin ±{100 * row.margin:g}%"
        blocks.setdefault(shared, {}).setdefault(row.reference, []).append(row)
    columns = (*_COLUMNS, _NEEDED) if needed else _COLUMNS
    return Blocks(
        columns,
        _LEFT,
        {
            shared: [line[: len(columns)] for group in groups.values() for line in _lines(group)]
            for shared, groups in blocks.items()
        },
        (_LEGEND, _NEEDED_LEGEND) if needed else (_LEGEND,),
    )


def _lines(group: Sequence[EqualityRow]) -> Iterator[tuple[str, ...]]:
    """The reference, then what is compared with it."""
    base = group[0]
    yield (
        base.reference,
        mean_text(base.reference_mean),
        "reference",
        "",
        _seeds(base.reference_seeds, base),
        "",
    )
    for row in group:
        yield (
            row.variant,
            mean_text(row.mean),
            difference_text(row.difference, row.low, row.high),
            row.verdict,
            _seeds(row.seeds, row),
            _needs(row),
        )


def _seeds(done: Sequence[int], row: EqualityRow) -> str:
    return str(len(done)) if len(done) == row.seeds_planned else f"{len(done)} of {row.seeds_planned}"


def _needs(row: EqualityRow) -> str:
    """Seeds for a verdict: empty where there is one, or where too few seeds tell nothing."""
    if row.verdict != "not decided" or row.low is None:
        return ""
    return f">{MOST_SEEDS}" if row.seeds_needed is None else str(row.seeds_needed)
