"""Do the results bear out what a suite claims?

A claim is supported, contradicted, or not decided, on each dataset. That a variant is better than others is
decided by the comparison with each of them (`bench.analysis.comparison`), all such comparisons of a metric in
one family; that it is equal to another, by `bench.analysis.equivalence`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from bench.analysis.comparison import ComparisonRow, Estimated, decided_rows, estimated_rows
from bench.analysis.equivalence import EqualityRow, equality_rows
from bench.analysis.numbers import difference_text, share_of
from bench.results.index import Index
from bench.results.query import CellResult
from bench.suite.parts import Claim

Standing = Literal["supported", "contradicted", "not decided"]

_OPPOSITE = {"better": "worse", "worse": "better"}
_EQUALITY: dict[str, Standing] = {"equal": "supported", "different": "contradicted"}


@dataclass(frozen=True)
class ClaimRow:
    """One claim on one dataset.

    Attributes:
        claim: in words.
        dataset: the dataset's label.
        metric: as in NDCG@10.
        standing: supported, contradicted or not decided.
        evidence: the numbers, in words: one line for each comparison.
    """

    claim: str
    dataset: str
    metric: str
    standing: Standing
    evidence: tuple[str, ...]


def claim_rows(results: Path, index: Index, cells: Sequence[CellResult]) -> list[ClaimRow]:
    """Every claim of a suite on every dataset it names, in their order, then those of equality.

    Args:
        results: the results folder, for the places of every user.
        index: the suite's.
        cells: every run of the suite.

    Raises:
        DataError: the places of a finished run cannot be read.
    """
    known = _comparisons(results, index, cells)
    ordered = [
        _of_order(
            claim, dataset, [known[dataset, claim.metric, claim.variant, other] for other in claim.than]
        )
        for claim in index.claims
        for dataset in claim.datasets
    ]
    return [*ordered, *map(_of_equality, equality_rows(index.equalities, cells))]


_Key = tuple[str, str, str, str]  # dataset, metric, variant, baseline


def _comparisons(results: Path, index: Index, cells: Sequence[CellResult]) -> dict[_Key, ComparisonRow]:
    """Every comparison that a claim needs; those of a metric are decided together, each counted once."""
    found: dict[str, dict[_Key, Estimated]] = {}
    wanted = {
        (dataset, claim.metric, claim.variant, other): None
        for claim in index.claims
        for dataset in claim.datasets
        for other in claim.than
    }
    for dataset, metric, variant, other in wanted:
        pair = [cell for cell in cells if cell.dataset == dataset and cell.model in (variant, other)]
        for row, estimate in estimated_rows(results, pair, [metric], other, index.margin):
            found.setdefault(metric, {})[dataset, metric, variant, other] = row, estimate
    return {
        key: row
        for family in found.values()
        for key, row in zip(family, decided_rows(list(family.values())), strict=True)
    }


def _of_order(claim: Claim, dataset: str, rows: Sequence[ComparisonRow]) -> ClaimRow:
    words = [row.verdict for row in rows]
    standing: Standing = "not decided"
    if all(word == claim.word for word in words):
        standing = "supported"
    elif _OPPOSITE[claim.word] in words:
        standing = "contradicted"
    text = f"{claim.variant} is {claim.word} than {_listed(claim.than)}"
    return ClaimRow(text, dataset, claim.metric, standing, tuple(map(_evidence, rows)))


def _evidence(row: ComparisonRow) -> str:
    if row.p is None or row.difference is None:
        return f"{row.baseline}: not compared ({row.reason})"
    base = row.baseline_mean
    shares = share_of(row.difference, base), share_of(row.low, base), share_of(row.high, base)
    # Beside a baseline of 0 there are no percentages.
    shown = difference_text(shares[0], shares[1], shares[2], "%") or f"{row.difference:+.4f}"
    return f"{row.baseline}: {shown}, p {row.p:.2g}, {row.verdict}"


def _of_equality(row: EqualityRow) -> ClaimRow:
    text = f"{row.variant} is equal to {row.reference} within {100 * row.margin:g}%"
    evidence = "not enough finished seeds"
    if row.low is not None:
        evidence = f"{difference_text(row.difference, row.low, row.high, '%')}, {row.verdict}"
    standing = _EQUALITY.get(row.verdict, "not decided")
    return ClaimRow(text, row.dataset, row.metric, standing, (evidence,))


def _listed(labels: Sequence[str]) -> str:
    return labels[0] if len(labels) == 1 else f"{', '.join(labels[:-1])} and {labels[-1]}"
