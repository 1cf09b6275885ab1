"""Do the results bear out what a suite claims?

A claim is supported, contradicted, or not decided, on each dataset. That a variant is better than others is
decided by the comparison with each of them (`bench.analysis.comparison`), all such comparisons of a metric in
one family; how large its gain is, and on which datasets it is larger, by `bench.analysis.gains`; that it is
equal to another, by `bench.analysis.equivalence`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from bench.analysis.comparison import ComparisonRow, Estimated, decided_rows, estimated_rows
from bench.analysis.crossed import LEVEL, Estimate
from bench.analysis.equivalence import EqualityRow, equality_rows
from bench.analysis.gains import GainPair, gain_pairs, read_gain
from bench.analysis.numbers import difference_text, mean_text, percent_text, share_of
from bench.results.index import Index
from bench.results.query import CellResult
from bench.suite.parts import Claim, GainClaim
from bench.wording import listed

Standing = Literal["supported", "contradicted", "not decided"]

_OPPOSITE = {"better": "worse", "worse": "better"}
_EQUALITY: dict[str, Standing] = {"equal": "supported", "different": "contradicted"}


@dataclass(frozen=True)
class ClaimRow:
    """One claim on one dataset, or on those that it compares.

    Attributes:
        claim: in words.
        dataset: the dataset's label; of several, all of them in words.
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
    """Every claim of a suite on every dataset it names, in their order; then of gains, then of equality.

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
            claim,
            dataset,
            [known[dataset, claim.metric, claim.variant, other] for other in claim.than],
            _sizes(results, cells, claim, dataset),
        )
        for claim in index.claims
        for dataset in claim.datasets
    ]
    gains = [_of_gains(claim, gain_pairs(results, cells, claim)) for claim in index.gains]
    return [*ordered, *gains, *map(_of_equality, equality_rows(index.equalities, cells))]


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


def _sizes(results: Path, cells: Sequence[CellResult], claim: Claim, dataset: str) -> list[Estimate | None]:
    """The gains over each of the others, where the claim says how large they are."""
    if claim.by is None:
        return [None] * len(claim.than)
    found = [read_gain(results, cells, dataset, claim.metric, claim.variant, other) for other in claim.than]
    return [None if isinstance(each, str) else each for each in found]


def _of_order(
    claim: Claim, dataset: str, rows: Sequence[ComparisonRow], sizes: Sequence[Estimate | None]
) -> ClaimRow:
    size = "" if claim.by is None else f" by {_claimed(claim.by)}"
    return ClaimRow(
        f"{claim.variant} is {claim.word} than {listed(claim.than)}{size}",
        dataset,
        claim.metric,
        _whole([_standing(claim, row, gain) for row, gain in zip(rows, sizes, strict=True)]),
        tuple(_evidence(row, claim.by, gain) for row, gain in zip(rows, sizes, strict=True)),
    )


def _standing(claim: Claim, row: ComparisonRow, size: Estimate | None) -> Standing:
    """One comparison; a size that is claimed has to lie within the interval of the gain."""
    if row.verdict == _OPPOSITE[claim.word]:
        return "contradicted"
    if claim.by is not None:
        if size is None:
            return "not decided"
        if not _within(claim.by, size):
            return "contradicted"
    return "supported" if row.verdict == claim.word else "not decided"


def _whole(parts: Sequence[Standing]) -> Standing:
    """All must hold, and one that does not is enough."""
    if "contradicted" in parts:
        return "contradicted"
    return "supported" if all(part == "supported" for part in parts) else "not decided"


def _within(by: float, size: Estimate) -> bool:
    low, high = size.interval(1 - LEVEL)
    return low <= by <= high


def _evidence(row: ComparisonRow, by: float | None, size: Estimate | None) -> str:
    if row.p is None or row.difference is None:
        return f"{row.baseline}: not compared ({row.reason})"
    base = row.baseline_mean
    shares = share_of(row.difference, base), share_of(row.low, base), share_of(row.high, base)
    # Beside a baseline of 0 there are no percentages.
    shown = difference_text(shares[0], shares[1], shares[2], "%") or f"{row.difference:+.4f}"
    claimed = ""
    if by is not None and size is not None:
        shown = difference_text(size.difference, *size.interval(1 - LEVEL), "%", 2)
        claimed = f", {_claimed(by)} lies {'inside' if _within(by, size) else 'outside'}"
    return f"{row.baseline}: {shown}, p {row.p:.2g}, {row.verdict}{claimed}"


def _claimed(by: float) -> str:
    return f"{100 * by:g}%"


def _of_gains(claim: GainClaim, pairs: Sequence[GainPair]) -> ClaimRow:
    where = listed(claim.larger_on), listed(claim.than_on)
    return ClaimRow(
        f"{claim.variant} gains more over {claim.over} on {where[0]} than on {where[1]}",
        " beside ".join(where),
        claim.metric,
        _whole([_standing_of_gains(pair) for pair in pairs]),
        tuple(map(_evidence_of_gains, pairs)),
    )


def _standing_of_gains(pair: GainPair) -> Standing:
    if pair.difference is None or pair.p is None or pair.p > LEVEL:
        return "not decided"
    return "supported" if pair.difference.difference > 0 else "contradicted"


def _evidence_of_gains(pair: GainPair) -> str:
    if pair.difference is None or pair.gains is None or pair.p is None:
        return f"{pair.larger_on}, {pair.than_on}: not compared ({pair.reason})"
    one, other = (f"{percent_text(gain, 2)}%" for gain in pair.gains)
    shift = difference_text(pair.difference.difference, *pair.difference.interval(1 - LEVEL), "", 2)
    return f"{pair.larger_on} {one}, {pair.than_on} {other}: {shift} percentage points, p {pair.p:.2g}"


def _of_equality(row: EqualityRow) -> ClaimRow:
    text = f"{row.variant} is equal to {row.reference} within {100 * row.margin:g}%"
    if row.low is not None:
        evidence = f"{difference_text(row.difference, row.low, row.high, '%')}, {row.verdict}"
    elif min(len(row.seeds), len(row.reference_seeds)) > 1:  # of 0 there are no percentages
        evidence = f"{mean_text(row.mean)} beside {mean_text(row.reference_mean)}, {row.verdict}"
    else:
        evidence = "not enough finished seeds"
    standing = _EQUALITY.get(row.verdict, "not decided")
    return ClaimRow(text, row.dataset, row.metric, standing, (evidence,))
