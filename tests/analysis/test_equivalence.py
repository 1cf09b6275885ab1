"""Verdicts on claims from the runs of a suite, by hand."""

from __future__ import annotations

import pytest

from bench.analysis.equivalence import EqualityRow, equality_rows
from bench.results.query import CellResult
from bench.suite.parts import EqualityClaim

REFERENCE = (0.98, 1.00, 1.02)  # variance 0.0004


def claim(*equal: str, margin: float = 0.05, datasets: tuple[str, ...] = ("d",)) -> EqualityClaim:
    return EqualityClaim(equal=equal, to="recbole/M", metric="MRR", margin=margin, datasets=datasets)


def cells(model: str, *values: float | None, dataset: str = "d") -> list[CellResult]:
    """A cell per seed 1, 2, ...; None is one that failed."""
    return [
        CellResult(dataset, model, seed, "failed", error="x")
        if value is None
        else CellResult(dataset, model, seed, "done", metrics={"MRR": value})
        for seed, value in enumerate(values, 1)
    ]


def one_row(*values: float | None, margin: float = 0.05) -> EqualityRow:
    [row] = equality_rows(
        [claim("M", margin=margin)], [*cells("recbole/M", *REFERENCE), *cells("M", *values)]
    )
    return row


def test_numbers_by_hand() -> None:
    """Half-width: 2.132 (t with 4 degrees of freedom) * sqrt(0.0004 / 3 + 0.0004 / 3) = 0.0348."""
    row = one_row(0.99, 1.01, 1.03)
    assert (row.mean, row.reference_mean) == pytest.approx((1.01, 1.0))
    assert row.difference == pytest.approx(0.01)
    assert (row.low, row.high) == pytest.approx((0.01 - 0.0348, 0.01 + 0.0348), abs=1e-4)
    assert (row.verdict, row.seeds_needed) == ("equal", None)
    assert (row.seeds, row.reference_seeds, row.seeds_planned) == ((1, 2, 3), (1, 2, 3), 3)
    assert (row.dataset, row.metric, row.variant, row.reference) == ("d", "MRR", "M", "recbole/M")


def test_the_margin_decides() -> None:
    assert one_row(0.99, 1.01, 1.03, margin=0.04).verdict == "not decided"
    assert one_row(1.08, 1.10, 1.12).verdict == "different"
    assert one_row(0.88, 0.90, 0.92).verdict == "different"


def test_percentages_are_relative_to_the_reference() -> None:
    doubled = [*cells("recbole/M", *(2 * x for x in REFERENCE)), *cells("M", 1.98, 2.02, 2.06)]
    [row] = equality_rows([claim("M")], doubled)
    plain = one_row(0.99, 1.01, 1.03)
    assert (row.difference, row.low, row.high) == pytest.approx((plain.difference, plain.low, plain.high))
    [other] = equality_rows([claim("M")], [*cells("recbole/M", 2.0, 2.0), *cells("M", 1.9, 1.9)])
    assert other.difference == pytest.approx(-0.05)


def test_an_open_claim_says_how_many_seeds_it_needs() -> None:
    row = one_row(0.97, 1.02, 1.06)
    assert row.verdict == "not decided"
    assert row.seeds_needed is not None
    assert row.seeds_needed > 3
    assert one_row(1.01, 1.05, 1.09).seeds_needed is None  # the difference is the margin


@pytest.mark.parametrize("values", [(None, None, None), (1.0, None, None)])
def test_fewer_than_two_seeds_decide_nothing(values: tuple[float | None, ...]) -> None:
    row = one_row(*values)
    assert (row.verdict, row.low, row.high, row.seeds_needed) == ("not decided", None, None, None)
    assert row.seeds == ((1,) if values[0] else ())
    assert row.difference == (pytest.approx(0.0) if values[0] else None)


def test_an_incomplete_cell_is_judged_by_the_seeds_it_has() -> None:
    row = one_row(1.0, None, 1.0)
    assert (row.verdict, row.seeds, row.seeds_planned) == ("equal", (1, 3), 3)


def test_a_difference_from_a_reference_of_zero_has_no_percentage_unless_it_is_zero() -> None:
    zero = cells("recbole/M", 0.0, 0.0)
    [same] = equality_rows([claim("M")], [*zero, *cells("M", 0.0, 0.0)])
    [other] = equality_rows([claim("M")], [*zero, *cells("M", 0.1, 0.1)])
    assert (same.verdict, same.difference, same.low, same.high) == ("equal", 0.0, 0.0, 0.0)
    assert (other.verdict, other.difference) == ("different", None)


def test_claims_datasets_and_variants_in_their_order() -> None:
    runs = [
        run
        for dataset in ("d", "e")
        for model in ("recbole/M", "M", "N")
        for run in cells(model, *REFERENCE, dataset=dataset)
    ]
    rows = equality_rows([claim("N", "M", datasets=("e", "d")), claim("M")], runs)
    assert [(row.dataset, row.variant) for row in rows] == [
        ("e", "N"),
        ("e", "M"),
        ("d", "N"),
        ("d", "M"),
        ("d", "M"),
    ]
    assert {row.verdict for row in rows} == {"equal"}


def test_what_the_results_do_not_hold_is_not_decided() -> None:
    [row] = equality_rows([claim("gone")], cells("recbole/M", *REFERENCE))
    assert (row.verdict, row.mean, row.seeds, row.seeds_planned) == ("not decided", None, (), 3)
    assert equality_rows([], cells("recbole/M", *REFERENCE)) == []
