"""Printed numbers and what they may have been, by hand."""

from __future__ import annotations

from decimal import Decimal

import pytest

from bench.analysis.audit.finding import Span, exact, gain, leaders, span


@pytest.mark.parametrize(
    ("text", "low", "high"),
    [
        ("7.4", "7.35", "7.45"),
        ("35", "34.5", "35.5"),
        ("0.1714", "0.17135", "0.17145"),
        ("36,752", "36752", "36752"),  # a count is exact
        ("1.7%", "1.65", "1.75"),
        ("-1.05%", "-1.055", "-1.045"),
    ],
)
def test_what_a_printed_number_may_have_been(text: str, low: str, high: str) -> None:
    assert span(text) == Span(Decimal(low), Decimal(high))


def test_spans_meet_also_at_their_ends() -> None:
    one = span("0.5")  # 0.45 to 0.55
    assert one.meets(span("0.6")) and span("0.6").meets(one)
    assert one.meets(Span(Decimal("0.50"), Decimal("0.51")))
    assert not one.meets(span("0.7")) and not span("0.7").meets(one)


def test_gains_and_leaders() -> None:
    assert gain(exact("0.2499"), exact("0.2429")).quantize(Decimal("0.001")) == Decimal("2.882")
    assert leaders({"a": "0.30", "b": "0.31", "c": "0.31"}) == ["b", "c"]
