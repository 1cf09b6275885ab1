"""Comparisons with a baseline, for reading."""

from __future__ import annotations

from collections.abc import Sequence

from bench.analysis.comparison import CONFIDENCE_OF_TIES, ComparisonRow
from bench.analysis.crossed import LEVEL, POWER
from bench.analysis.formats.blocks import Blocks
from bench.analysis.numbers import difference_text, mean_text, share_of
from bench.wording import count

_COLUMNS = ("variant", "mean", "difference, %", "p", "verdict", "finds, %")
_ABSOLUTE = " (absolute)"  # beside a baseline of 0 there are no percentages
_LEFT = ("variant", "verdict")


def comparison_table(rows: Sequence[ComparisonRow]) -> Blocks:
    """Arrange comparisons: a block per dataset, slice and metric, the baseline first."""
    blocks: dict[str, list[tuple[str, ...]]] = {}
    for row in rows:
        if row.users == 0:
            continue  # a note says so
        title = f"{_where(row)}: {row.metric} beside {row.baseline}"
        if title not in blocks:
            blocks[title] = [(row.baseline, mean_text(row.baseline_mean), "", "", "baseline", "")]
        blocks[title].append(_line(row))
    return Blocks(_COLUMNS, _LEFT, blocks, tuple(_notes(rows)))


def _where(row: ComparisonRow) -> str:
    if row.slice is None:
        return row.dataset
    return f"{row.dataset}, {row.slice}" + ("" if row.users is None else f" ({count(row.users, 'user')})")


def _line(row: ComparisonRow) -> tuple[str, ...]:
    base = row.baseline_mean
    if base == 0 and row.p is not None:
        shown = f"{row.difference:+.4f} ({row.low:+.4f} to {row.high:+.4f}){_ABSOLUTE}"
        found = f"{row.detectable:.4f}{_ABSOLUTE}"
    else:
        detectable = share_of(row.detectable, base)
        shown = difference_text(
            share_of(row.difference, base), share_of(row.low, base), share_of(row.high, base)
        )
        found = "" if detectable is None else f"{100 * detectable:.1f}"
    p = "" if row.p is None else _p(row.p)
    return row.variant, mean_text(row.mean), shown, p, row.verdict, found


def _p(value: float) -> str:
    return "<0.0001" if value < 0.0001 else f"{value:.4f}"


def _notes(rows: Sequence[ComparisonRow]) -> list[str]:
    if not rows:
        return ["There is nothing to compare."]
    families, margin = sorted({row.family for row in rows if row.family}), rows[0].margin
    if not families:
        return _not_compared(rows)  # there are no intervals to explain
    family = " to ".join(str(each) for each in dict.fromkeys(families[:1] + families[-1:]))
    together = "" if rows[0].slice is None else ", all slices together"
    notes = [
        f"Differences with their {1 - LEVEL:.0%} intervals, in % of the baseline's mean. Users and seeds"
        f" stand for others of their kind (crossed bootstrap in closed form, corrected for few seeds"
        " and for what belongs to user and seed together).",
        f"p: of no difference, corrected by Holm's method for the {family} comparisons of a metric{together}."
        " better,"
        f" worse: p at most {LEVEL:g}. tied: not so, and the {CONFIDENCE_OF_TIES:.0%} interval lies within"
        f" ±{100 * margin:g}%. underpowered: neither, so that the data do not say.",
        "finds: the smallest true difference that a single comparison would find with probability"
        f" {POWER:.0%}, likewise.",
    ]
    notes += _slice_notes(rows)
    notes += _not_compared(rows)
    counts = [len(chosen) for row in rows for chosen in (row.seeds, row.baseline_seeds) if chosen]
    if 2 in counts:
        notes.append(
            "With two seeds their spread is hardly known: intervals are wide, and beside a side with more"
            " seeds, or without chance, still too narrow (docs/statistics.md#is-one-variant-better)."
        )
    return notes


def _not_compared(rows: Sequence[ComparisonRow]) -> list[str]:
    """A sentence per dataset and reason: which variants, and in which slices, if not all."""
    of_dataset: dict[str, list[ComparisonRow]] = {}
    groups: dict[tuple[str, str], list[ComparisonRow]] = {}
    for row in rows:
        of_dataset.setdefault(row.dataset, []).append(row)
        if row.reason:
            groups.setdefault((row.dataset, row.reason), []).append(row)
    notes = []
    for (dataset, reason), group in groups.items():
        variants, slices = _distinct(group)
        all_variants, all_slices = _distinct(of_dataset[dataset])
        where = dataset if slices == all_slices else ", ".join([dataset, *map(str, slices)])
        who = ", ".join(variants) + (" was" if len(variants) == 1 else " were")
        if len(variants) > 1 and variants == all_variants:
            who = "no variant was"
        notes.append(f"{where}: {who} {'' if who.startswith('no ') else 'not '}compared: {reason}.")
    return notes


def _distinct(rows: Sequence[ComparisonRow]) -> tuple[list[str], list[str | None]]:
    """Variants and slices."""
    return list(dict.fromkeys(row.variant for row in rows)), list(dict.fromkeys(row.slice for row in rows))


def _slice_notes(rows: Sequence[ComparisonRow]) -> list[str]:
    """Who belongs to each slice, per dataset where that differs, and what slices do not say."""
    rules: dict[str, dict[str, list[str]]] = {}
    for row in rows:
        if row.slice is not None and row.rule:
            datasets = rules.setdefault(row.slice, {}).setdefault(row.rule, [])
            if row.dataset not in datasets:
                datasets.append(row.dataset)
    notes = [
        f"{name}{' on ' + ', '.join(datasets) if len(found) > 1 else ''}: {rule}."
        for name, found in rules.items()
        for rule, datasets in found.items()
    ]
    if notes:
        notes.append("That a variant is better in one slice alone does not show that the slices differ.")
    return notes
