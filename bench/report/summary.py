"""What the results say, in words; a verdict has the word that the tables have for it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import TypeVar

from bench.analysis.claims import ClaimRow
from bench.analysis.comparison import ComparisonRow, Word
from bench.analysis.numbers import mean_text
from bench.analysis.sides import Side, why_not
from bench.analysis.tables import TableRow
from bench.results.query import CellResult
from bench.wording import count, listed

_WORDS: tuple[Word, ...] = ("better", "worse", "tied", "underpowered", "not compared")

Key = TypeVar("Key")
Value = TypeVar("Value")


def run_sentence(cells: Sequence[CellResult]) -> str:
    """How many runs there are, and how they stand."""
    counts = Counter(cell.status for cell in cells)
    parts = ", ".join(f"{number} {status}" for status, number in counts.items())
    return f"{count(len(cells), 'run')}: {parts}."


def best_sentences(rows: Sequence[TableRow], cells: Sequence[CellResult]) -> list[str]:
    """For each dataset, who has the highest means and who may be as good; metrics that agree together.

    Args:
        rows: of the table of these runs, with groups.
        cells: every run of the suite.
    """
    found = []
    for dataset in dict.fromkeys(row.dataset for row in rows):
        own = [row for row in rows if row.dataset == dataset and row.mean is not None]
        sides = _sides([cell for cell in cells if cell.dataset == dataset])
        of_metric = {
            metric: [row for row in own if row.metric == metric]
            for metric in dict.fromkeys(row.metric for row in own)
        }
        said = {metric: _best(group, sides) for metric, group in of_metric.items()}
        for (who, rest), metrics in _together(said).items():
            values = listed([f"{metric} ({_highest(of_metric[metric])})" for metric in metrics])
            found.append(f"On {dataset}, {who} {values}{rest}.")
    return found


def _sides(cells: Sequence[CellResult]) -> dict[str, Side]:
    """The finished runs by variant, without their values."""
    return {
        label: Side(tuple(cell.record for cell in cells if cell.model == label and cell.record is not None))
        for label in dict.fromkeys(cell.model for cell in cells)
    }


def _highest(rows: Sequence[TableRow]) -> str:
    return mean_text(max(row.mean or 0.0 for row in rows))


def _best(rows: Sequence[TableRow], sides: Mapping[str, Side]) -> tuple[str, str]:
    """Who has the highest mean of a metric on a dataset, with a verb; and how the others stand."""
    highest = _highest(rows)
    leaders = [row.model for row in rows if mean_text(row.mean) == highest]
    best = max(rows, key=lambda row: row.mean or 0.0).model
    lacking = sides[best].lacks()
    alone = len(rows) == 1
    who = (
        f"{best} alone has results:"
        if alone
        else f"{listed(leaders)} {'has' if len(leaders) == 1 else 'have'} the highest"
    )
    if len(sides[best].records) == 1 and lacking:
        return who, "; one seed decides nothing"
    if alone or lacking:
        return who, f"; nothing is decided: {lacking}" if lacking else ""
    others = [row for row in rows if row.model != best]
    reasons = {row.model: why_not(sides[row.model], sides[best]) for row in others}
    left_out = {label: reason for label, reason in reasons.items() if reason is not None}
    group = [row.model for row in others if row.rank_group == "group"]
    worse = [row.model for row in others if row.model not in left_out and row.model not in group]
    parts = [
        f"{listed(names)} {'is' if len(names) == 1 else 'are'} {what}"
        for names, what in (
            ([label for label in group if label not in leaders], "not decided worse"),
            (worse, "decided worse"),
            (list(left_out), f"not compared with it ({listed(list(dict.fromkeys(left_out.values())))})"),
        )
        if names
    ]
    return who, "".join(f"{'; ' if place == 0 else ', '}{part}" for place, part in enumerate(parts))


def comparison_sentences(rows: Sequence[ComparisonRow]) -> list[str]:
    """For each dataset, how the variants stand beside the baseline; metrics with the same verdicts in one."""
    found = []
    for dataset in dict.fromkeys(row.dataset for row in rows):
        own = [row for row in rows if row.dataset == dataset]
        metrics = list(dict.fromkeys(row.metric for row in own))
        said = {metric: _verdicts([row for row in own if row.metric == metric]) for metric in metrics}
        for verdicts, together in _together(said).items():
            where = f"Beside {own[0].baseline} on {dataset}, in {listed(together)}"
            found.append(f"{where}: {verdicts}.")
    return found


def _verdicts(rows: Sequence[ComparisonRow]) -> str:
    """Each word with the variants that have it, and why some were not compared."""
    groups: dict[tuple[Word, str | None], list[str]] = {}
    for row in sorted(rows, key=lambda row: _WORDS.index(row.verdict)):
        reason = row.reason if row.verdict == "not compared" else None
        groups.setdefault((row.verdict, reason), []).append(row.variant)
    return "; ".join(
        f"{word}: {listed(names)}" + (f" ({reason})" if reason else "")
        for (word, reason), names in groups.items()
    )


def _together(said: Mapping[Key, Value]) -> dict[Value, list[Key]]:
    """The keys of which the same is said, in their order."""
    found: dict[Value, list[Key]] = {}
    for key, value in said.items():
        found.setdefault(value, []).append(key)
    return found


def claim_sentence(rows: Sequence[ClaimRow]) -> str:
    """How many claims the results bear out."""
    counts = Counter(row.standing for row in rows)
    parts = ", ".join(f"{counts[each]} {each}" for each in ("supported", "contradicted", "not decided"))
    return f"Claims of the suite, counted on each dataset: {parts}."
