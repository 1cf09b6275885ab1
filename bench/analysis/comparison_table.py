"""Comparisons with a baseline, for reading."""

from __future__ import annotations

from collections.abc import Sequence

from bench.analysis.blocks import Blocks
from bench.analysis.comparison import CONFIDENCE_OF_TIES, ComparisonRow
from bench.analysis.crossed import DRAWS, LEVEL, POWER
from bench.analysis.numbers import difference_text, mean_text, share_of

_COLUMNS = ("variant", "mean", "difference, %", "p", "verdict", "finds, %")
_LEFT = ("variant", "verdict")


def comparison_table(rows: Sequence[ComparisonRow]) -> Blocks:
    """Arrange comparisons: a block per dataset and metric, the baseline first."""
    blocks: dict[str, list[tuple[str, ...]]] = {}
    for row in rows:
        title = f"{row.dataset}: {row.metric} beside {row.baseline}"
        if title not in blocks:
            blocks[title] = [(row.baseline, mean_text(row.baseline_mean), "", "", "baseline", "")]
        blocks[title].append(_line(row))
    return Blocks(_COLUMNS, _LEFT, blocks, tuple(_notes(rows)))


def _line(row: ComparisonRow) -> tuple[str, ...]:
    base = row.baseline_mean
    detectable = share_of(row.detectable, base)
    return (
        row.variant,
        mean_text(row.mean),
        difference_text(share_of(row.difference, base), share_of(row.low, base), share_of(row.high, base)),
        "" if row.p is None else _p(row.p),
        row.verdict,
        "" if detectable is None else f"{100 * detectable:.1f}",
    )


def _p(value: float) -> str:
    return "<0.0001" if value < 0.0001 else f"{value:.4f}"


def _notes(rows: Sequence[ComparisonRow]) -> list[str]:
    if not rows:
        return ["There is nothing to compare."]
    family, margin = max(row.family for row in rows), rows[0].margin
    notes = [
        f"Differences with their {1 - LEVEL:.0%} intervals, in % of the baseline's mean. Users and seeds"
        f" stand for others of their kind (crossed bootstrap, {DRAWS:,} draws, corrected for few seeds and"
        " for what belongs to user and seed together).",
        f"p: of no difference, corrected by Holm's method for the {family} comparisons of a metric. better,"
        f" worse: p at most {LEVEL:g}. tied: not so, and the {CONFIDENCE_OF_TIES:.0%} interval lies within"
        f" ±{100 * margin:g}%. underpowered: neither, so that the data do not say.",
        "finds: the smallest true difference that a single comparison would find with probability"
        f" {POWER:.0%}, likewise.",
    ]
    notes += dict.fromkeys(
        f"{row.dataset}: {row.variant} was not compared: {row.reason}." for row in rows if row.reason
    )
    counts = [len(chosen) for row in rows for chosen in (row.seeds, row.baseline_seeds) if chosen]
    if 2 in counts:
        notes.append("With two seeds their spread is hardly known; intervals are wide for that reason.")
    return notes
