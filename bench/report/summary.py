"""What the results say, in words."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from bench.analysis.claims import ClaimRow
from bench.analysis.comparison import ComparisonRow, Word
from bench.analysis.numbers import mean_text
from bench.analysis.tables import TableRow
from bench.results.query import CellResult
from bench.wording import count, listed

_WORDS: tuple[Word, ...] = ("better", "worse", "tied", "underpowered", "not compared")
_SAID = {
    "better": "better",
    "worse": "worse",
    "tied": "tied",
    "underpowered": "not decided",
    "not compared": "not compared",
}


def run_sentence(cells: Sequence[CellResult]) -> str:
    """How many runs there are, and how they stand."""
    counts = Counter(cell.status for cell in cells)
    parts = ", ".join(f"{number} {status}" for status, number in counts.items())
    return f"{count(len(cells), 'run')}: {parts}."


def best_sentences(rows: Sequence[TableRow], metric: str) -> list[str]:
    """For each dataset, who has the highest mean and who may be as good."""
    found = []
    for dataset in dict.fromkeys(row.dataset for row in rows):
        own = [row for row in rows if (row.dataset, row.metric) == (dataset, metric)]
        with_mean = [row for row in own if row.mean is not None]
        if not with_mean:
            continue
        best = max(with_mean, key=lambda row: row.mean or 0.0)
        text = f"On {dataset}, {best.model} has the highest {metric}, {mean_text(best.mean)}"
        others = [row.model for row in own if row.rank_group == "group"]
        if others:
            text += f"; {listed(others)} {'is' if len(others) == 1 else 'are'} not decided worse"
        elif best.rank_group == "best":
            text += "; all others are decided worse"
        found.append(f"{text}.")
    return found


def comparison_sentences(rows: Sequence[ComparisonRow], metric: str) -> list[str]:
    """For each dataset, how the variants stand beside the baseline."""
    found = []
    for dataset in dict.fromkeys(row.dataset for row in rows):
        own = [row for row in rows if (row.dataset, row.metric) == (dataset, metric)]
        parts = [
            f"{_SAID[word]}: {listed(variants)}"
            for word in _WORDS
            if (variants := [row.variant for row in own if row.verdict == word])
        ]
        if parts:
            found.append(f"Beside {own[0].baseline} on {dataset}, in {metric}: {'; '.join(parts)}.")
    return found


def claim_sentence(rows: Sequence[ClaimRow]) -> str:
    """How many claims the results bear out."""
    counts = Counter(row.standing for row in rows)
    parts = ", ".join(f"{counts[each]} {each}" for each in ("supported", "contradicted", "not decided"))
    return f"Claims of the suite, counted on each dataset: {parts}."
